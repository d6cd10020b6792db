/* callgraph.c: see the header. A graph is an array in pre-order, so every question about trees
 * is a scan that watches levels:
 *
 *     level   0  1  2  2  1        the subtree of call 1 ends where a level <= 1 comes next
 *     index   0  1  2  3  4
 */
#include "trace/callgraph.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

const char *const callgraph_fault_names[GRAPH_FAULTS] = {
    [GRAPH_GOOD] = "good",
    [GRAPH_EMPTY] = "no calls",
    [GRAPH_NOT_TREE] = "levels do not describe a tree",
    [GRAPH_ID_ORDER] = "sibling ids do not ascend",
    [GRAPH_SRC_MISMATCH] = "caller is not the parent's callee",
    [GRAPH_TIME_NEGATIVE] = "start or response time negative or too large",
    [GRAPH_FINISH_AFTER_PARENT] = "finishes after its parent",
};

static const char *const type_names[CALL_TYPES] = { "http", "rpc", "db", "mc", "mq", "other" };

const char *call_type_name(enum call_type t)
{
    REQUIRE(t < CALL_TYPES);
    return type_names[t];
}

bool call_type_parse(struct str s, enum call_type *t)
{
    for (int i = 0; i < CALL_OTHER; i++)
        if (str_is(s, type_names[i])) {
            *t = (enum call_type)i;
            return true;
        }
    return false;
}

struct graphset *graphset_new(void)
{
    struct graphset *s = mem_alloc(sizeof *s);
    s->arena = arena_new();
    s->names = names_new();
    s->tick_us = 1000;
    return s;
}

/* A selection borrows names and calls; it has no arena of its own. */
void graphset_free(struct graphset *s)
{
    if (!s)
        return;
    if (s->arena) {
        arena_free(s->arena);
        names_free(s->names);
    }
    free(s->graphs);
    free(s->weight);
    free(s);
}

static struct callgraph *append(struct graphset *s)
{
    MEM_GROW(s->graphs, s->n, s->cap);
    if (s->weight) {
        s->weight = mem_resize(s->weight, s->cap, sizeof *s->weight);
        s->weight[s->n] = 1;
    }
    return &s->graphs[s->n++];
}

struct callgraph *graphset_add(struct graphset *s, size_t n)
{
    REQUIRE(s->arena && n >= 1);
    struct callgraph *g = append(s);
    *g = (struct callgraph){ .trace_id = NAMES_NONE, .timed = true, .n = n,
                             .calls = ARENA_ARRAY(s->arena, n, struct call) };
    for (size_t i = 0; i < n; i++)
        g->calls[i].interface = NAMES_NONE;
    return g;
}

static uint32_t carry(struct names *to, const struct names *from, uint32_t id)
{
    return id == NAMES_NONE || !from || from == to ? id : names_id(to, names_str(from, id));
}

struct callgraph *graphset_copy(struct graphset *s, const struct callgraph *g,
                                const struct names *from)
{
    struct callgraph whole = *g;   /* g may lie in s->graphs, which the add can move */
    struct callgraph *c = graphset_add(s, whole.n);
    struct call *calls = c->calls;
    *c = whole;
    c->calls = calls;
    memcpy(calls, whole.calls, whole.n * sizeof *calls);
    c->service = carry(s->names, from, whole.service);
    c->trace_id = carry(s->names, from, whole.trace_id);
    for (size_t i = 0; i < whole.n; i++) {
        calls[i].src = carry(s->names, from, calls[i].src);
        calls[i].dst = carry(s->names, from, calls[i].dst);
        calls[i].interface = carry(s->names, from, calls[i].interface);
    }
    return c;
}

struct graphset *graphset_select(const struct graphset *s, const size_t *index, size_t n)
{
    struct graphset *t = mem_alloc(sizeof *t);
    *t = (struct graphset){ .names = s->names, .tick_us = s->tick_us, .n = n, .cap = n };
    t->graphs = mem_array(n, sizeof *t->graphs);
    t->weight = s->weight ? mem_array(n, sizeof *t->weight) : NULL;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(index[i] < s->n);
        t->graphs[i] = s->graphs[index[i]];
        if (t->weight)
            t->weight[i] = s->weight[index[i]];
    }
    return t;
}

size_t callgraph_depth(const struct callgraph *g)
{
    size_t deepest = 0;
    for (size_t i = 0; i < g->n; i++)
        if (g->calls[i].level > deepest)
            deepest = g->calls[i].level;
    return deepest + 1;
}

size_t callgraph_end(const struct callgraph *g, size_t i)
{
    size_t j = i + 1;
    while (j < g->n && g->calls[j].level > g->calls[i].level)
        j++;
    return j;
}

size_t callgraph_children(const struct callgraph *g, size_t i)
{
    size_t n = 0;
    for (size_t j = i + 1; j < g->n && g->calls[j].level > g->calls[i].level; j++)
        n += g->calls[j].parent == i;
    return n;
}

void callgraph_rpcid(const struct callgraph *g, size_t i, struct buf *b)
{
    if (g->calls[i].parent != CALL_NONE) {
        callgraph_rpcid(g, g->calls[i].parent, b);
        buf_char(b, '.');
    }
    buf_u64(b, g->calls[i].id);
}

static uint64_t add_name(uint64_t h, const struct names *names, uint32_t id)
{
    struct str s = names_str(names, id);
    return hash64_mix(h, hash64(s.p, s.n, 1));
}

static uint64_t hash_graph(const struct callgraph *g, const struct names *names, bool full)
{
    uint64_t h = add_name(full ? 2 : 3, names, g->service);
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        h = hash64_mix(h, (uint64_t)c->level << 8 | c->type);
        h = add_name(add_name(h, names, c->src), names, c->dst);
        if (full) {
            h = hash64_mix(h, c->id);
            h = hash64_mix(h, (uint64_t)c->start);
            h = hash64_mix(h, (uint64_t)c->rt);
        }
    }
    return h;
}

uint64_t callgraph_hash_structure(const struct callgraph *g, const struct names *names)
{
    return hash_graph(g, names, false);
}

uint64_t callgraph_hash_full(const struct callgraph *g, const struct names *names)
{
    return hash_graph(g, names, true);
}

static bool same_name(const struct names *na, uint32_t a, const struct names *nb, uint32_t b)
{
    if (a == NAMES_NONE || b == NAMES_NONE)
        return a == b;
    return str_eq(names_str(na, a), names_str(nb, b));
}

bool callgraph_same(const struct callgraph *a, const struct names *na,
                    const struct callgraph *b, const struct names *nb)
{
    if (a->n != b->n || a->timed != b->timed || !same_name(na, a->service, nb, b->service))
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct call *x = &a->calls[i], *y = &b->calls[i];
        if (x->parent != y->parent || x->id != y->id || x->level != y->level ||
            x->type != y->type || x->kind != y->kind || x->status != y->status ||
            x->async != y->async || x->start != y->start || x->rt != y->rt ||
            !same_name(na, x->src, nb, y->src) || !same_name(na, x->dst, nb, y->dst) ||
            !same_name(na, x->interface, nb, y->interface))
            return false;
    }
    return true;
}

void callgraph_arrive(struct callgraph *g)
{
    g->arrival = g->calls[0].start;
    for (size_t i = 1; i < g->n; i++)
        g->arrival = g->calls[i].start < g->arrival ? g->calls[i].start : g->arrival;
    for (size_t i = 0; i < g->n; i++)
        g->calls[i].start -= g->arrival;
}

bool callgraph_link(struct callgraph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        struct call *c = &g->calls[i];
        if (i == 0) {
            c->parent = CALL_NONE;
            if (c->level != 0)
                return false;
            continue;
        }
        if (c->level == 0 || c->level > g->calls[i - 1].level + 1)
            return false;
        uint32_t p = (uint32_t)i - 1;   /* climb from the previous call to one level above ours */
        while (g->calls[p].level >= c->level)
            p = g->calls[p].parent;
        c->parent = p;
    }
    return g->n > 0;
}

static bool is_tree(const struct callgraph *g, size_t i)
{
    const struct call *c = &g->calls[i];
    if (i == 0)
        return c->level == 0 && c->parent == CALL_NONE;
    if (c->parent >= i || c->level == 0 || c->level > g->calls[i - 1].level + 1)
        return false;
    uint32_t p = (uint32_t)i - 1;
    while (p && g->calls[p].level >= c->level)
        p = g->calls[p].parent;
    return c->parent == p;
}

/* The ids of call i and of its previous sibling, if any, ascend. */
static bool id_ascends(const struct callgraph *g, size_t i)
{
    const struct call *c = &g->calls[i];
    for (size_t j = i; j-- > c->parent + (size_t)1;)
        if (g->calls[j].level == c->level)
            return g->calls[j].id < c->id;
    return true;
}

static enum callgraph_fault check_call(const struct callgraph *g, size_t i)
{
    const struct call *c = &g->calls[i];
    if (!is_tree(g, i))
        return GRAPH_NOT_TREE;
    if (c->start < 0 || c->rt < 0 || c->rt > INT64_MAX - c->start)
        return GRAPH_TIME_NEGATIVE;
    if (i == 0)
        return GRAPH_GOOD;
    const struct call *p = &g->calls[c->parent];
    if (!id_ascends(g, i))
        return GRAPH_ID_ORDER;
    if (c->src != p->dst)
        return GRAPH_SRC_MISMATCH;
    if (!c->async && call_finish(c) > call_finish(p))
        return GRAPH_FINISH_AFTER_PARENT;
    return GRAPH_GOOD;
}

enum callgraph_fault callgraph_check(const struct callgraph *g, size_t *at)
{
    if (g->n == 0)
        return GRAPH_EMPTY;
    for (size_t i = 0; i < g->n; i++) {
        enum callgraph_fault f = check_call(g, i);
        if (f != GRAPH_GOOD) {
            if (at)
                *at = i;
            return f;
        }
    }
    return GRAPH_GOOD;
}
