/* oracle_strict.c: the original's checks, then all that it leaves out. Each check is a small
 * function that adds its code; a right layer adds none (tests hold every encoded layer to that). */
#include "text/oracle.h"
#include "text/scratchpad_priv.h"
#include "trace/callgraph.h"

static bool has(const struct header *h, enum header_key k)
{
    return header_has(h, k);
}

static int64_t get(const struct header *h, enum header_key k)
{
    return h->number[k];
}

/* A root header is one of USER's: it may leave keys out. */
static bool is_root(const struct header *h)
{
    return !has(h, HEAD_CALLER) &&
           (!has(h, HEAD_START_NODE) || str_is(h->text[HEAD_START_NODE], "USER"));
}

static bool bad_name(struct str s)
{
    return s.n == 0 || str_is(s, "UNKNOWN") || str_is(s, "UNAVAILABLE");
}

static bool bad_type(struct str s)
{
    enum call_type t;
    return !call_type_parse(s, &t) && !str_is(s, call_type_name(CALL_OTHER));
}

static const struct text_edge *edge_of(const struct layer_text *t, int64_t id)
{
    for (size_t i = 0; i < t->n_edges; i++)
        if (t->edges[i].id == id)
            return &t->edges[i];
    return NULL;
}

static void check_shape(const struct layer_text *t, struct verdict *v)
{
    bool neither = t->n_edges == 0 && (t->n_subs == 0 || !t->split);
    bool both = t->split && t->has_edges;
    if (neither || both || t->odd_lines || (t->has_edges && !t->closed))
        verdict_add(v, CODE_SHAPE);
}

static void check_header(const struct layer_text *t, struct verdict *v)
{
    const struct header *h = &t->header;
    bool enough = is_root(h) ? has(h, HEAD_ID) : h->keys == HEAD_ALL;
    if (!enough || !header_is_plain(t->header_line))
        verdict_add(v, CODE_HEADER);
}

static void check_edges(const struct layer_text *t, struct verdict *v)
{
    const struct header *h = &t->header;
    const uint32_t all = (1u << EDGE_FIELDS) - 1 - (1u << FIELD_SOURCE);
    for (size_t i = 0; i < t->n_edges; i++) {
        const struct text_edge *e = &t->edges[i];
        if (e->fields != all || e->odd)
            verdict_add(v, CODE_FIELDS);
        if (bad_type(e->type) || bad_name(e->dst) || e->start < 0 || e->id < 0)
            verdict_add(v, CODE_NAMES);
        if (e->finish < e->start)
            verdict_add(v, CODE_BACKWARD);
        if (has(h, HEAD_START_AT) && e->start < get(h, HEAD_START_AT))
            verdict_add(v, CODE_EARLY);
        if (i && e->id <= t->edges[i - 1].id)
            verdict_add(v, CODE_ORDER);
    }
}

static void check_first(const struct layer_text *t, struct verdict *v)
{
    const struct header *h = &t->header;
    if (t->n_edges == 0)
        return;
    const struct text_edge *e = &t->edges[0];
    if (has(h, HEAD_START_EDGE_ID) && e->id != get(h, HEAD_START_EDGE_ID))
        verdict_add(v, CODE_FIRST_ID);
    if (has(h, HEAD_START_AT) && e->start != get(h, HEAD_START_AT))
        verdict_add(v, CODE_FIRST_START);
    if (is_root(h) && has(h, HEAD_LATENCY) && e->finish != get(h, HEAD_LATENCY))
        verdict_add(v, CODE_LATENCY);
}

static void check_counts(const struct layer_text *t, struct verdict *v)
{
    const struct header *h = &t->header;
    int64_t current = (int64_t)t->n_edges;
    for (size_t i = 0; t->n_edges == 0 && i < t->n_subs; i++)
        if (__builtin_add_overflow(current, get(&t->subs[i].header, HEAD_NUM_CURRENT), &current))
            current = INT64_MAX;
    if (has(h, HEAD_NUM_CURRENT) && get(h, HEAD_NUM_CURRENT) != current)
        verdict_add(v, CODE_NUM_CURRENT);
    if (has(h, HEAD_NUM_SUBGRAPHS) && get(h, HEAD_NUM_SUBGRAPHS) != (int64_t)t->n_subs)
        verdict_add(v, CODE_NUM_SUBGRAPHS);
    if (t->n_subs == 0 && get(h, HEAD_DEPTH) > 0)
        verdict_add(v, CODE_LEAF_HEADER);
}

/* Numbers of one header among themselves: depth 0 means that its calls call nothing. The last part
 * of a split may have parts though it is narrow (13 + 2 calls), even a single one. */
static bool contradicts_itself(const struct header *u, bool part)
{
    int64_t edges = get(u, HEAD_NUM_EDGES), current = get(u, HEAD_NUM_CURRENT),
            depth = get(u, HEAD_DEPTH);
    int64_t subs = get(u, HEAD_NUM_SUBGRAPHS);
    bool flat = edges == current, wide = current > 15;
    return current < 1 || depth < 0 || edges < current || edges - current < depth ||
           flat != (depth == 0) || get(u, HEAD_START_AT) < 0 || get(u, HEAD_START_EDGE_ID) < 0 ||
           (!wide && !part && (flat != (subs == 0) || subs > current));
}

static void check_sub(const struct layer_text *t, const struct text_sub *s, struct verdict *v)
{
    const struct header *h = &t->header, *u = &s->header;
    bool part = t->n_edges == 0;
    struct str start_node = has(h, HEAD_START_NODE) ? h->text[HEAD_START_NODE] : STR("USER");
    if (u->keys != HEAD_ALL || !header_is_plain(s->line)) {
        verdict_add(v, CODE_SUB_HEADER);
        return;
    }
    if (has(h, HEAD_ID) && !str_eq(u->text[HEAD_ID], h->text[HEAD_ID]))
        verdict_add(v, CODE_SERVICE);
    if (part && !str_eq(u->text[HEAD_START_NODE], start_node))
        verdict_add(v, CODE_SUB_START_NODE);
    if (!str_eq(u->text[HEAD_CALLER], part ? h->text[HEAD_CALLER] : start_node))
        verdict_add(v, CODE_CALLER);
    if (contradicts_itself(u, part))
        verdict_add(v, CODE_SUB_COUNTS);
    const struct text_edge *e = edge_of(t, s->index);
    int64_t from = part ? get(h, HEAD_START_AT) : e ? e->start : INT64_MIN;
    if (get(u, HEAD_START_AT) < from)
        verdict_add(v, CODE_SUB_EARLY);
}

/* Sub-headers of a layer ascend; the parts of a split belong to one call and follow each other. */
static void check_sub_order(const struct layer_text *t, struct verdict *v)
{
    int64_t next = get(&t->header, HEAD_START_EDGE_ID);
    for (size_t i = 0; i < t->n_subs; i++) {
        const struct text_sub *s = &t->subs[i];
        int64_t start = get(&s->header, HEAD_START_EDGE_ID);
        bool first = i == 0, part = t->n_edges == 0;
        if (!first && (part ? s->index != s[-1].index : s->index <= s[-1].index))
            verdict_add(v, CODE_ORDER);
        if (!part)
            continue;
        if (first ? next != -1 && start != next : start < next)
            verdict_add(v, CODE_PART_GAP);
        if (__builtin_add_overflow(start, get(&s->header, HEAD_NUM_CURRENT), &next))
            next = INT64_MAX;
    }
}

/* ---- the judge ---- */

/* The lone part that the original wraps, which its own oracle refuses: as large as the whole. */
static bool is_wrapped_part(const struct layer_text *t)
{
    const struct header *h = &t->header, *u = t->n_subs == 1 ? &t->subs[0].header : NULL;
    return u && get(h, HEAD_NUM_EDGES) == get(u, HEAD_NUM_EDGES) && get(u, HEAD_NUM_CURRENT) <= 15;
}

static void judge_layer(enum text_task task, const struct layer_text *t, struct verdict *v)
{
    oracle_original.layer(task, t, v);
    if (verdict_has(v, CODE_PARSE)) {      /* from a text that parses this is a 19 in disguise */
        v->n = 0;
        if (!is_wrapped_part(t))
            verdict_add(v, CODE_SPLIT_EDGES);
    }
    check_shape(t, v);
    check_header(t, v);
    check_edges(t, v);
    check_first(t, v);
    check_counts(t, v);
    for (size_t i = 0; i < t->n_subs; i++)
        check_sub(t, &t->subs[i], v);
    if (t->open_sub)
        verdict_add(v, CODE_SUB_HEADER);
    check_sub_order(t, v);
    if (task == TASK_INSTRUCTION && !scratchpad_right(t))
        verdict_add(v, CODE_SCRATCHPAD);
}

static void judge_table(const struct layer_text *t, struct flat *calls, struct verdict *v)
{
    static const struct { enum flat_fault fault; enum oracle_code code; } map[] = {
        { FLAT_EMPTY, CODE_GRAPH }, { FLAT_SRC, CODE_GRAPH }, { FLAT_LATE, CODE_GRAPH },
        { FLAT_REPEATED, CODE_REPEATED }, { FLAT_ORPHAN, CODE_ORPHAN }, { FLAT_NAME, CODE_NAMES },
        { FLAT_TYPE, CODE_NAMES }, { FLAT_RANGE, CODE_NAMES }, { FLAT_BACKWARD, CODE_BACKWARD },
        { FLAT_EARLY, CODE_EARLY },
    };
    const struct header *h = &t->header;
    uint32_t bad = flat_faults(calls);
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (bad >> map[i].fault & 1)
            verdict_add(v, map[i].code);
    int64_t rt = 0;
    if (calls->n && __builtin_sub_overflow(calls->calls[0].finish, calls->calls[0].start, &rt))
        rt = -1;
    if (has(h, HEAD_LATENCY) && calls->n && rt != get(h, HEAD_LATENCY))
        verdict_add(v, CODE_LATENCY);
    for (size_t i = 0; i < t->n_edges; i++)
        if (t->edges[i].fields != (1u << EDGE_FIELDS) - 1 || t->edges[i].odd)
            verdict_add(v, CODE_FIELDS);
    if (!has(h, HEAD_ID) || !header_is_plain(t->header_line))
        verdict_add(v, CODE_HEADER);
    if (!t->has_edges || t->odd_lines)
        verdict_add(v, CODE_SHAPE);
    oracle_original.table(t, calls, v);    /* last: it drops repeated ids from the list */
}

const struct oracle oracle_strict = {
    .name = "strict", .prose = "all of the paper's rules and what the released code leaves out",
    .layer = judge_layer, .table = judge_table,
};
