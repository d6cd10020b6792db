/* workload_served.c: goodput and latencies, for each model and for all. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "replay/workload.h"
#include "stats/sort.h"

static bool is_good(const struct request *r, const struct outcome *o)
{
    return !o->rejected && o->finish - o->start <= r->slo;
}

/* sorted[floor(q n)] */
static double percentile(const double *sorted, size_t n, double q)
{
    size_t i = (size_t)floor(q * (double)n);
    return n ? sorted[i < n ? i : n - 1] : NAN;
}

/* Latencies x[0..n), sorted here. The sums run in the order of requests. */
static void describe(double *x, size_t n, struct served *s)
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    s->mean = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - s->mean) * (x[i] - s->mean);
    s->sd = n ? sqrt(square / (double)n) : 0;
    sort_doubles(x, n);
    s->p50 = n ? percentile(x, n, 0.5) : 0;
    s->p90 = n ? percentile(x, n, 0.9) : 0;
    s->p99 = n ? percentile(x, n, 0.99) : 0;
}

/* Of one model, or of all (model NAMES_NONE): latencies of the good ones, or of all. */
static void sum_up(const struct workload *w, const struct outcome *o, size_t from, size_t to,
                   uint32_t model, double *x, struct served *s)
{
    const bool all = model == NAMES_NONE;
    double first = INFINITY, last = -INFINITY, good_first = INFINITY, good_last = -INFINITY;
    size_t n = 0, good = 0;
    *s = (struct served){ .model = all ? "" : names_get(w->models, model) };
    for (size_t i = from; i < to; i++) {
        if (!all && w->at[i].model != model)
            continue;
        s->requests++;
        first = fmin(first, o[i].start);
        last = fmax(last, o[i].start);
        const bool ok = is_good(&w->at[i], &o[i]);
        good += ok;
        if (ok) {
            good_first = fmin(good_first, o[i].start);
            good_last = fmax(good_last, o[i].start);
        }
        if (ok || all)
            x[n++] = o[i].finish - o[i].start;
    }
    s->goodput = s->requests ? (double)good / (double)s->requests : NAN;
    s->throughput = good ? (double)good / (good_last - good_first) : 0;
    s->rate = s->requests ? (double)s->requests / (last - first) : NAN;
    describe(x, n, s);
}

static int fewer_first(const void *a, const void *b)
{
    const struct served *x = *(const struct served *const *)a;
    const struct served *y = *(const struct served *const *)b;
    if (x->requests != y->requests)
        return x->requests < y->requests ? -1 : 1;
    return x < y ? -1 : x > y;   /* stable: they lie in order of first appearance */
}

static size_t to_skip(const struct workload *w, const struct outcome *o, double warmup_s)
{
    double span = w->n ? o[w->n - 1].start - o[0].start : 0;
    double skip = span > 0 ? floor(warmup_s / span * (double)w->n) : 0;
    return skip > (double)w->n / 2 ? w->n / 2 + w->n % 2 : (size_t)skip;
}

size_t workload_served(const struct workload *w, const struct outcome *o, double warmup_s,
                       struct served *out)
{
    size_t skip = to_skip(w, o, warmup_s), from = skip;
    size_t to = w->n - skip > skip ? w->n - skip : skip;
    uint32_t models = names_count(w->models);
    double *x = mem_array(w->n + 1, sizeof *x);
    struct served *all = mem_array(models + 1, sizeof *all);
    const struct served **order = mem_array(models + 1, sizeof *order);
    size_t n = 0;
    for (uint32_t m = 0; m < models; m++) {
        sum_up(w, o, from, to, m, x, &all[n]);
        if (all[n].requests) {
            order[n] = &all[n];
            n++;
        }
    }
    qsort(order, n, sizeof *order, fewer_first);
    for (size_t i = 0; i < n; i++)
        out[i] = *order[i];
    sum_up(w, o, from, to, NAMES_NONE, x, &out[n]);
    free(order);
    free(all);
    free(x);
    return n + 1;
}
