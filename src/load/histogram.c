/* histogram.c: log-linear buckets.
 *
 *     value   0 ... 2047 | 2048 ... 4095 | 4096 ... 8191 | ...
 *     width   1          | 2             | 4             |
 *     bucket  0 ... 2047 | 2048 ... 3071 | 3072 ... 4095 | ...   1024 a power of two
 */
#include "load/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

enum { FINE = 10, COARSE = 5, TOP = 42 };    /* HISTOGRAM_MAX is 2^TOP */

static size_t half(const struct histogram *h)
{
    return (size_t)1 << h->bits;
}

static size_t buckets(const struct histogram *h)
{
    return (size_t)(TOP - h->bits + 1) * half(h) + 1;
}

static int top_bit(uint64_t v)
{
    return 63 - __builtin_clzll(v);
}

static size_t bucket_of(const struct histogram *h, int64_t v)
{
    if (v < 0 || (size_t)v < 2 * half(h))
        return v < 0 ? 0 : (size_t)v;
    if (v >= HISTOGRAM_MAX)
        return buckets(h) - 1;
    int shift = top_bit((uint64_t)v) - h->bits;
    return (size_t)shift * half(h) + (size_t)(v >> shift);
}

static int64_t upper_of(const struct histogram *h, size_t bucket)
{
    if (bucket < 2 * half(h))
        return (int64_t)bucket;
    int shift = (int)(bucket / half(h)) - 1;
    int64_t low = (int64_t)(bucket - (size_t)shift * half(h)) << shift;
    return low + ((int64_t)1 << shift) - 1;
}

static struct histogram with_bits(int bits)
{
    struct histogram h = { .bits = bits };
    h.count = mem_array(buckets(&h), sizeof *h.count);
    return h;
}

struct histogram histogram_new(void)
{
    return with_bits(FINE);
}

struct histogram histogram_coarse(void)
{
    return with_bits(COARSE);
}

void histogram_free(struct histogram *h)
{
    free(h->count);
    *h = (struct histogram){ 0 };
}

void histogram_add(struct histogram *h, int64_t ns)
{
    double x = ns < 0 ? 0 : (double)ns;
    h->count[bucket_of(h, ns)]++;
    h->n++;
    h->sum += x;
    h->sum_sq += x * x;
    if (ns > h->max)
        h->max = ns;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
    REQUIRE(h->bits == other->bits);
    for (size_t i = 0; i < buckets(h); i++)
        h->count[i] += other->count[i];
    h->n += other->n;
    h->sum += other->sum;
    h->sum_sq += other->sum_sq;
    if (other->max > h->max)
        h->max = other->max;
}

/* What a bucket is told as: no more than the largest value there was. */
static int64_t told(const struct histogram *h, size_t bucket)
{
    int64_t upper = upper_of(h, bucket);
    return upper < h->max && bucket < buckets(h) - 1 ? upper : h->max;
}

double histogram_quantile(const struct histogram *h, double q)
{
    if (h->n == 0)
        return NAN;
    double rank = ceil(q * (double)h->n);
    uint64_t want = rank < 1 ? 1 : (uint64_t)rank, seen = 0;
    for (size_t i = 0; i < buckets(h); i++) {
        seen += h->count[i];
        if (seen >= want)
            return (double)told(h, i);
    }
    return (double)h->max;
}

double histogram_mean(const struct histogram *h)
{
    return h->n ? h->sum / (double)h->n : NAN;
}

void histogram_each(const struct histogram *h, histogram_visit fn, void *ctx)
{
    for (size_t i = 0; i < buckets(h); i++)
        if (h->count[i])
            fn(ctx, told(h, i), h->count[i]);
}

static double deviation(const struct histogram *h)
{
    double mean = histogram_mean(h), n = (double)h->n;
    double var = h->n ? h->sum_sq / n - mean * mean : 0;
    return var > 0 ? sqrt(var) : 0;
}

/* The percentile after p: five steps in every halving of what is left to 100. */
static double next_percentile(double p)
{
    double halvings = floor(log2(100 / (100 - p))) + 1;
    return p + 100 / (5 * exp2(halvings));
}

void histogram_write(const struct histogram *h, double unit_ns, FILE *f)
{
    fprintf(f, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    uint64_t seen = 0;
    double p = 0;
    for (size_t i = 0; i < buckets(h) && seen < h->n; i++) {
        if (!h->count[i])
            continue;
        seen += h->count[i];
        double value = (double)told(h, i) / unit_ns;
        for (; p < 100 && 100 * ((double)seen / (double)h->n) >= p && seen < h->n;
             p = next_percentile(p))
            fprintf(f, "%12.3f %14.12f %10llu %14.2f\n", value, p / 100,
                    (unsigned long long)seen, 1 / (1 - p / 100));
        if (seen == h->n)
            fprintf(f, "%12.3f %14.12f %10llu\n", value, 1.0, (unsigned long long)seen);
    }
    fprintf(f, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
            h->n ? histogram_mean(h) / unit_ns : 0, deviation(h) / unit_ns);
    fprintf(f, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)h->max / unit_ns,
            (unsigned long long)h->n);
    fprintf(f, "#[Buckets = %12d, SubBuckets     = %12d]\n", TOP - h->bits, 2 * (int)half(h));
}
