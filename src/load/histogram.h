/* histogram.h: how often which duration, to three digits, in memory that does not grow.
 *
 * Durations are nanoseconds. Below 2048 ns every value has its own bucket; above, every power of
 * two is cut into 1024, so a bucket is at most 0.1 % wide (a coarse one: 64, 32 and 3 %).
 * Negative values count as 0, values over HISTOGRAM_MAX (about 73 min) as HISTOGRAM_MAX; the
 * largest is kept exactly.
 *
 * Source: Tene's HdrHistogram; the percentile file is what its outputPercentileDistribution
 * writes, which its plotter reads.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_MAX ((int64_t)1 << 42)

struct histogram {
    uint64_t *count;     /* (buckets) */
    int bits;            /* a power of two has 2^bits of them */
    uint64_t n;
    double sum, sum_sq;  /* of ns, ns^2 */
    int64_t max;         /* 0 while n is 0 */
};

struct histogram histogram_new(void);       /* 270 kB */
struct histogram histogram_coarse(void);    /* 10 kB: one per function */
void histogram_free(struct histogram *h);
void histogram_add(struct histogram *h, int64_t ns);
void histogram_merge(struct histogram *h, const struct histogram *other);    /* alike in bits */

/* The smallest recorded value, to a bucket's upper end, that a share q of all does not exceed: the
 * ceil(q n)-th smallest. q in [0, 1]; NaN when n is 0. */
double histogram_quantile(const struct histogram *h, double q);
double histogram_mean(const struct histogram *h);    /* NaN when n is 0 */

/* Visit the buckets that hold something, ascending, as values' upper ends. */
typedef void (*histogram_visit)(void *ctx, int64_t upper_ns, uint64_t count);
void histogram_each(const struct histogram *h, histogram_visit fn, void *ctx);

/* HdrHistogram's percentile file; values are printed as ns / unit_ns with three decimals. */
void histogram_write(const struct histogram *h, double unit_ns, FILE *f);

#endif
