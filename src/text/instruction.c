/* instruction.c: a question with its conditions and an answer with its arithmetic, one pair a layer
 * (spec 2.4). The questions are question.c's. */
#include <inttypes.h>
#include <stdlib.h>

#include "text/escape.h"
#include "text/question_priv.h"

static void put_constraints(const struct callgraph *g, const struct names *names,
                            const struct layer *l, const struct layer *sub, int64_t rest,
                            gsl_rng *rng, struct buf *out)
{
    struct lines lines = { 0 };
    int64_t depth = l->header.number[HEAD_DEPTH], below = sub->header.number[HEAD_DEPTH];
    buf_str(out, "Subgraph constraints:\n");
    buf_printf(lines_add(&lines), "num_edges <= num_remaining_edges:%" PRId64, rest);
    if (below == depth - 1 && l->split)
        buf_printf(lines_add(&lines), "copy 'remaining_depth:%" PRId64 "' from the requirement",
                   depth);
    else if (below == depth - 1)
        buf_printf(lines_add(&lines),
                   "remaining_depth should be the requirement's remaining_depth:%" PRId64
                   " - 1 = %" PRId64,
                   depth, below);
    if (!l->split) {
        buf_printf(lines_add(&lines),
                   "copy start_node from edge %" PRIu32 " destination: ", layer_index(g, sub));
        escape_put(names_str(names, g->calls[sub->parent].dst), LAYER_ESCAPES, &lines.text);
    }
    lines_put_shuffled(&lines, rng, out);
}

static void put_count(const struct callgraph *g, const struct layer *l, int64_t rest,
                      struct buf *out)
{
    int64_t total = l->header.number[HEAD_NUM_EDGES];
    buf_printf(out,
               "num generated edges = the last edge id - the first edge id + 1 = %" PRIu32
               " - %" PRIu32 " + 1 = %zu\n",
               g->calls[l->calls[l->n - 1]].id, g->calls[l->calls[0]].id, l->n);
    buf_printf(out, "%zu edges generated out of num_edges:%" PRId64 "\n", l->n, total);
    buf_printf(out, "num_remaining_edges = num_edges:%" PRId64 " - generated:%zu = %" PRId64 "\n",
               total, l->n, rest);
    if (rest == 0) {
        buf_str(out, "finish generation\n");
        return;
    }
    buf_str(out, "\ngenerate subgraphs of ");
    for (size_t i = 0; i < l->n_subs; i++)
        buf_printf(out, i ? ",edge_id:%" PRIu32 : "edge:%" PRIu32, layer_index(g, l->subs[i]));
    buf_char(out, '\n');
}

static void put_answer(const struct callgraph *g, const struct names *names, const struct layer *l,
                       const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    bool words = !o || !o->no_scratchpad;
    int64_t rest = l->header.number[HEAD_NUM_EDGES];
    buf_str(out, l->split ? "<split>\n" : "<layer>\n");
    if (!l->split) {
        render_edges(g, names, l, rng, out);
        rest -= (int64_t)l->n;
        if (words)
            put_count(g, l, rest, out);
    }
    for (size_t i = 0; i < l->n_subs; i++) {
        int64_t m = l->subs[i]->header.number[HEAD_NUM_EDGES];
        if (words)
            put_constraints(g, names, l, l->subs[i], rest, rng, out);
        render_sub(g, l->subs[i], rng, out);
        if (words)
            buf_printf(out, "now, num_remaining_edges is %" PRId64 " - %" PRId64 " = %" PRId64 "\n",
                       rest, m, rest - m);
        rest -= m;
        if (words && rest == 0)
            buf_str(out, "finish generation");
    }
    buf_str(out, l->split ? "</split>\n" : "</layer>\n");
}

static void write_graph(const struct callgraph *graph, const struct names *names, uint32_t tick_us,
                        const struct text_options *o, gsl_rng *rng, struct buf *out,
                        struct text_samples *samples)
{
    struct callgraph copy;
    const struct callgraph *g = render_in_ms(graph, tick_us, &copy);
    struct arena *arena = arena_new();
    gsl_rng *order = render_order(o, rng);
    struct layers all = layers_of(g, names, order, arena);
    for (size_t i = 0; i < all.n; i++) {
        if (samples)
            text_samples_begin(samples);
        question_put(g, names, all.at[i], o, rng, out);
        if (samples)
            text_samples_output(samples);
        put_answer(g, names, all.at[i], o, order, out);
        if (samples)
            text_samples_end(samples);
    }
    arena_free(arena);
    free(copy.calls);
}

static void encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                   const struct text_options *o, gsl_rng *rng, struct buf *out)
{
    write_graph(g, names, tick_us, o, rng, out, NULL);
}

static void samples(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    const struct text_options *o, gsl_rng *rng, struct text_samples *out)
{
    write_graph(g, names, tick_us, o, rng, &out->text, out);
}

const struct text_format text_instruction = {
    .name = "instruction",
    .prose = "layers as questions with conditions and answers with arithmetic",
    .encode = encode,
    .samples = samples,
};
