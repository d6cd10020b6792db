/* times.c: see the header.
 *
 * Recorded calls are sorted once by place, once a level of narrowness; a place is then a run of
 * the list. Dividing the room and not drawing lengths is what keeps a parent's own time right: the
 * little that it does after its last call would drown in the error of lengths drawn one by one.
 */
#include "gen/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "base/keys.h"
#include "base/rng.h"
#include "base/threads.h"
#include "gen/call_hash.h"
#include "gen/place.h"

enum { NEAREST = 6, SCANNED = 400, SCALED = 100 };
/* The room counts most: where no donor had as much, its parts are drawn out to fill it. */
static const double x_weight[XS] = { 2, 0.5, 0.5, 0.25, 1, 1, 0.5, 0.5 };
static const size_t donors_least[PLACES] = { 30, 20, 10, 4, 1, 1 };
static const double jitter = 0.05;        /* sd of the logarithms of the factors */

struct donor {
    uint64_t place;                       /* first, for keys_lower */
    uint32_t graph, call;
};

struct place_list {                       /* of one level */
    struct donor *at;                     /* (n) by place, then graph and call */
};

struct times {
    const struct graphset *s;
    uint64_t *name;                       /* (names) hashes of spellings */
    size_t n, *first;                     /* calls; of graph i the number of its first */
    float (*x)[XS];                       /* (n) circumstances */
    struct place_list level[PLACES];
    int64_t grain;
};

/* ---- learning ---- */

static int by_place(const void *a, const void *b)
{
    const struct donor *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    if (x->graph != y->graph)
        return x->graph < y->graph ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

int64_t times_gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static void learn_graph(struct times *t, size_t i)
{
    const struct callgraph *g = &t->s->graphs[i];
    struct kin *kin = place_kin(g, t->name);
    uint64_t place[PLACES];
    struct pace pace = { 0 };
    for (size_t k = 0; k < g->n; k++) {
        size_t at = t->first[i] + k;
        place_circumstances(g, kin, k, &pace, t->x[at]);
        place_note(g, kin, k, &pace);
        place_names(g, kin, k, place);
        for (size_t l = 0; l < PLACES; l++)
            t->level[l].at[at] = (struct donor){ place[l], (uint32_t)i, (uint32_t)k };
        t->grain = times_gcd(times_gcd(t->grain, g->calls[k].rt), g->calls[k].start);
    }
    free(kin);
}

static void sort_level(void *ctx, size_t item, size_t worker)
{
    struct times *t = ctx;
    (void)worker;
    qsort(t->level[item].at, t->n, sizeof(struct donor), by_place);
}

struct times *times_learn(const struct graphset *s)
{
    struct times *t = mem_alloc(sizeof *t);
    t->s = s;
    t->name = call_hash_names(s->names);
    t->first = mem_array(s->n, sizeof *t->first);
    for (size_t i = 0; i < s->n; i++) {
        t->first[i] = t->n;
        t->n += s->graphs[i].timed ? s->graphs[i].n : 0;
    }
    REQUIRE(t->n > 0);
    t->x = mem_array(t->n, sizeof *t->x);
    for (size_t l = 0; l < PLACES; l++)
        t->level[l].at = mem_array(t->n, sizeof(struct donor));
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].timed)
            learn_graph(t, i);
    t->grain = t->grain > 0 ? t->grain : 1;
    threads_for(0, PLACES, sort_level, t);
    return t;
}

void times_free(struct times *t)
{
    if (!t)
        return;
    for (size_t l = 0; l < PLACES; l++)
        free(t->level[l].at);
    free(t->name);
    free(t->first);
    free(t->x);
    free(t);
}

int64_t times_grain(const struct times *t)
{
    return t->grain;
}

/* ---- a donor ---- */

/* The run of donors of the narrowest place that has enough of them. */
static const struct donor *donors_of(const struct times *t, const uint64_t place[PLACES],
                                     size_t *n)
{
    const struct donor *widest = t->level[PLACES - 1].at;
    for (size_t l = 0; l < PLACES; l++) {
        const struct donor *at = t->level[l].at;
        size_t from = keys_lower(at, t->n, sizeof *at, place[l]);
        *n = from < t->n && at[from].place == place[l]
             ? keys_lower(at, t->n, sizeof *at, place[l] + 1) - from : 0;
        if (*n >= donors_least[l])
            return at + from;
    }
    *n = t->n;                            /* nobody was ever in such a place */
    return widest;
}

static const float *x_of(const struct times *t, const struct donor *d)
{
    return t->x[t->first[d->graph] + d->call];
}

/* Weight over variance of each circumstance, 0 where the donors are all alike. */
static void scales(const struct times *t, const struct donor *at, size_t n, double scale[XS])
{
    double sum[XS] = { 0 }, square[XS] = { 0 }, seen = 0;
    size_t step = (n + SCALED - 1) / SCALED;
    const float *origin = x_of(t, at);
    for (size_t i = 0; i < n; i += step, seen++)
        for (size_t j = 0; j < XS; j++) {
            double v = (double)x_of(t, &at[i])[j] - (double)origin[j];
            sum[j] += v;
            square[j] += v * v;
        }
    for (size_t j = 0; j < XS; j++) {
        double var = square[j] / seen - sum[j] / seen * (sum[j] / seen);
        scale[j] = var > 1e-9 ? x_weight[j] * x_weight[j] / var : 0;
    }
}

struct near {
    double d[NEAREST];
    const struct donor *at[NEAREST];
    size_t n;
};

static void offer(struct near *near, const struct donor *at, double d)
{
    if (near->n == NEAREST && d >= near->d[NEAREST - 1])
        return;
    size_t i = near->n < NEAREST ? near->n++ : NEAREST - 1;
    for (; i > 0 && near->d[i - 1] > d; i--) {
        near->d[i] = near->d[i - 1];
        near->at[i] = near->at[i - 1];
    }
    near->d[i] = d;
    near->at[i] = at;
}

/* One of the nearest; of very many donors every step-th is looked at. The round begins at a random
 * one, so that among equals, all of them perhaps, each has its chance. */
static const struct donor *draw_donor(const struct times *t, const struct donor *at, size_t n,
                                      const float x[XS], gsl_rng *rng)
{
    struct near near = { .n = 0 };
    double scale[XS];
    size_t step = (n + SCANNED - 1) / SCANNED, from = rng_below(rng, n);
    scales(t, at, n, scale);
    for (size_t k = 0; k < n; k += step) {
        size_t i = from + k < n ? from + k : from + k - n;
        const float *y = x_of(t, &at[i]);
        double d = 0, most = near.n < NEAREST ? INFINITY : near.d[NEAREST - 1];
        for (size_t j = 0; j < XS && d < most; j++)
            d += scale[j] * (double)((x[j] - y[j]) * (x[j] - y[j]));
        offer(&near, &at[i], d);
    }
    return near.at[rng_below(rng, near.n)];
}

/* ---- dividing the room ---- */

enum anchor { AFTER_BEFORE, WITH_BEFORE, PARENT };

/* Where the room of call k begins, seen as `a`. */
static int64_t anchor_at(const struct callgraph *g, uint32_t before, size_t k, enum anchor a)
{
    const struct call *b = before == CALL_NONE ? NULL : &g->calls[before];
    return a == PARENT || !b ? g->calls[g->calls[k].parent].start
           : a == WITH_BEFORE ? b->start : call_finish(b);
}

/* What the donor can have waited for: the finish of the sibling before, if it began after that or
 * nearer to that than to the sibling's start (clocks differ, and buffers are flushed late); else
 * that start; else its parent's. */
static enum anchor anchor_of(const struct callgraph *g, uint32_t before, size_t k)
{
    if (before == CALL_NONE)
        return PARENT;
    const struct call *c = &g->calls[k], *b = &g->calls[before];
    int64_t end = call_finish(&g->calls[c->parent]);
    if (call_finish(b) <= end && c->start >= b->start &&
        c->start - b->start > call_finish(b) - c->start)
        return AFTER_BEFORE;
    return c->start >= b->start && b->start <= end ? WITH_BEFORE : PARENT;
}

static double factor(gsl_rng *rng)
{
    return exp(gsl_ran_gaussian_ziggurat(rng, jitter));
}

/* Ticks: of a time, and the end of all. What is hostile is cut to them: sums stay in 64 bits. */
static const double longest = 0x1p60;
static const int64_t latest = (int64_t)1 << 61;

static int64_t rounded(const struct times *t, double ticks)
{
    double g = (double)t->grain;
    return (int64_t)fmax(-longest, fmin(longest, floor(ticks / g + 0.5) * g));
}

static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static uint32_t before_of(const struct callgraph *g, size_t k)
{
    for (size_t i = k; i-- > g->calls[k].parent + 1u;)
        if (g->calls[i].parent == g->calls[k].parent)
            return (uint32_t)i;
    return CALL_NONE;
}

/* Of a donor: its wait from the anchor, its own time, what its parent did afterwards. All are
 * varied; wait and rest may be negative. */
struct parts {
    double wait, rt, rest;
    double late;              /* from the parent's finish to its start, if it began after that */
};

static struct parts parts_of(const struct callgraph *g, uint32_t before, size_t k, enum anchor a,
                             gsl_rng *rng)
{
    const struct call *c = &g->calls[k];
    int64_t end = call_finish(&g->calls[c->parent]);
    struct parts p;
    p.wait = (double)(c->start - anchor_at(g, before, k, a)) * factor(rng);
    p.rt = (double)c->rt * factor(rng);
    p.rest = (double)(end - call_finish(c)) * factor(rng);
    p.late = (double)(c->start - end) * factor(rng);
    return p;
}

/* Place a call as its donor was: within its room, or before or after it. */
static void divide(const struct times *t, const struct donor *d, struct callgraph *g,
                   uint32_t before, size_t k, gsl_rng *rng)
{
    const struct callgraph *from = &t->s->graphs[d->graph];
    const struct call *like = &from->calls[d->call], *p = &g->calls[g->calls[k].parent];
    uint32_t before_d = before_of(from, d->call);
    enum anchor a = anchor_of(from, before_d, d->call);
    struct parts x = parts_of(from, before_d, d->call, a, rng);
    int64_t end = call_finish(p), at = anchor_at(g, before, k, a), start, finish;
    at = at > end ? p->start : at;
    double room = (double)(end - at);
    if (x.late > 0) {
        start = end + rounded(t, x.late);
        finish = start + rounded(t, x.rt);
    } else if (x.wait < 0 || x.rest < 0) {   /* lengths as they are, and the rest by proportion */
        start = at + rounded(t, x.rest < 0 && x.wait > 0 ? fmin(x.wait, room) : x.wait);
        finish = x.rest < 0 ? end + rounded(t, -x.rest)
                            : start + rounded(t, (double)(end - start) * x.rt / (x.rt + x.rest));
    } else {                                 /* the usual case: three parts of one whole */
        double whole = x.wait + x.rt + x.rest, scale = whole > 0 ? room / whole : 0;
        start = at + rounded(t, x.wait * scale);
        finish = at + rounded(t, (x.wait + x.rt) * scale);
    }
    struct call *c = &g->calls[k];
    int64_t most = like->async ? latest : end;
    c->async = like->async;
    c->start = clamp(start, like->start < from->calls[like->parent].start ? 0 : p->start, most);
    c->rt = clamp(finish - c->start, 0, most - c->start);
}

static void fill_root(const struct times *t, const struct donor *d, struct callgraph *g,
                      gsl_rng *rng)
{
    const struct call *like = &t->s->graphs[d->graph].calls[d->call];
    g->calls[0].async = false;
    g->calls[0].start = clamp(d->call == 0 ? like->start : 0, 0, (int64_t)longest);
    g->calls[0].rt = rounded(t, (double)like->rt * factor(rng));
}

/* Nobody ever called anything: a call within its parent. */
static void fill_unheard(const struct times *t, const struct donor *d, struct callgraph *g,
                         size_t k, gsl_rng *rng)
{
    struct call *c = &g->calls[k];
    const struct call *p = &g->calls[c->parent];
    double rt = (double)t->s->graphs[d->graph].calls[d->call].rt * factor(rng);
    c->async = false;
    c->start = p->start;
    c->rt = clamp(rounded(t, rt), 0, p->rt);
}

static void fill_call(const struct times *t, const struct donor *d, struct callgraph *g,
                      const struct kin *kin, size_t k, gsl_rng *rng)
{
    if (k == 0)
        fill_root(t, d, g, rng);
    else if (d->call == 0)
        fill_unheard(t, d, g, k, rng);
    else
        divide(t, d, g, kin[k].before, k, rng);
}

struct filling {
    const struct times *t;
    struct graphset *s;
    const uint64_t *name;
    uint64_t seed;
};

static void fill_graph(void *ctx, size_t i, size_t worker)
{
    const struct filling *f = ctx;
    struct callgraph *g = &f->s->graphs[i];
    struct kin *kin = place_kin(g, f->name);
    gsl_rng *rng = rng_stream(f->seed, "times", i);
    struct pace pace = { 0 };
    (void)worker;
    for (size_t k = 0; k < g->n; k++) {
        uint64_t place[PLACES];
        float x[XS];
        size_t n;
        place_names(g, kin, k, place);
        place_circumstances(g, kin, k, &pace, x);
        const struct donor *at = donors_of(f->t, place, &n);
        fill_call(f->t, draw_donor(f->t, at, n, x, rng), g, kin, k, rng);
        place_note(g, kin, k, &pace);
    }
    g->timed = true;
    REQUIRE(callgraph_check(g, NULL) == GRAPH_GOOD);
    gsl_rng_free(rng);
    free(kin);
}

void times_fill(const struct times *t, struct graphset *s, uint64_t seed, size_t threads)
{
    uint64_t *name = call_hash_names(s->names);
    struct filling f = { t, s, name, seed };
    s->tick_us = t->s->tick_us;
    threads_for(threads, s->n, fill_graph, &f);
    free(name);
}
