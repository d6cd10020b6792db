/* prompt.c: see the header. The root's header is that of a layer with a single call from USER. */
#include "text/prompt.h"

#include "text/escape.h"
#include "text/instruction.h"
#include "text/render_priv.h"

static const char *const stop_tabular[] = { "##", "finish generation", "</edges>", NULL };
static const char *const stop_recursive[] = { "##", "finish generation", "[GENERATE", "</layer>",
                                              "</split>", NULL };
static const char *const stop_instruction[] = { "##", "finish generation", "</layer>", "</split>",
                                                NULL };
const char *const *const text_stop_words[TEXT_TASKS] = { stop_tabular, stop_recursive,
                                                         stop_instruction };

static void give(struct header *h, enum header_key k, int64_t x, bool keep)
{
    h->number[k] = x;
    if (x >= 0 && keep)
        h->keys |= 1u << k;
}

static struct header root_header(enum text_task task, const struct text_ask *a, struct str service,
                                 gsl_rng *rng)
{
    struct header h = { .keys = 1u << HEAD_ID };
    bool table = task == TASK_TABULAR;
    h.text[HEAD_ID] = service;
    h.text[HEAD_START_NODE] = STR("USER");
    give(&h, HEAD_NUM_EDGES, a->edges, true);
    give(&h, HEAD_DEPTH, a->depth < 0 || table ? a->depth : a->depth - 1, true);
    give(&h, HEAD_LATENCY, a->high_latency ? -1 : a->latency, true);
    if (table)
        return h;
    int64_t below = a->edges == 1 || a->depth == 1 ? 0 : a->edges > 1 || a->depth > 1 ? 1 : -1;
    if (task == TASK_INSTRUCTION || render_coin(rng, 0.9))
        h.keys |= 1u << HEAD_START_NODE;
    give(&h, HEAD_START_EDGE_ID, 0, render_coin(rng, 0.9));
    give(&h, HEAD_START_AT, 0, render_coin(rng, 0.9));
    give(&h, HEAD_NUM_CURRENT, 1, render_coin(rng, 0.9));
    give(&h, HEAD_NUM_SUBGRAPHS, below, render_coin(rng, 0.9));
    return h;
}

/* Where the answer begins. */
static void put_opening(enum text_task task, struct buf *out)
{
    buf_str(out, task == TASK_TABULAR     ? "\n<edges>\n"
                 : task == TASK_RECURSIVE ? "\n<layer>\n<edges>\n"
                                          : "<layer>\n<edges>");
}

void text_prompt_given(enum text_task task, struct str text, struct buf *out)
{
    if (task == TASK_INSTRUCTION)
        buf_str(out, "### Question: ");
    buf_add(out, text.p, text.n);
    if (task == TASK_INSTRUCTION)
        buf_str(out, "\n ### Answer: \n");
    put_opening(task, out);
}

void text_prompt_root(enum text_task task, const struct text_ask *a, gsl_rng *rng, struct buf *out)
{
    struct buf service = { 0 };
    escape_put(a->service, LAYER_ESCAPES, &service);
    struct header h = root_header(task, a, buf_view(&service), rng);
    if (task == TASK_INSTRUCTION)
        instruction_root_prompt(&h, a, rng, out);
    else
        render_header(&h, h.keys, task == TASK_TABULAR, rng, out);
    put_opening(task, out);
    buf_free(&service);
}

void text_prompt_below(enum text_task task, struct str parent_prompt, const struct text_sub *sub,
                       gsl_rng *rng, struct buf *out)
{
    if (task == TASK_INSTRUCTION) {
        instruction_child_prompt(parent_prompt, sub->line, &sub->header, rng, out);
        return;
    }
    buf_add(out, sub->line.p, sub->line.n);
    buf_char(out, '\n');
}
