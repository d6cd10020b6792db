/* oracle_original.c: the checks of the released code, as it makes them (spec 4.3). An absent header
 * key reads as -1, and a check that needs it is skipped; but comparisons with a sub-header's absent
 * keys are made with that -1. */
#include "text/oracle.h"

static int64_t get(const struct header *h, enum header_key k)
{
    return h->number[k];
}

static bool incomplete(const struct header *h)
{
    return !header_has(h, HEAD_START_NODE) || !header_has(h, HEAD_NUM_EDGES) ||
           !header_has(h, HEAD_DEPTH) || !header_has(h, HEAD_START_AT);
}

/* The first edge of that id, or NULL. */
static const struct text_edge *edge_of(const struct layer_text *t, int64_t id)
{
    for (size_t i = 0; i < t->n_edges; i++)
        if (t->edges[i].id == id)
            return &t->edges[i];
    return NULL;
}

/* One sub-header against the header and its edge: a bit per broken code. */
static uint32_t check_sub(const struct layer_text *t, const struct text_sub *s)
{
    const struct header *h = &t->header, *u = &s->header;
    const struct text_edge *e = edge_of(t, s->index);
    uint32_t bad = 0;
    if (incomplete(u))
        return 1u << CODE_SUB_INCOMPLETE;     /* nothing further is asked of it */
    if (t->n_edges && !e)
        bad |= 1u << CODE_SUB_INDEX;
    if (e && !str_eq(u->text[HEAD_START_NODE], e->dst))
        bad |= 1u << CODE_SUB_START_NODE;
    if (get(u, HEAD_START_AT) > get(u, HEAD_LATENCY))
        bad |= 1u << CODE_SUB_START;
    if (get(h, HEAD_LATENCY) != -1 && get(u, HEAD_LATENCY) > get(h, HEAD_LATENCY))
        bad |= 1u << CODE_SUB_LATENCY;
    if (e && get(u, HEAD_LATENCY) > e->finish)
        bad |= 1u << CODE_SUB_LATENCY;
    if (get(h, HEAD_DEPTH) != -1 && get(u, HEAD_DEPTH) > get(h, HEAD_DEPTH))
        bad |= 1u << CODE_SUB_DEPTH;
    return bad;
}

/* Depths below: in a layer all smaller and one exactly one smaller; in a split one the same. */
static uint32_t check_depths(const struct layer_text *t)
{
    int64_t depth = get(&t->header, HEAD_DEPTH);
    bool smaller = true, next = false, same = false;
    if (depth == -1 || t->n_subs == 0)
        return 0;
    for (size_t i = 0; i < t->n_subs; i++) {
        int64_t d = get(&t->subs[i].header, HEAD_DEPTH);
        smaller = smaller && d < depth;
        next = next || d == depth - 1;
        same = same || d == depth;
    }
    if (t->n_edges)
        return smaller && next ? 0 : 1u << CODE_LAYER_DEPTH;
    return same ? 0 : 1u << CODE_SPLIT_DEPTH;
}

static uint32_t check_layer(const struct layer_text *t)
{
    const struct header *h = &t->header;
    int64_t edges = (int64_t)t->n_edges, sum = edges, asked = get(h, HEAD_NUM_EDGES),
            depth = get(h, HEAD_DEPTH);
    uint32_t bad = check_depths(t);
    for (size_t i = 0; i < t->n_subs; i++) {
        bad |= check_sub(t, &t->subs[i]);
        int64_t m = get(&t->subs[i].header, HEAD_NUM_EDGES);
        if (__builtin_add_overflow(sum, m, &sum))
            sum = INT64_MAX;
        if (t->n_edges == 0 && asked != -1 && m >= asked)
            bad |= 1u << CODE_SPLIT_EDGES;
    }
    if (asked > 0 && asked != sum)
        bad |= 1u << CODE_NUM_EDGES;
    if (t->n_subs == 0 && depth > 0 && asked > edges)
        bad |= 1u << CODE_NO_SUB;
    for (size_t i = 0; i < t->n_edges; i++)
        if (get(h, HEAD_LATENCY) != -1 && t->edges[i].finish > get(h, HEAD_LATENCY))
            bad |= 1u << CODE_FINISH;
    if (asked != -1 && depth != -1 && asked > depth && asked - 1 == depth && edges != 1)
        bad |= 1u << CODE_CHAIN;
    return bad;
}

static void judge_layer(enum text_task task, const struct layer_text *t, struct verdict *v)
{
    static const enum oracle_code order[] = {
        CODE_SUB_INCOMPLETE, CODE_NUM_EDGES,   CODE_SUB_INDEX, CODE_SUB_START_NODE,
        CODE_SUB_START,      CODE_SUB_LATENCY, CODE_SUB_DEPTH, CODE_LAYER_DEPTH,
        CODE_SPLIT_DEPTH,    CODE_NO_SUB,      CODE_FINISH,    CODE_CHAIN,
    };
    (void)task;
    uint32_t bad = check_layer(t);
    /* The object made for code 19 cannot be constructed: what is reported is a parsing error. */
    if (bad >> CODE_SPLIT_EDGES & 1) {
        verdict_add(v, CODE_PARSE);
        return;
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (bad >> order[i] & 1)
            verdict_add(v, order[i]);
}

static void judge_table(const struct layer_text *t, struct flat *calls, struct verdict *v)
{
    int64_t asked = get(&t->header, HEAD_NUM_EDGES), depth = get(&t->header, HEAD_DEPTH);
    flat_sort(calls);
    flat_unique(calls);
    if (!flat_valid(calls))
        verdict_add(v, CODE_GRAPH);
    if (asked != -1 && asked != (int64_t)calls->n)
        verdict_add(v, CODE_NUM_EDGES);
    if (depth != -1 && depth != (int64_t)flat_depth(calls))
        verdict_add(v, CODE_TABLE_DEPTH);
}

const struct oracle oracle_original = {
    .name = "original", .prose = "the released code's checks, codes and defects",
    .layer = judge_layer, .table = judge_table,
};
