/* fsample.c: most functions are not called in most minutes, so a minute keeps those that are, in
 * ascending order of value, and a distance is one walk along them: between two values the
 * distribution functions of the trace and of the sample are level, and what differs is counted. */
#include "load/fsample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

bool fsample_prepare(struct functions *o, size_t from, size_t units, size_t *dropped,
                     struct err *err)
{
    size_t kept = 0, n = o->n;
    size_t to = units ? from + units : o->units;
    if (from >= o->units || to > o->units)
        return err_set(err, EXIT_USAGE, "--from %zu --minutes %zu: the trace has %zu", from, units,
                       o->units);
    for (size_t i = 0; i < n; i++) {
        struct function f = o->at[i];
        int32_t *calls = ARENA_ARRAY(o->mem, to - from, int32_t);
        bool called = false;
        for (size_t u = from; u < to && u < f.units; u++) {
            calls[u - from] = f.calls[u];
            called |= f.calls[u] > 0;
        }
        f.calls = calls;
        f.units = to - from;
        if (called && f.average > 0 && isfinite(f.average) && isfinite(f.allocated))
            o->at[kept++] = f;
    }
    *dropped = n - kept;
    o->n = kept;
    o->units = to - from;
    o->named = o->named > from ? o->named - from : 0;
    if (o->named)
        o->unit_name += from;
    if (o->named > o->units)
        o->named = o->units;
    return kept || err_set(err, EXIT_DATA, "no function is called in the minutes chosen");
}

struct entry {
    double value;
    uint32_t function;
};

struct minutes {
    struct entry **at;           /* (2 * units) ascending; calls and load in turn */
    size_t *n;
    size_t lists, functions;
};

static int by_value(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                                : (x->function > y->function) - (x->function < y->function);
}

static struct minutes minutes_new(const struct functions *o, struct arena *mem)
{
    struct minutes m = { .lists = 2 * o->units, .functions = o->n };
    m.at = ARENA_ARRAY(mem, m.lists, struct entry *);
    m.n = ARENA_ARRAY(mem, m.lists, size_t);
    for (size_t l = 0; l < m.lists; l++) {
        size_t u = l / 2, n = 0;
        for (size_t i = 0; i < o->n; i++)
            n += o->at[i].calls[u] > 0;
        m.at[l] = ARENA_ARRAY(mem, n, struct entry);
        for (size_t i = 0; i < o->n; i++) {
            const struct function *f = &o->at[i];
            if (f->calls[u] <= 0)
                continue;
            double load = f->calls[u] * f->average * f->allocated / 1e6;
            m.at[l][m.n[l]++] = (struct entry){ l % 2 ? load : f->calls[u], (uint32_t)i };
        }
        qsort(m.at[l], m.n[l], sizeof **m.at, by_value);
    }
    return m;
}

/* Integral of |F - G| along one list; those not in it have the value 0. */
static double walk(const struct minutes *m, size_t l, const bool *in, size_t n)
{
    size_t sampled = 0;
    for (size_t k = 0; k < m->n[l]; k++)
        sampled += in[m->at[l][k].function];
    double all = (double)(m->functions - m->n[l]), some = (double)(n - sampled), sum = 0, at = 0;
    for (size_t k = 0; k < m->n[l]; k++) {
        const struct entry *e = &m->at[l][k];
        sum += fabs(all / (double)m->functions - some / (double)n) * (e->value - at);
        at = e->value;
        all++;
        some += in[e->function];
    }
    return sum;
}

static double distance_of(const struct minutes *m, const bool *in, size_t n)
{
    double sum = 0;
    for (size_t l = 0; l < m->lists; l++)
        sum += walk(m, l, in, n);
    return sum / (double)m->lists;
}

double fsample_distance(const struct functions *o, const size_t *member, size_t n)
{
    struct arena *mem = arena_new();
    struct minutes m = minutes_new(o, mem);
    bool *in = ARENA_ARRAY(mem, o->n, bool);
    for (size_t k = 0; k < n; k++)
        in[member[k]] = true;
    double d = distance_of(&m, in, n);
    arena_free(mem);
    return d;
}

static int by_index(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The nearest of `trials` draws of n from pool[0..size). */
static struct fsample draw_one(const struct minutes *m, const size_t *pool, size_t size, size_t n,
                               size_t trials, uint64_t seed)
{
    struct fsample best = { .n = n, .member = mem_array(n, sizeof(size_t)), .distance = INFINITY };
    size_t *order = mem_array(size, sizeof *order);
    bool *in = mem_array(m->functions, sizeof *in);
    for (size_t t = 0; t < trials; t++) {
        gsl_rng *r = rng_stream(seed, "load/sample", n * 1000003 + t);
        memcpy(order, pool, size * sizeof *order);
        rng_shuffle(r, order, size);
        gsl_rng_free(r);
        memset(in, 0, m->functions * sizeof *in);
        for (size_t k = 0; k < n; k++)
            in[order[k]] = true;
        double d = distance_of(m, in, n);
        best.random += d / (double)trials;
        if (d < best.distance) {
            best.distance = d;
            memcpy(best.member, order, n * sizeof *order);
        }
    }
    qsort(best.member, n, sizeof *best.member, by_index);
    free(order);
    free(in);
    return best;
}

void fsample_draw(const struct functions *o, const size_t *size, size_t k, size_t trials,
                  uint64_t seed, struct fsample *out)
{
    struct arena *mem = arena_new();
    struct minutes m = minutes_new(o, mem);
    size_t *all = ARENA_ARRAY(mem, o->n, size_t);
    for (size_t i = 0; i < o->n; i++)
        all[i] = i;
    for (size_t s = 0; s < k; s++)
        out[s] = draw_one(&m, s ? out[s - 1].member : all, s ? out[s - 1].n : o->n, size[s],
                          trials, seed);
    arena_free(mem);
}
