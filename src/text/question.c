/* question.c: the question of an instruction sample or prompt: a header and its conditions (spec
 * 2.5). Conditions are collected as lines, then shuffled. */
#include <inttypes.h>

#include "text/escape.h"
#include "text/instruction.h"
#include "text/question_priv.h"

static void first_id(struct lines *l, const struct header *h)
{
    buf_printf(lines_add(l), "the first edge_id should be start_edge_id %" PRId64,
               h->number[HEAD_START_EDGE_ID]);
}

static void first_start(struct lines *l, const struct header *h)
{
    buf_printf(
        lines_add(l),
        "the first start_communication_at should be requirement's start_communication_at %" PRId64,
        h->number[HEAD_START_AT]);
}

static void how_many(struct lines *l, const struct header *h)
{
    buf_printf(lines_add(l), "generate %" PRId64 " edges following num_current_edges",
               h->number[HEAD_NUM_CURRENT]);
}

static void start_by_latency(struct lines *l, const struct header *h)
{
    buf_printf(lines_add(l),
               "In each edge, communication start time should NOT be greater than latency %" PRId64
               " milliseconds",
               h->number[HEAD_LATENCY]);
}

static void finish_by_latency(struct lines *l, const struct header *h)
{
    buf_printf(lines_add(l),
               "Also, communication should finish before latency %" PRId64 " milliseconds",
               h->number[HEAD_LATENCY]);
}

static void starts_before_finish(struct lines *l)
{
    buf_str(lines_add(l), "for all edges, communication start time <= communication finish time");
}

static void copy_caller(struct lines *l, const struct header *h)
{
    struct str s = h->text[HEAD_START_NODE];
    buf_str(lines_add(l), "copy caller from requirement's start_node:");
    buf_add(&l->text, s.p, s.n);
}

static void include(struct lines *l, struct str src, struct str dst, enum call_type type)
{
    buf_str(lines_add(l), "Include an edge from ");
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
        buf_str(lines_add(l), "The total number of edges is not provided");
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
        buf_str(lines_add(l), "The depth information is not provided");
    if (!(d->keys >> HEAD_NUM_SUBGRAPHS & 1) && render_coin(rng, 0.9))
        buf_str(lines_add(l), "Generate subgraph instructions if necessary");
    if (d->coin && render_coin(rng, 0.5))
        buf_str(lines_add(l), "Build a call graph with latencies based on distributions");
    if (d->high)
        buf_str(lines_add(l), "Build a call graph with high latency");
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
        buf_printf(lines_add(l), "generate %" PRId64 " number of subgraphs",
                   h->number[HEAD_NUM_SUBGRAPHS]);
    else
        buf_str(lines_add(l), "no subgraph to generate");
}

static void split_conditions(const struct header *h, gsl_rng *rng, struct buf *out)
{
    struct lines l = { 0 };
    struct str s = h->text[HEAD_START_NODE];
    buf_str(out, INSTRUCTION_SPLIT "\n");
    buf_str(lines_add(&l), "When splitting the subgraph instructions, copy start_node:");
    buf_add(&l.text, s.p, s.n);
    buf_str(&l.text, " from the requirement");
    buf_str(
        lines_add(&l),
        "for all subgraph instructions, latency should not be larger than the requirement's "
        "latency");
    buf_str(lines_add(&l), "for all subgraph instructions, start_communication_at <= latency");
    lines_put_shuffled(&l, rng, out);
}

void question_put(const struct callgraph *g, const struct names *names,
                         const struct layer *l, const struct text_options *o, gsl_rng *rng,
                         struct buf *out)
{
    struct root_draw d = render_draw_keys(g, names, l, o, rng);
    struct lines lines = { 0 };
    gsl_rng *order = render_order(o, rng);
    buf_str(out, "### Question: " INSTRUCTION_SYSTEM "\nRequirements:\n");
    render_header(&l->header, d.keys, false, order, out);
    buf_char(out, '\n');
    if (l->split)
        split_conditions(&l->header, order, out);
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
        lines_put_shuffled(&lines, order, out);
    }
    buf_str(out, "\n ### Answer: \n");
}

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
            buf_add(lines_add(l), s.p, s.n);
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
    lines_put_shuffled(&l, rng, out);
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
        first_id(&l, h);           /* a model of fixed order knows that of inner_conditions */
        first_start(&l, h);
        how_many(&l, h);
        start_by_latency(&l, h);
        finish_by_latency(&l, h);
        starts_before_finish(&l);
        inherit_includes(&l, parent_prompt);
        lines_put_shuffled(&l, rng, out);
    }
    buf_str(out, "\n ### Answer: \n");
}
