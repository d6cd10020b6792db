/* bench_ceiling.c: what the machine gives to matrix products that fit its caches and wait for
 * nobody, and to reading what does not fit. The median, not the best: bursts above the sustained
 * clock are nobody's ceiling. */
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/threads.h"
#include "cli/bench.h"
#include "ml/linalg.h"

enum { SIDE = 1024, REPEATS = 9 };

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void one_product(void *ctx, size_t item, size_t worker)
{
    (void)worker;
    const size_t n = SIDE;
    float *a = (float *)ctx + item * 3 * n * n;
    linalg_nt(n, n, n, a, n, a + n * n, n, 0, a + 2 * n * n, n);
}

double bench_ceiling(size_t threads)
{
    double rate[REPEATS], flops = 2.0 * SIDE * SIDE * SIDE * (double)threads;
    float *room = mem_array(threads * 3 * SIDE * SIDE, sizeof *room);
    for (size_t i = 0; i < threads * 3 * SIDE * SIDE; i++)
        room[i] = (float)(i % 17) / 17;   /* pages of its own, no denormals */
    threads_for(threads, threads, one_product, room);
    for (int k = 0; k < REPEATS; k++) {
        double t = bench_now_s();
        threads_for(threads, threads, one_product, room);
        rate[k] = flops / (bench_now_s() - t);
    }
    free(room);
    gsl_sort(rate, 1, REPEATS);
    return rate[REPEATS / 2];
}

enum { READ = 1 << 28, LANES = 8 };    /* bytes; sums that do not wait for each other */

struct reading {
    const uint64_t *at;
    size_t threads;
    uint64_t sum[64];                  /* so that nobody leaves the reading out */
};

static void read_share(void *ctx, size_t item, size_t worker)
{
    (void)worker;
    struct reading *r = ctx;
    size_t n = READ / sizeof *r->at, end = n * (item + 1) / r->threads;
    uint64_t lane[LANES] = { 0 };
    for (size_t i = n * item / r->threads; i + LANES <= end; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lane[j] += r->at[i + j];
    for (size_t j = 0; j < LANES; j++)
        r->sum[item % 64] += lane[j];
}

double bench_bandwidth(size_t threads)
{
    double rate[REPEATS];
    uint64_t *room = mem_large(READ / sizeof *room, sizeof *room);
    struct reading r = { .at = room, .threads = threads };
    memset(room, 1, READ);
    for (int k = 0; k < REPEATS; k++) {
        double t = bench_now_s();
        threads_for(threads, threads, read_share, &r);
        rate[k] = READ / (bench_now_s() - t);
    }
    REQUIRE(r.sum[0]);
    free(room);
    gsl_sort(rate, 1, REPEATS);
    return rate[REPEATS / 2];
}
