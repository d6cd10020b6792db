/* augment.c: neighbours change places in one pass over the calls, then times are laid out anew.
 *
 *     first            second           end
 *     | A and below    | B and below    |      B moves to A's start, A to B's finish less its own
 *                                              duration: both together fill the time they filled
 */
#include "gen/augment.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"

struct augment_order {
    uint64_t *pair;        /* (n) keys of adjacent siblings that were seen, ascending */
    size_t n, cap;
};

static uint64_t name_key(const struct names *names, uint32_t name)
{
    struct str s = names_str(names, name);
    return hash64(s.p, s.n, 3);
}

/* Caller, then the two calls in the order in which they come. */
static uint64_t pair_key(const struct callgraph *g, const struct names *names, size_t a, size_t b)
{
    uint64_t h = name_key(names, g->calls[a].src);
    h = hash64_mix(hash64_mix(h, g->calls[a].type), name_key(names, g->calls[a].dst));
    return hash64_mix(hash64_mix(h, g->calls[b].type), name_key(names, g->calls[b].dst));
}

/* The sibling that follows call i, or 0. */
static size_t next_sibling(const struct callgraph *g, size_t i)
{
    size_t j = callgraph_end(g, i);
    return i && j < g->n && g->calls[j].level == g->calls[i].level ? j : 0;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct augment_order *augment_learn(const struct graphset *s)
{
    struct augment_order *o = mem_alloc(sizeof *o);
    for (size_t i = 0; i < s->n; i++)
        for (size_t a = 1; a < s->graphs[i].n; a++) {
            size_t b = next_sibling(&s->graphs[i], a);
            if (!b)
                continue;
            MEM_GROW(o->pair, o->n, o->cap);
            o->pair[o->n++] = pair_key(&s->graphs[i], s->names, a, b);
        }
    if (o->n)
        qsort(o->pair, o->n, sizeof *o->pair, by_key);
    return o;
}

void augment_free(struct augment_order *o)
{
    if (!o)
        return;
    free(o->pair);
    free(o);
}

/* Seen the other way round too? (The order at hand was.) */
static bool exchangeable(const struct augment_order *o, const struct callgraph *g,
                         const struct names *names, size_t a, size_t b)
{
    uint64_t key = pair_key(g, names, b, a);
    return o->n && (g->calls[a].dst != g->calls[b].dst || g->calls[a].type != g->calls[b].type) &&
           bsearch(&key, o->pair, o->n, sizeof key, by_key);
}

static void shift(struct call *c, size_t n, int64_t by, size_t from, size_t to)
{
    for (size_t i = 0; i < n; i++) {
        c[i].start += by;
        if (i)
            c[i].parent = (uint32_t)(c[i].parent + to - from);
    }
}

/* Exchange the subtrees at a and b = next_sibling(a), if times allow. True: A begins at the index
 * that is returned; 0: all is as it was. */
static size_t exchange(struct callgraph *g, size_t a, size_t b, struct call *room)
{
    struct call *c = g->calls;
    size_t end = callgraph_end(g, b), na = b - a, nb = end - b, third = next_sibling(g, b);
    int64_t late = call_finish(&c[b]) - c[a].rt;   /* A's new start */
    if (late < c[a].start || (third && late > c[third].start))
        return 0;
    uint32_t first = c[a].id, second = c[b].id;
    int64_t up = late - c[a].start, down = c[a].start - c[b].start;
    for (size_t i = 0; i < na; i++)
        room[i] = c[a + i];
    for (size_t i = 0; i < nb; i++)
        c[a + i] = c[b + i];
    for (size_t i = 0; i < na; i++)
        c[a + nb + i] = room[i];
    shift(c + a, nb, down, b, a);
    shift(c + a + nb, na, up, a, a + nb);
    c[a].id = first;
    c[a + nb].id = second;
    return a + nb;
}

/* A call that moved back meets its next neighbour in turn, so it may wander. */
static void shuffle(struct callgraph *g, const struct names *names, const struct augment_order *o,
                    double share, gsl_rng *rng)
{
    struct call *room = mem_array(g->n, sizeof *room);
    for (size_t a = 1; a < g->n; a++) {
        size_t b;
        while ((b = next_sibling(g, a)) && exchangeable(o, g, names, a, b) &&
               rng_unit(rng) < share && exchange(g, a, b, room))
            a = callgraph_end(g, a);   /* B stands where A stood; A is next */
    }
    free(room);
}

/* Factors from 1/4 to 4. What a double cannot hold (a century of milliseconds) is left as it is. */
static int64_t times(int64_t x, double sd, gsl_rng *rng)
{
    double f = exp(gsl_ran_gaussian(rng, sd));
    f = f < 0.25 ? 0.25 : f > 4 ? 4 : f;
    return llabs(x) > 1LL << 50 ? x : llround((double)x * f);
}

/* Where the bounds cross, the upper one counts. */
static int64_t within(int64_t x, int64_t lo, int64_t hi)
{
    return x > hi ? hi : x >= lo ? x : lo < hi ? lo : hi;
}

/* Gaps count from the elder sibling's finish or the parent's start; both were moved before. */
static void jitter(struct callgraph *g, double sd, gsl_rng *rng)
{
    struct call *old = mem_array(g->n, sizeof *old);
    size_t *elder = mem_array(g->n, sizeof *elder);   /* by level: the latest call there */
    for (size_t i = 0; i < g->n; i++)
        old[i] = g->calls[i];
    for (size_t i = 1; i < g->n; i++) {
        struct call *c = &g->calls[i];
        const struct call *p = &g->calls[c->parent];
        size_t e = elder[c->level];
        bool has = e > c->parent;
        int64_t base = has ? call_finish(&g->calls[e]) : p->start;
        int64_t gap = c->start - (has ? call_finish(&old[e]) : old[c->parent].start);
        int64_t least = has ? g->calls[e].start : p->start;
        int64_t most = c->async ? INT64_MAX / 2 : call_finish(p);
        c->start = within(base + times(gap, sd, rng), least, most);
        c->rt = within(times(c->rt, sd, rng), 0, most - c->start);
        elder[c->level] = i;
    }
    free(elder);
    free(old);
}

void augment_graph(struct callgraph *g, const struct names *names, const struct augment_order *o,
                   const struct augment *a, gsl_rng *rng)
{
    if (a->shuffle > 0 && o)
        shuffle(g, names, o, a->shuffle, rng);
    if (a->jitter > 0 && g->timed)
        jitter(g, a->jitter, rng);
}
