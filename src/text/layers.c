/* layers.c: see the header. The pre-order of layers is the order of their first calls, an outer
 * layer before its own first part; so layers may be made in any order and sorted at the end. */
#include "text/layers.h"

#include <stdlib.h>

#include "base/rng.h"
#include "text/escape.h"

struct maker {
    const struct callgraph *g;
    const struct names *names;
    gsl_rng *rng;
    struct arena *arena;
    size_t *end;              /* (n) callgraph_end of each call */
    uint16_t *deepest;        /* (n) deepest level in its subtree */
    struct layer **top;       /* (n) the layer of its children, or NULL */
    struct layer **made;      /* all layers, outer before inner where the first call is the same */
    size_t n_made, cap;
};

static void measure(struct maker *m)
{
    const struct callgraph *g = m->g;
    for (size_t i = g->n; i-- > 0;) {
        if (m->end[i] == 0)
            m->end[i] = i + 1;
        if (m->deepest[i] < g->calls[i].level)
            m->deepest[i] = g->calls[i].level;
        uint32_t p = g->calls[i].parent;
        if (p == CALL_NONE)
            continue;
        if (m->end[p] < m->end[i])
            m->end[p] = m->end[i];
        if (m->deepest[p] < m->deepest[i])
            m->deepest[p] = m->deepest[i];
    }
}

static struct str name_text(struct maker *m, uint32_t name)
{
    struct buf b = { 0 };
    escape_put(names_str(m->names, name), LAYER_ESCAPES, &b);
    struct str s = { arena_strndup(m->arena, b.p, b.n), b.n };
    buf_free(&b);
    return s;
}

/* For a root that starts at 0 this is what the spec says. For one that starts later the original's
 * files have its finish in its own layer, and its response time where the layer below needs it. */
static int64_t latency_of(const struct maker *m, const struct layer *l)
{
    const struct call *c = m->g->calls;
    int64_t latest = l->parent == CALL_NONE ? 0
                     : l->parent == 0       ? c[0].rt
                                            : call_finish(&c[l->parent]);
    for (size_t i = 0; i < l->n; i++)
        if (call_finish(&c[l->calls[i]]) > latest)
            latest = call_finish(&c[l->calls[i]]);
    return latest;
}

static void fill_header(struct maker *m, struct layer *l)
{
    const struct call *c = m->g->calls, *first = &c[l->calls[0]];
    struct header *h = &l->header;
    bool is_root = l->parent == CALL_NONE;
    size_t edges = 0;
    unsigned deepest = first->level;
    for (size_t i = 0; i < l->n; i++) {
        edges += m->end[l->calls[i]] - l->calls[i];
        if (m->deepest[l->calls[i]] > deepest)
            deepest = m->deepest[l->calls[i]];
    }
    h->keys = HEAD_ALL;
    h->text[HEAD_ID] = name_text(m, m->g->service);
    h->text[HEAD_START_NODE] = name_text(m, first->src);
    h->text[HEAD_CALLER] = is_root ? STR("None") : name_text(m, c[l->parent].src);
    if (is_root && str_is(h->text[HEAD_START_NODE], "USER"))
        h->keys &= ~(1u << HEAD_CALLER);
    h->number[HEAD_NUM_EDGES] = (int64_t)edges;
    h->number[HEAD_START_EDGE_ID] = first->id;
    h->number[HEAD_START_AT] = first->start;
    h->number[HEAD_LATENCY] = latency_of(m, l);
    h->number[HEAD_NUM_SUBGRAPHS] = (int64_t)l->n_subs;
    h->number[HEAD_DEPTH] = deepest - first->level;
    h->number[HEAD_NUM_CURRENT] = (int64_t)l->n;
}

static struct layer *new_layer(struct maker *m, uint32_t parent, uint32_t *calls, size_t n)
{
    struct layer *l = ARENA_NEW(m->arena, struct layer);
    l->parent = parent;
    l->calls = calls;
    l->n = n;
    return l;
}

static void list_layer(struct maker *m, struct layer *l)
{
    MEM_GROW(m->made, m->n_made, m->cap);
    m->made[m->n_made++] = l;
    for (size_t i = 0; l->split && i < l->n_subs; i++)
        list_layer(m, (struct layer *)l->subs[i]);
}

static struct layer *merge(struct maker *m, struct layer **parts, size_t n)
{
    if (n == 1)
        return parts[0];
    size_t calls = 0;
    for (size_t i = 0; i < n; i++)
        calls += parts[i]->n;
    /* Parts are neighbours in one list of calls. */
    struct layer *l = new_layer(m, parts[0]->parent, parts[0]->calls, calls);
    l->split = true;
    l->n_subs = n;
    l->subs = ARENA_ARRAY(m->arena, n, const struct layer *);
    for (size_t i = 0; i < n; i++)
        l->subs[i] = parts[i];
    return l;
}

static struct layer *split_wide(struct maker *m, uint32_t parent, uint32_t *calls, size_t n)
{
    size_t most = m->rng ? 13 + rng_below(m->rng, 3) : LAYER_WIDEST, parts = 0;
    struct layer **part = ARENA_ARRAY(m->arena, n / most + 1, struct layer *);
    for (size_t i = 0; i < n; i += most)
        part[parts++] = new_layer(m, parent, calls + i, n - i < most ? n - i : most);
    while (parts > LAYER_GROUP) {
        size_t groups = 0;
        for (size_t i = 0; i < parts; i += LAYER_GROUP)
            part[groups++] = merge(m, part + i, parts - i < LAYER_GROUP ? parts - i : LAYER_GROUP);
        parts = groups;
    }
    return merge(m, part, parts);
}

static void make_layer(struct maker *m, uint32_t parent)
{
    const struct callgraph *g = m->g;
    size_t from = parent == CALL_NONE ? 0 : parent + (size_t)1, n = 0;
    size_t to = parent == CALL_NONE ? g->n : m->end[parent];
    for (size_t i = from; i < to; i = m->end[i])
        n++;
    if (n == 0)
        return;
    uint32_t *calls = ARENA_ARRAY(m->arena, n, uint32_t);
    n = 0;
    for (size_t i = from; i < to; i = m->end[i])
        calls[n++] = (uint32_t)i;
    struct layer *l =
        n > LAYER_WIDEST ? split_wide(m, parent, calls, n) : new_layer(m, parent, calls, n);
    list_layer(m, l);
    if (parent != CALL_NONE)
        m->top[parent] = l;
}

static void link_subs(struct maker *m, struct layer *l)
{
    if (l->split)
        return;
    l->subs = ARENA_ARRAY(m->arena, l->n, const struct layer *);
    for (size_t i = 0; i < l->n; i++)
        if (m->top[l->calls[i]])
            l->subs[l->n_subs++] = m->top[l->calls[i]];
}

/* Counting sort by first call, stable: an outer layer was made before its first part. */
struct layers layers_of(const struct callgraph *g, const struct names *names, gsl_rng *rng,
                        struct arena *arena)
{
    struct maker m = { .g = g, .names = names, .rng = rng, .arena = arena };
    m.end = ARENA_ARRAY(arena, g->n, size_t);
    m.deepest = ARENA_ARRAY(arena, g->n, uint16_t);
    m.top = ARENA_ARRAY(arena, g->n, struct layer *);
    measure(&m);
    make_layer(&m, CALL_NONE);
    for (size_t i = 0; i < g->n; i++)
        make_layer(&m, (uint32_t)i);
    struct layers all = { .at = ARENA_ARRAY(arena, m.n_made, const struct layer *), .n = m.n_made };
    size_t *next = mem_array(g->n + 1, sizeof *next);
    for (size_t i = 0; i < m.n_made; i++) {
        link_subs(&m, m.made[i]);
        fill_header(&m, m.made[i]);
        next[m.made[i]->calls[0] + 1]++;
    }
    for (size_t i = 0; i < g->n; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < m.n_made; i++)
        all.at[next[m.made[i]->calls[0]]++] = m.made[i];
    free(next);
    free(m.made);
    return all;
}
