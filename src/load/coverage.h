/* coverage.h: how much of a trace lies near a proxy, and how the two are spread. */
#ifndef LOAD_COVERAGE_H
#define LOAD_COVERAGE_H

#include <stddef.h>

#include "load/proxymap.h"
#include "stats/distance.h"

#define COVERAGE_NEAR 0.5        /* a logarithmic error: a factor of 1.65 along one axis */

struct coverage {
    size_t functions, proxies;   /* with a point, of each */
    double functions_near;       /* share of functions within COVERAGE_NEAR of a proxy */
    double calls_near;           /* share of its calls */
    double median_error, worst_error;    /* to the nearest proxy, over functions */
    struct distance memory, duration;    /* between natural logarithms, function by function */
};

/* NaN where nothing can be said. A function without a point is not near. */
struct coverage coverage_measure(const struct functions *f, const struct proxies *p,
                                 int percentile);

/* The logarithms themselves, of what has a point: free() both. memory: else duration. */
double *coverage_trace(const struct functions *f, int percentile, bool memory, size_t *n);
double *coverage_proxies(const struct proxies *p, int percentile, bool memory, size_t *n);

/* Edges of the original's histogram of x[0..n), free() them; *edges = bins + 1. NULL for n = 0.
 * Values of 0 count as .01; those below 0, and NaN, have no bin. */
double *histogram_edges(const double *x, size_t n, size_t *edges);
void histogram_count(const double *x, size_t n, const double *edge, size_t edges, double *count);

#endif
