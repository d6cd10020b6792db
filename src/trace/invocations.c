/* invocations.c: slices of a trace. Counts are decoded a function-day at a time; times are found by
 * halving. Nothing is shifted or copied that need not be. */
#include "trace/invocations_priv.h"

#include <math.h>
#include <stdlib.h>

/* What base/names spends on a string beside its letters: view, hash, two slots. */
enum { NAME_BYTES = sizeof(struct str) + 8 + 2 * 4 };

void invocations_free(struct invocations *v)
{
    if (!v)
        return;
    struct invocations_store *s = v->store;
    for (size_t i = 0; i < s->n_slabs; i++)
        free(s->slab[i]);
    for (size_t f = 0; s->series && f < v->n; f++) {
        free(s->series[f].t);
        free(s->series[f].tokens);
    }
    names_free(s->names);
    free(s->slab);
    free(s->day);
    free(s->first);
    free(s->series);
    free(s);
    free(v->key);
    free(v->total);
    free(v);
}

size_t invocations_bytes(const struct invocations *v)
{
    const struct invocations_store *s = v->store;
    size_t bytes = s->slab_bytes + v->n * (sizeof *v->key + sizeof *v->total);
    for (uint32_t i = 0; i < names_count(s->names); i++)
        bytes += names_str(s->names, i).n + 1 + NAME_BYTES;
    if (v->kind == INVOCATIONS_COUNTS)
        return bytes + s->first[v->n] * sizeof *s->day + (v->n + 1) * sizeof *s->first;
    for (size_t f = 0; f < v->n; f++)
        bytes += s->series[f].n * (sizeof(double) + (s->series[f].tokens ?
                                                     sizeof *s->series[f].tokens : 0));
    return bytes + v->n * sizeof *s->series;
}

/* Index of the first element of t[0..n) that is not below x. */
static size_t lower_bound(const double *t, size_t n, double x)
{
    size_t lo = 0;
    while (lo < n) {
        size_t mid = lo + (n - lo) / 2;
        if (t[mid] < x)
            lo = mid + 1;
        else
            n = mid;
    }
    return lo;
}

/* Arrivals [*from, *to) of the series are those in [start_s, end_s). */
static void cut(const struct series *s, double start_s, double end_s, size_t *from, size_t *to)
{
    *from = lower_bound(s->t, s->n, start_s);
    *to = lower_bound(s->t, s->n, end_s);
    *to = *to < *from ? *from : *to;
}

/* The minute that begins at or after x, within [0, max]. */
static uint32_t minute_of(double x, uint32_t max)
{
    double m = ceil(x / 60);
    return !(m > 0) ? 0 : m > max ? max : (uint32_t)m;
}

typedef void (*minute_fn)(void *ctx, uint32_t minute, uint32_t count);

/* Visit function f's busy minutes in [first, last), ascending. */
static void each_minute(const struct invocations *v, size_t f, uint32_t first, uint32_t last,
                        minute_fn fn, void *ctx)
{
    const struct invocations_store *s = v->store;
    struct minutes m;
    for (size_t i = s->first[f]; i < s->first[f + 1]; i++) {
        uint32_t base = s->day[i].day * DAY_MINUTES;
        if (base + DAY_MINUTES <= first || base >= last)
            continue;
        minutes_decode(s->day[i].code, &m);
        for (size_t k = 0; k < m.n; k++)
            if (base + m.at[k] >= first && base + m.at[k] < last)
                fn(ctx, base + m.at[k], m.count[k]);
    }
}

static void count_minute(void *ctx, uint32_t minute, uint32_t count)
{
    (void)minute;
    *(uint64_t *)ctx += count;
}

uint64_t invocations_count(const struct invocations *v, size_t f, double start_s, double end_s)
{
    REQUIRE(f < v->n);
    if (v->kind == INVOCATIONS_TIMES) {
        size_t from, to;
        cut(&v->store->series[f], start_s, end_s, &from, &to);
        return to - from;
    }
    uint32_t all = v->n_days * DAY_MINUTES;
    uint32_t first = minute_of(start_s, all), last = minute_of(end_s, all);
    uint64_t n = 0;
    if (first == 0 && last == all)
        return v->total[f];
    each_minute(v, f, first, last, count_minute, &n);
    return n;
}

size_t invocations_alive(const struct invocations *v, double start_s, double end_s, size_t *index)
{
    size_t n = 0;
    for (size_t f = 0; f < v->n; f++)
        if (invocations_count(v, f, start_s, end_s) > 0)
            index[n++] = f;
    return n;
}

struct sum { uint64_t *of; uint32_t first; };

static void add_minute(void *ctx, uint32_t minute, uint32_t count)
{
    struct sum *s = ctx;
    s->of[minute - s->first] += count;
}

void invocations_minutes(const struct invocations *v, size_t f, uint32_t first, uint32_t last,
                         uint64_t *sum)
{
    REQUIRE(f < v->n);
    if (v->kind == INVOCATIONS_COUNTS) {
        each_minute(v, f, first, last, add_minute, &(struct sum){ sum, first });
        return;
    }
    size_t from, to;
    const struct series *s = &v->store->series[f];
    cut(s, 60.0 * first, 60.0 * last, &from, &to);
    for (size_t i = from; i < to; i++) {
        uint32_t m = (uint32_t)(s->t[i] / 60);   /* rounding may say the next minute */
        m -= m > first && s->t[i] < 60.0 * m;
        sum[(m < last ? m : last - 1) - first]++;
    }
}

const double *invocations_times(const struct invocations *v, size_t f, double start_s,
                                double end_s, size_t *n)
{
    REQUIRE(v->kind == INVOCATIONS_TIMES && f < v->n);
    size_t from, to;
    cut(&v->store->series[f], start_s, end_s, &from, &to);
    *n = to - from;
    return v->store->series[f].t + from;
}

const struct invocation_tokens *invocations_tokens(const struct invocations *v, size_t f,
                                                   double start_s, double end_s, size_t *n)
{
    REQUIRE(v->kind == INVOCATIONS_TIMES && f < v->n);
    size_t from, to;
    cut(&v->store->series[f], start_s, end_s, &from, &to);
    *n = to - from;
    const struct invocation_tokens *k = v->store->series[f].tokens;
    return k ? k + from : NULL;
}
