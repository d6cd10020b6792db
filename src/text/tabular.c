/* tabular.c: the whole graph as one table of edges (GReaT's way; spec 2.1).
 *
 *     [GENERATE GRAPH]id:S_000000001/num_edges:2/latency:3/depth:2
 *     <edges>
 *     (edge_id is 0,type is http,source is USER,...)
 *     </edges>
 *
 * Every key but id is kept with probability 0.9; keys and attributes are shuffled.
 */
#include <stdlib.h>

#include "text/escape.h"
#include "text/render_priv.h"

static void put_header(const struct callgraph *g, const struct names *names,
                       const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    static const enum header_key optional[] = { HEAD_NUM_EDGES, HEAD_LATENCY, HEAD_DEPTH };
    struct header h = { .keys = 1u << HEAD_ID };
    struct buf id = { 0 };
    escape_put(names_str(names, g->service), LAYER_ESCAPES, &id);
    h.text[HEAD_ID] = buf_view(&id);
    h.number[HEAD_NUM_EDGES] = (int64_t)g->n;
    h.number[HEAD_LATENCY] = g->calls[0].rt;
    h.number[HEAD_DEPTH] = (int64_t)callgraph_depth(g);
    for (size_t k = 0; k < 3; k++)
        if (render_coin(rng, 0.9))
            h.keys |= 1u << optional[k];
    render_header(&h, h.keys, true, render_order(o, rng), out);
    buf_str(out, "\n<edges>\n");
    buf_free(&id);
}

static void put_body(const struct callgraph *g, const struct names *names, gsl_rng *rng,
                     struct buf *out)
{
    for (size_t i = 0; i < g->n; i++)
        render_edge(g, names, i, true, rng, out);
    buf_str(out, "</edges>\n");
}

static void encode(const struct callgraph *graph, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    struct callgraph copy;
    const struct callgraph *g = render_in_ms(graph, tick_us, &copy);
    buf_str(out, "[GENERATE GRAPH]");
    put_header(g, names, o, rng, out);
    put_body(g, names, render_order(o, rng), out);
    free(copy.calls);
}

static void samples(const struct callgraph *graph, const struct names *names, uint32_t tick_us,
                    const struct text_options *o, gsl_rng *rng, struct text_samples *out)
{
    struct callgraph copy;
    const struct callgraph *g = render_in_ms(graph, tick_us, &copy);
    text_samples_begin(out);
    put_header(g, names, o, rng, &out->text);
    text_samples_output(out);
    put_body(g, names, render_order(o, rng), &out->text);
    text_samples_end(out);
    free(copy.calls);
}

const struct text_format text_tabular = {
    .name = "tabular", .prose = "the whole graph as one table of edges, attributes in words",
    .encode = encode, .samples = samples,
};
