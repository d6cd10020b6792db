/* orders.c: see the header. A family is named by its parent and the multiset of its calls; recorded
 * ones are sorted by that and by their order, so that equal orders are a run within a run. */
#include "gen/orders.h"

#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/rng.h"
#include "gen/call_hash.h"

struct family {
    uint64_t key, order;       /* which calls (first, for keys_lower), and in which order */
    uint32_t graph, parent;
};

struct orders {
    const struct graphset *s;
    uint64_t *name;            /* (names) hashes of spellings */
    struct family *at;         /* (n) sorted */
    size_t n, cap;
};

/* A graph as lists of children, which can be put in another order. */
struct lists {
    const struct callgraph *g;
    uint64_t *own;             /* (calls) */
    uint32_t *head, *next;     /* (calls) CALL_NONE at an end */
};

static struct lists lists_of(const struct callgraph *g, const uint64_t *name)
{
    struct lists l = { g, mem_array(g->n, sizeof *l.own), mem_array(g->n, sizeof *l.head),
                       mem_array(g->n, sizeof *l.next) };
    for (size_t k = 0; k < g->n; k++) {
        l.own[k] = call_hash(&g->calls[k], name);
        l.head[k] = l.next[k] = CALL_NONE;
    }
    for (size_t k = g->n; k-- > 1;) {     /* from the back, so that lists run forward */
        uint32_t p = g->calls[k].parent;
        l.next[k] = l.head[p];
        l.head[p] = (uint32_t)k;
    }
    return l;
}

static void lists_free(struct lists *l)
{
    free(l->own);
    free(l->head);
    free(l->next);
}

/* ---- families ---- */

struct member {
    uint64_t own;
    uint32_t place, call;
};

struct members {
    struct member *at;
    size_t n, cap;
};

static int by_own(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->own != y->own)
        return x->own < y->own ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void members_of(const struct lists *l, uint32_t parent, struct members *m)
{
    m->n = 0;
    for (uint32_t c = l->head[parent]; c != CALL_NONE; c = l->next[c]) {
        MEM_GROW(m->at, m->n, m->cap);
        m->at[m->n] = (struct member){ l->own[c], (uint32_t)m->n, c };
        m->n++;
    }
}

/* Name the family and leave its members sorted. False: it has no order to speak of. */
static bool name_family(const struct lists *l, uint32_t parent, struct members *m,
                        struct family *f)
{
    members_of(l, parent, m);
    if (m->n < 2)
        return false;
    f->order = m->n;
    for (size_t i = 0; i < m->n; i++)
        f->order = hash64_mix(f->order, m->at[i].own);
    qsort(m->at, m->n, sizeof *m->at, by_own);
    f->key = hash64_mix(l->own[parent], m->n);
    for (size_t i = 0; i < m->n; i++)
        f->key = hash64_mix(f->key, m->at[i].own);
    f->parent = parent;
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct family *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->graph != y->graph)
        return x->graph < y->graph ? -1 : 1;
    return (x->parent > y->parent) - (x->parent < y->parent);
}

struct orders *orders_learn(const struct graphset *s)
{
    struct orders *o = mem_alloc(sizeof *o);
    struct members m = { 0 };
    o->s = s;
    o->name = call_hash_names(s->names);
    for (size_t i = 0; i < s->n; i++) {
        struct lists l = lists_of(&s->graphs[i], o->name);
        struct family f = { .graph = (uint32_t)i };
        for (uint32_t k = 0; k < s->graphs[i].n; k++)
            if (name_family(&l, k, &m, &f)) {
                MEM_GROW(o->at, o->n, o->cap);
                o->at[o->n++] = f;
            }
        lists_free(&l);
    }
    if (o->n)
        qsort(o->at, o->n, sizeof *o->at, by_key);
    free(m.at);
    return o;
}

void orders_free(struct orders *o)
{
    if (!o)
        return;
    free(o->name);
    free(o->at);
    free(o);
}

/* ---- another order ---- */

/* The first of the longest run of one order within at[from..to). */
static const struct family *usual(const struct family *at, size_t from, size_t to)
{
    const struct family *best = &at[from];
    for (size_t i = from, most = 0; i < to;) {
        size_t k = i;
        while (k < to && at[k].order == at[i].order)
            k++;
        if (k - i > most) {
            most = k - i;
            best = &at[i];
        }
        i = k;
    }
    return best;
}

static const struct family *choose(const struct orders *o, uint64_t key, gsl_rng *rng)
{
    size_t from = keys_lower(o->at, o->n, sizeof *o->at, key), to = from;
    while (to < o->n && o->at[to].key == key)
        to++;
    if (from == to)
        return NULL;
    return rng ? &o->at[from + rng_below(rng, to - from)] : usual(o->at, from, to);
}

/* Who comes when: the i-th of the sorted members of one family is as the i-th of the other. */
static void reorder(struct lists *l, uint32_t parent, const struct members *mine,
                    const struct members *like)
{
    uint32_t *call = mem_array(mine->n, sizeof *call);
    for (size_t i = 0; i < mine->n; i++)
        call[like->at[i].place] = mine->at[i].call;
    l->head[parent] = call[0];
    for (size_t i = 0; i < mine->n; i++)
        l->next[call[i]] = i + 1 < mine->n ? call[i + 1] : CALL_NONE;
    free(call);
}

/* Write the graph of the lists to out's calls, in pre-order. */
static void walk(const struct lists *l, struct callgraph *out)
{
    uint32_t *place = mem_array(l->g->n, sizeof *place);
    uint32_t *children = mem_array(l->g->n, sizeof *children);
    size_t to = 0;
    for (uint32_t k = 0; k != CALL_NONE;) {
        struct call c = l->g->calls[k];
        place[k] = (uint32_t)to;
        if (to) {
            c.id = ++children[c.parent];
            c.parent = place[c.parent];
        }
        out->calls[to++] = c;
        uint32_t next = l->head[k];
        while (next == CALL_NONE && k != 0) {
            next = l->next[k];
            k = l->g->calls[k].parent;
        }
        k = next;
    }
    free(place);
    free(children);
}

/* rng NULL: the most frequent order. The calls of g are replaced by copies in out. */
static void order_graph(const struct orders *o, const struct callgraph *g, const uint64_t *name,
                        gsl_rng *rng, struct callgraph *out)
{
    struct lists l = lists_of(g, name);
    struct members mine = { 0 }, like = { 0 };
    struct family f = { 0 }, ignored = { 0 };
    for (uint32_t k = 0; k < g->n; k++) {
        const struct family *d = name_family(&l, k, &mine, &f) ? choose(o, f.key, rng) : NULL;
        if (!d || d->order == f.order)
            continue;
        struct lists from = lists_of(&o->s->graphs[d->graph], o->name);
        if (name_family(&from, d->parent, &like, &ignored) && like.n == mine.n)
            reorder(&l, k, &mine, &like);
        lists_free(&from);
    }
    walk(&l, out);
    lists_free(&l);
    free(mine.at);
    free(like.at);
}

/* All graphs of s, in place. */
static void order_set(const struct orders *o, struct graphset *s, bool draw, uint64_t seed)
{
    uint64_t *name = call_hash_names(s->names);
    gsl_rng *rng = rng_stream(seed, "orders", 0);
    for (size_t i = 0; i < s->n; i++) {
        struct callgraph *g = &s->graphs[i], from = *g;
        from.calls = mem_array(g->n, sizeof *from.calls);
        memcpy(from.calls, g->calls, g->n * sizeof *from.calls);
        rng_restart(rng, seed, "orders", i);
        order_graph(o, &from, name, draw ? rng : NULL, g);
        free(from.calls);
    }
    gsl_rng_free(rng);
    free(name);
}

struct graphset *orders_usual(const struct orders *o)
{
    struct graphset *out = graphset_new();
    out->tick_us = o->s->tick_us;
    for (size_t i = 0; i < o->s->n; i++)
        graphset_copy(out, &o->s->graphs[i], o->s->names);
    order_set(o, out, false, 0);
    return out;
}

void orders_draw(const struct orders *o, struct graphset *s, uint64_t seed)
{
    order_set(o, s, true, seed);
}
