/* samples_spelling.c: what is one token in a text of calls.
 *
 * Names are whole and phrases are whole; numbers are cut in pairs of digits. Where the order is
 * drawn, a phrase is one attribute or key. In the fixed order what stands between two values is
 * always the same, so the comma, the unit and the next attribute are one token:
 *
 *     drawn   ( | edge_id is | 1 | , | type is | rpc | , | ... | 0 | milliseconds | , | ...
 *     fixed   (edge_id is | 1 | ,type is | rpc | ,destination is | MS_7 | ...
 *             0 | milliseconds,communication finishes at | 7 | milliseconds)\n(edge_id is | 2 | ...
 *
 * No phrase reaches into a name or a number. Some reach over a place where the grammar chooses
 * (one more row or the end) if the header leaves that open; the fixed order leaves nothing open.
 */
#include "gen/samples_priv.h"
#include "text/format.h"

/* Where the order is drawn; in the fixed order for what is left, such as conditions. */
#define DRAWN \
    STR("communication starts at "), \
    STR("communication finishes at "), \
    STR(" milliseconds"), \
    STR("edge_id is "), \
    STR("type is "), \
    STR("source is "), \
    STR("destination is "), \
    STR("<subgraph of edge_id "), \
    STR("</subgraph>"), \
    STR("<edges>"), \
    STR("</edges>"), \
    STR("<layer>"), \
    STR("</layer>"), \
    STR("<split>"), \
    STR("</split>"), \
    STR("id:"), \
    STR("num_edges:"), \
    STR("start_node:"), \
    STR("caller:"), \
    STR("start_edge_id:"), \
    STR("start_communication_at:"), \
    STR("latency:"), \
    STR("num_subgraphs:"), \
    STR("remaining_depth:"), \
    STR("num_current_edges:"), \
    STR("depth:"), \
    STR("### Question: You are a trace generator that creates traces based on given " \
        "requirements."), \
    STR("Requirements:"), \
    STR("Conditions:"), \
    STR("### Answer: "), \
    STR("the first edge_id should be start_edge_id "), \
    STR("the first start_communication_at should be requirement's start_communication_at "), \
    STR(" edges following num_current_edges"), \
    STR("no subgraph to generate"), \
    STR("In each edge, communication start time should NOT be greater than latency "), \
    STR("Also, communication should finish before latency "), \
    STR(" number of subgraphs"), \
    STR("for all edges, communication start time <= communication finish time"), \
    STR("copy caller from requirement's start_node:"), \
    STR("finish generation"), \
    STR("num generated edges = the last edge id - the first edge id + 1 = "), \
    STR(" edges generated out of num_edges:"), \
    STR("num_remaining_edges = num_edges:"), \
    STR(" - generated:"), \
    STR("generate subgraphs of edge:"), \
    STR("Subgraph constraints:"), \
    STR("num_edges <= num_remaining_edges:"), \
    STR("copy start_node from edge "), \
    STR(" destination: "), \
    STR("remaining_depth should be the requirement's remaining_depth:"), \
    STR("now, num_remaining_edges is "), \
    STR(",edge_id:")

#define FIXED \
    STR("(edge_id is "), \
    STR(",type is "), \
    STR(",source is "), \
    STR(",destination is "), \
    STR(",communication starts at "), \
    STR(" milliseconds,communication finishes at "), \
    STR(" milliseconds)\n"), \
    STR(" milliseconds)\n(edge_id is "), \
    STR(" milliseconds)\n</edges>\n"), \
    STR(" milliseconds)\n</edges>\n</layer>\n"), \
    STR(" milliseconds)\n</edges>\n<subgraph of edge_id "), \
    STR("<edges>\n"), \
    STR("</edges>\n"), \
    STR("</edges>\n</layer>\n"), \
    STR("<layer>\n"), \
    STR("<layer>\n<edges>\n"), \
    STR("</layer>\n"), \
    STR("<split>\n"), \
    STR("</split>\n"), \
    STR("<subgraph of edge_id "), \
    STR("</subgraph>\n"), \
    STR("</subgraph>\n<subgraph of edge_id "), \
    STR("</subgraph>\n</layer>\n"), \
    STR(">id:"), \
    STR("id:"), \
    STR("/num_edges:"), \
    STR("/start_node:"), \
    STR("/caller:"), \
    STR("/start_edge_id:"), \
    STR("/start_communication_at:"), \
    STR("/latency:"), \
    STR("/num_subgraphs:"), \
    STR("/remaining_depth:"), \
    STR("/num_current_edges:"), \
    STR("/depth:"), \
    STR("[GENERATE GRAPH]"), \
    STR("[GENERATE GRAPH]id:")

const struct str samples_phrases[] = { DRAWN };
const size_t samples_n_phrases = sizeof samples_phrases / sizeof *samples_phrases;

static const struct str fixed_phrases[] = { FIXED, DRAWN };

struct tokenizer_options samples_spelling(const char *to, bool fixed_order)
{
    if (text_format_find(to) == &text_compact)
        return (struct tokenizer_options){ .rule = TOKENIZER_WORDS };
    struct tokenizer_options o = { .rule = TOKENIZER_TEXT, .digits = 2,
                                   .phrases = samples_phrases, .n_phrases = samples_n_phrases };
    if (fixed_order) {
        o.phrases = fixed_phrases;
        o.n_phrases = sizeof fixed_phrases / sizeof *fixed_phrases;
    }
    return o;
}
