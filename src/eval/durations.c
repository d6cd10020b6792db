/* durations.c: both sides on common positions, so that a re-draw is one pass over weights.
 *
 *     times of a    .   : .                 x[0..n)   distinct times of both, ascending
 *     times of b      . :    .              at[side][i]   which of them time i of a side is
 */
#include "eval/durations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stats/distance.h"
#include "stats/resample.h"
#include "stats/sort.h"

const char *const durations_names[DURATIONS] = { "trace", "call", "start" };

struct times {
    size_t n, cap, graph_cap;
    double *x;
    size_t *graph;
};

static void take(struct times *t, const struct graphset *s, size_t graph, int64_t ticks)
{
    MEM_RESERVE(t->x, t->n + 1, t->cap);
    MEM_RESERVE(t->graph, t->n + 1, t->graph_cap);
    t->x[t->n] = log2(1 + 1e-3 * (double)ticks * (double)s->tick_us);
    t->graph[t->n++] = graph;
}

static struct times times_of(const struct graphset *s, enum durations_of what)
{
    struct times t = { 0 };
    for (size_t i = 0; i < s->n; i++) {
        const struct callgraph *g = &s->graphs[i];
        for (size_t k = what == DURATIONS_START; k < (what == DURATIONS_TRACE ? 1 : g->n); k++) {
            const struct call *c = &g->calls[k];
            int64_t since = what == DURATIONS_START ? c->start - g->calls[c->parent].start : c->rt;
            take(&t, s, i, since > 0 ? since : 0);
        }
    }
    return t;
}

struct pair {
    size_t n, *at[2];
    struct times t[2];
    double *x, *p[2];
};

/* The position of a time that is there. */
static size_t position(const struct pair *x, double time)
{
    size_t lo = 0, hi = x->n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->x[mid] <= time)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static struct pair pair_new(const struct graphset *a, const struct graphset *b,
                            enum durations_of what)
{
    struct pair x = { .t = { times_of(a, what), times_of(b, what) } };
    size_t n = x.t[0].n + x.t[1].n;
    x.x = mem_array(n + 1, sizeof *x.x);
    for (int side = 0; side < 2; side++)
        if (x.t[side].n)
            memcpy(x.x + (side ? x.t[0].n : 0), x.t[side].x, x.t[side].n * sizeof *x.x);
    sort_doubles(x.x, n);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || x.x[i] > x.x[x.n - 1])
            x.x[x.n++] = x.x[i];
    for (int side = 0; side < 2; side++) {
        x.p[side] = mem_array(x.n + 1, sizeof(double));
        x.at[side] = mem_array(x.t[side].n + 1, sizeof(size_t));
        for (size_t i = 0; i < x.t[side].n; i++)
            x.at[side][i] = position(&x, x.t[side].x[i]);
    }
    return x;
}

static void pair_free(struct pair *x)
{
    for (int side = 0; side < 2; side++) {
        free(x->t[side].x);
        free(x->t[side].graph);
        free(x->at[side]);
        free(x->p[side]);
    }
    free(x->x);
}

/* w[side]: weights of the graphs. */
static struct distance distance_of(const struct pair *x, double *const w[2])
{
    for (int side = 0; side < 2; side++) {
        memset(x->p[side], 0, x->n * sizeof(double));
        for (size_t i = 0; i < x->t[side].n; i++)
            x->p[side][x->at[side][i]] += w[side][x->t[side].graph[i]];
    }
    return distance_weighted(x->x, x->p[0], x->p[1], x->n);
}

static double *ones(size_t n)
{
    double *w = mem_array(n + 1, sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = 1;
    return w;
}

struct durations durations_compare(const struct graphset *a, const struct graphset *b,
                                   enum durations_of what, size_t redraws, uint64_t seed)
{
    const struct graphset *s[2] = { a, b };
    struct pair x = pair_new(a, b, what);
    double *base[2] = { ones(a->n), ones(b->n) }, *w[2] = { ones(a->n), ones(b->n) };
    double *draws = mem_array(redraws + 1, sizeof *draws);
    struct distance at = distance_of(&x, base);
    for (size_t k = 0; k < redraws; k++) {
        gsl_rng *rng = rng_stream(seed, "durations", k);
        for (int side = 0; side < 2; side++)
            resample_bootstrap(rng, base[side], s[side]->n, 0, w[side]);
        gsl_rng_free(rng);
        draws[k] = distance_of(&x, w).w1;
    }
    struct durations d = { at.ks, interval_centred(at.w1, draws, redraws, 0, INFINITY) };
    d.w1.n = b->n;
    for (int side = 0; side < 2; side++) {
        free(base[side]);
        free(w[side]);
    }
    free(draws);
    pair_free(&x);
    return d;
}
