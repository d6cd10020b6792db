/* instruction.c: a question with its conditions and an answer with its arithmetic, one pair a layer
 * (spec 2.4 and 2.5). Conditions are collected as lines, then shuffled. */
#include "text/instruction.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "text/escape.h"
#include "text/render_priv.h"

struct lines {
    struct buf text;
    size_t *start;                /* (n) where each line begins; it ends with its "\n" */
    size_t n, cap;
};

/* A new line: add its words to what is returned, without "\n". */
static struct buf *line(struct lines *l)
{
    if (l->n)
        buf_char(&l->text, '\n');
    MEM_GROW(l->start, l->n, l->cap);
    l->start[l->n++] = l->text.n;
    return &l->text;
}

static void put_shuffled(struct lines *l, gsl_rng *rng, struct buf *out)
{
    size_t *order = mem_array(l->n + 1, sizeof *order);
    for (size_t i = 0; i < l->n; i++)
        order[i] = i;
    if (l->n)
        buf_char(&l->text, '\n');
    render_shuffle(rng, order, l->n);
    for (size_t i = 0; i < l->n; i++) {
        size_t k = order[i], end = k + 1 < l->n ? l->start[k + 1] : l->text.n;
        buf_add(out, l->text.p + l->start[k], end - l->start[k]);
    }
    free(order);
    free(l->start);
    buf_free(&l->text);
    *l = (struct lines){ 0 };
}

/* ---- conditions ---- */

static void first_id(struct lines *l, const struct header *h)
{
    buf_printf(line(l), "the first edge_id should be start_edge_id %" PRId64,
               h->number[HEAD_START_EDGE_ID]);
}

static void first_start(struct lines *l, const struct header *h)
{
    buf_printf(
        line(l),
        "the first start_communication_at should be requirement's start_communication_at %" PRId64,
        h->number[HEAD_START_AT]);
}

static void how_many(struct lines *l, const struct header *h)
{
    buf_printf(line(l), "generate %" PRId64 " edges following num_current_edges",
               h->number[HEAD_NUM_CURRENT]);
}

static void start_by_latency(struct lines *l, const struct header *h)
{
    buf_printf(line(l),
               "In each edge, communication start time should NOT be greater than latency %" PRId64
               " milliseconds",
               h->number[HEAD_LATENCY]);
}

static void finish_by_latency(struct lines *l, const struct header *h)
{
    buf_printf(line(l), "Also, communication should finish before latency %" PRId64 " milliseconds",
               h->number[HEAD_LATENCY]);
}

static void starts_before_finish(struct lines *l)
{
    buf_str(line(l), "for all edges, communication start time <= communication finish time");
}

static void copy_caller(struct lines *l, const struct header *h)
{
    struct str s = h->text[HEAD_START_NODE];
    buf_str(line(l), "copy caller from requirement's start_node:");
    buf_add(&l->text, s.p, s.n);
}

static void include(struct lines *l, struct str src, struct str dst, enum call_type type)
{
    buf_str(line(l), "Include an edge from ");
    escape_put(src, LAYER_ESCAPES, &l->text);
    buf_str(&l->text, " to ");
    escape_put(dst, LAYER_ESCAPES, &l->text);
    buf_printf(&l->text, " with %s type", call_type_name(type));
}

/* "Include an edge" for the first call of the layer that is rare in its service. */
static void include_rare(struct lines *lines, const struct callgraph *g, const struct names *names,
                         const struct layer *l, const struct text_options *o)
{
    const struct callstats_service *v =
        o && o->stats ? callstats_find(o->stats, names_get(names, g->service)) : NULL;
    for (size_t i = 0; v && i < l->n; i++) {
        const struct call *c = &g->calls[l->calls[i]];
        enum call_type type = (enum call_type)c->type;
        if (!callstats_is_rare(v, names_get(names, c->src), type, names_get(names, c->dst)))
            continue;
        include(lines, names_str(names, c->src), names_str(names, c->dst), type);
        return;
    }
}

static void root_conditions(struct lines *l, const struct header *h, const struct root_draw *d,
                            gsl_rng *rng)
{
    bool latency = d->keys >> HEAD_LATENCY & 1;
    if (!(d->keys >> HEAD_NUM_EDGES & 1) && render_coin(rng, 0.9))
        buf_str(line(l), "The total number of edges is not provided");
    if (d->keys >> HEAD_START_EDGE_ID & 1 && render_coin(rng, 0.9))
        first_id(l, h);
    if (d->keys >> HEAD_START_AT & 1 && render_coin(rng, 0.9))
        first_start(l, h);
    if (d->keys >> HEAD_NUM_CURRENT & 1 && render_coin(rng, 0.9))
        how_many(l, h);
    if (latency && render_coin(rng, 0.9))
        start_by_latency(l, h);
    if (latency && render_coin(rng, 0.9))
        finish_by_latency(l, h);
    if (!(d->keys >> HEAD_DEPTH & 1) && render_coin(rng, 0.9))
        buf_str(line(l), "The depth information is not provided");
    if (!(d->keys >> HEAD_NUM_SUBGRAPHS & 1) && render_coin(rng, 0.9))
        buf_str(line(l), "Generate subgraph instructions if necessary");
    if (d->coin && render_coin(rng, 0.5))
        buf_str(line(l), "Build a call graph with latencies based on distributions");
    if (d->high)
        buf_str(line(l), "Build a call graph with high latency");
}

static void inner_conditions(struct lines *l, const struct header *h, gsl_rng *rng)
{
    if (render_coin(rng, 0.9))
        first_id(l, h);
    if (render_coin(rng, 0.9))
        first_start(l, h);
    if (render_coin(rng, 0.9))
        how_many(l, h);
    if (render_coin(rng, 0.9))
        start_by_latency(l, h);
    if (render_coin(rng, 0.9))
        finish_by_latency(l, h);
    if (!render_coin(rng, 0.9))
        return;
    if (h->number[HEAD_NUM_SUBGRAPHS])
        buf_printf(line(l), "generate %" PRId64 " number of subgraphs",
                   h->number[HEAD_NUM_SUBGRAPHS]);
    else
        buf_str(line(l), "no subgraph to generate");
}

static void split_conditions(const struct header *h, gsl_rng *rng, struct buf *out)
{
    struct lines l = { 0 };
    struct str s = h->text[HEAD_START_NODE];
    buf_str(out, INSTRUCTION_SPLIT "\n");
    buf_str(line(&l), "When splitting the subgraph instructions, copy start_node:");
    buf_add(&l.text, s.p, s.n);
    buf_str(&l.text, " from the requirement");
    buf_str(
        line(&l),
        "for all subgraph instructions, latency should not be larger than the requirement's "
        "latency");
    buf_str(line(&l), "for all subgraph instructions, start_communication_at <= latency");
    put_shuffled(&l, rng, out);
}

static void put_question(const struct callgraph *g, const struct names *names,
                         const struct layer *l, const struct text_options *o, gsl_rng *rng,
                         struct buf *out)
{
    struct root_draw d = render_draw_keys(g, names, l, o, rng);
    struct lines lines = { 0 };
    buf_str(out, "### Question: " INSTRUCTION_SYSTEM "\nRequirements:\n");
    render_header(&l->header, d.keys, false, rng, out);
    buf_char(out, '\n');
    if (l->split)
        split_conditions(&l->header, rng, out);
    else {
        buf_str(out, "Conditions:\n");
        if (d.user)
            root_conditions(&lines, &l->header, &d, rng);
        else
            inner_conditions(&lines, &l->header, rng);
        if (render_coin(rng, 0.9))
            starts_before_finish(&lines);
        if (render_coin(rng, 0.9))
            copy_caller(&lines, &l->header);
        include_rare(&lines, g, names, l, o);
        put_shuffled(&lines, rng, out);
    }
    buf_str(out, "\n ### Answer: \n");
}

/* ---- answers ---- */

static void put_constraints(const struct callgraph *g, const struct names *names,
                            const struct layer *l, const struct layer *sub, int64_t rest,
                            gsl_rng *rng, struct buf *out)
{
    struct lines lines = { 0 };
    int64_t depth = l->header.number[HEAD_DEPTH], below = sub->header.number[HEAD_DEPTH];
    buf_str(out, "Subgraph constraints:\n");
    buf_printf(line(&lines), "num_edges <= num_remaining_edges:%" PRId64, rest);
    if (below == depth - 1 && l->split)
        buf_printf(line(&lines), "copy 'remaining_depth:%" PRId64 "' from the requirement", depth);
    else if (below == depth - 1)
        buf_printf(line(&lines),
                   "remaining_depth should be the requirement's remaining_depth:%" PRId64
                   " - 1 = %" PRId64,
                   depth, below);
    if (!l->split) {
        buf_printf(line(&lines),
                   "copy start_node from edge %" PRIu32 " destination: ", layer_index(g, sub));
        escape_put(names_str(names, g->calls[sub->parent].dst), LAYER_ESCAPES, &lines.text);
    }
    put_shuffled(&lines, rng, out);
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

/* ---- the format ---- */

static void write_graph(const struct callgraph *graph, const struct names *names, uint32_t tick_us,
                        const struct text_options *o, gsl_rng *rng, struct buf *out,
                        struct text_samples *samples)
{
    struct callgraph copy;
    const struct callgraph *g = render_in_ms(graph, tick_us, &copy);
    struct arena *arena = arena_new();
    struct layers all = layers_of(g, names, rng, arena);
    for (size_t i = 0; i < all.n; i++) {
        if (samples)
            text_samples_begin(samples);
        put_question(g, names, all.at[i], o, rng, out);
        if (samples)
            text_samples_output(samples);
        put_answer(g, names, all.at[i], o, rng, out);
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

/* ---- while generating ---- */

bool instruction_header_line(struct str prompt, struct str *found)
{
    struct str rest = prompt;
    bool next = false;
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != '\n')
            n++;
        *found = (struct str){ rest.p, n };
        if (next)
            return true;
        next = str_is(*found, "Requirements:");
        n += n < rest.n;
        rest = (struct str){ rest.p + n, rest.n - n };
    }
    return false;
}

/* The original copies these to every child, whether the edge has been included or not. */
static void inherit_includes(struct lines *l, struct str prompt)
{
    while (prompt.n) {
        size_t n = 0;
        while (n < prompt.n && prompt.p[n] != '\n')
            n++;
        struct str s = { prompt.p, n };
        if (str_starts(s, "Include an edge from"))
            buf_add(line(l), s.p, s.n);
        n += n < prompt.n;
        prompt = (struct str){ prompt.p + n, prompt.n - n };
    }
}

void instruction_root_prompt(const struct header *h, const struct text_ask *a, gsl_rng *rng,
                             struct buf *out)
{
    struct lines l = { 0 };
    struct root_draw d = { .keys = h->keys, .user = true, .high = a->high_latency };
    d.coin = !d.high && !header_has(h, HEAD_LATENCY);
    buf_str(out, "### Question: " INSTRUCTION_SYSTEM "\nRequirements:\n");
    render_header(h, h->keys, false, rng, out);
    buf_str(out, "\nConditions:\n");
    root_conditions(&l, h, &d, rng);
    if (render_coin(rng, 0.9))
        starts_before_finish(&l);
    if (render_coin(rng, 0.9))
        copy_caller(&l, h);
    if (a->include_dst.n)
        include(&l, a->include_src, a->include_dst, a->include_type);
    put_shuffled(&l, rng, out);
    buf_str(out, "\n ### Answer: \n");
}

void instruction_child_prompt(struct str parent_prompt, struct str header_line,
                              const struct header *h, gsl_rng *rng, struct buf *out)
{
    struct lines l = { 0 };
    buf_str(out, "### Question: " INSTRUCTION_SYSTEM "\nRequirements:\n");
    buf_add(out, header_line.p, header_line.n);
    buf_char(out, '\n');
    if (h->number[HEAD_NUM_CURRENT] > LAYER_WIDEST)
        split_conditions(h, rng, out);
    else {
        buf_str(out, "Conditions:\n");
        how_many(&l, h);
        first_id(&l, h);
        first_start(&l, h);
        starts_before_finish(&l);
        start_by_latency(&l, h);
        finish_by_latency(&l, h);
        inherit_includes(&l, parent_prompt);
        put_shuffled(&l, rng, out);
    }
    buf_str(out, "\n ### Answer: \n");
}
