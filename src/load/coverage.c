/* coverage.c: shares, distances, and the original's bins. */
#include "load/coverage.h"

#include <math.h>
#include <stdlib.h>

#include "stats/interval.h"
#include "stats/sort.h"

static bool has_point(struct proxymap_point t)
{
    return !t.infinite && isfinite(t.memory) && isfinite(t.duration);
}

double *coverage_trace(const struct functions *f, int percentile, bool memory, size_t *n)
{
    double *x = mem_array(f->n + 1, sizeof *x);
    *n = 0;
    for (size_t i = 0; i < f->n; i++) {
        struct proxymap_point t = proxymap_function_point(&f->at[i], percentile, false);
        if (has_point(t))
            x[(*n)++] = memory ? t.memory : t.duration;
    }
    return x;
}

double *coverage_proxies(const struct proxies *p, int percentile, bool memory, size_t *n)
{
    double *x = mem_array(p->n + 1, sizeof *x);
    *n = 0;
    for (size_t j = 0; j < p->n; j++) {
        struct proxymap_point t = proxymap_proxy_point(&p->at[j], percentile);
        if (has_point(t))
            x[(*n)++] = memory ? t.memory : t.duration;
    }
    return x;
}

static struct distance between(const struct functions *f, const struct proxies *p, int percentile,
                               bool memory)
{
    size_t nt, np;
    double *t = coverage_trace(f, percentile, memory, &nt);
    double *q = coverage_proxies(p, percentile, memory, &np);
    struct distance d = distance_samples(t, nt, q, np);
    free(t);
    free(q);
    return d;
}

static double nearest(struct proxymap_point t, const struct proxymap_point *proxy, size_t n)
{
    double least = INFINITY;
    for (size_t j = 0; j < n; j++) {
        double e = proxymap_error(t, proxy[j]);
        least = e < least ? e : least;
    }
    return least;
}

struct coverage coverage_measure(const struct functions *f, const struct proxies *p, int percentile)
{
    struct coverage c = { 0 };
    struct proxymap_point *proxy = mem_array(p->n, sizeof *proxy);
    double *error = mem_array(f->n + 1, sizeof *error), near_calls = 0, calls = 0;
    size_t near = 0;
    for (size_t j = 0; j < p->n; j++) {
        proxy[j] = proxymap_proxy_point(&p->at[j], percentile);
        c.proxies += has_point(proxy[j]);
    }
    for (size_t i = 0; i < f->n; i++) {
        struct proxymap_point t = proxymap_function_point(&f->at[i], percentile, false);
        double called = 0, e = nearest(t, proxy, p->n);
        for (size_t u = 0; u < f->at[i].units; u++)
            called += f->at[i].calls[u] > 0 ? f->at[i].calls[u] : 0;
        calls += called;
        near += e <= COVERAGE_NEAR;
        near_calls += e <= COVERAGE_NEAR ? called : 0;
        if (e < INFINITY)
            error[c.functions++] = e;
    }
    sort_doubles(error, c.functions);
    c.functions_near = f->n ? (double)near / (double)f->n : NAN;
    c.calls_near = calls > 0 ? near_calls / calls : NAN;
    c.median_error = quantile_sorted(error, c.functions, 0.5);
    c.worst_error = c.functions ? error[c.functions - 1] : NAN;
    c.memory = between(f, p, percentile, true);
    c.duration = between(f, p, percentile, false);
    free(proxy);
    free(error);
    return c;
}

static double raised(double x)
{
    return x == 0 ? 0.01 : x;
}

double *histogram_edges(const double *x, size_t n, size_t *edges)
{
    double least = INFINITY, most = -INFINITY;
    *edges = 0;
    for (size_t i = 0; i < n; i++) {
        double v = raised(x[i]);
        if (!(v > 0) || isinf(v))
            continue;
        least = v < least ? v : least;
        most = v > most ? v : most;
    }
    if (most < least)
        return NULL;
    int a = (int)floor(log10(least)), b = (int)ceil(log10(most));
    b = b == a ? a + 1 : b;
    double *edge = mem_array((size_t)(9 * (b - a) + 1), sizeof *edge);
    for (int j = a; j < b; j++)
        for (int i = 1; i <= 9; i++)
            edge[(*edges)++] = i * pow(10, j);
    edge[(*edges)++] = pow(10, b);
    return edge;
}

void histogram_count(const double *x, size_t n, const double *edge, size_t edges, double *count)
{
    for (size_t k = 0; k + 1 < edges; k++)
        count[k] = 0;
    for (size_t i = 0; i < n; i++) {
        double v = raised(x[i]);
        if (!(v >= edge[0] && v <= edge[edges - 1]))
            continue;
        size_t k = 0;
        while (k + 2 < edges && v >= edge[k + 1])
            k++;
        count[k]++;
    }
}
