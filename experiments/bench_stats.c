/* bench_stats: Kolmogorov-Smirnov and Wasserstein-1 of two samples of ten million numbers.
 *
 * Claim    both together cost one radix sort a side and one merge.
 * Reads    nothing: normal samples, one shifted by 0.1
 * Writes   OUTDIR/bench_stats.csv   what,items,seconds: median of 3, one thread
 * Peer     gsl_sort, the sort that GSL offers for the same job, once
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "cli/driver.h"
#include "stats/distance.h"
#include "stats/sort.h"

enum { N = 10000000, REPEATS = 3 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *normals(uint64_t seed, uint64_t stream, double mean)
{
    double *x = mem_array(N, sizeof *x);
    gsl_rng *r = rng_stream(seed, "bench/stats", stream);
    for (size_t i = 0; i < N; i++)
        x[i] = mean + gsl_ran_gaussian_ziggurat(r, 1);
    gsl_rng_free(r);
    return x;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_stats");
    struct outfile csv = driver_csv(&d, "bench_stats.csv", "what,items,seconds");
    double *a = normals(d.seed, 0, 0), *b = normals(d.seed, 1, 0.1);
    double both[REPEATS], merge[REPEATS];
    struct distance found = { 0, 0 };
    for (int k = 0; k < REPEATS; k++) {
        double t = now_s();
        found = distance_samples(a, N, b, N);
        both[k] = now_s() - t;
    }
    double *copy = mem_array(N, sizeof *copy);
    memcpy(copy, a, N * sizeof *copy);
    double started = now_s();
    gsl_sort(copy, 1, N);
    double gsl = 2 * (now_s() - started);   /* both sides */
    free(copy);
    sort_doubles(a, N);
    sort_doubles(b, N);
    for (int k = 0; k < REPEATS; k++) {
        double t = now_s();
        distance_sorted(a, N, b, N);
        merge[k] = now_s() - t;
    }
    gsl_sort(both, 1, REPEATS);
    gsl_sort(merge, 1, REPEATS);
    fprintf(csv.f, "KS and W1,%d,%.9g\n", N, both[REPEATS / 2]);
    fprintf(csv.f, "the merge alone,%d,%.9g\n", N, merge[REPEATS / 2]);
    fprintf(csv.f, "gsl_sort of both sides,%d,%.9g\n", N, gsl);
    printf("KS and W1 of 2 x %d numbers: %.2f s (the merge alone %.2f s); "
           "gsl_sort of both sides alone %.2f s\n", N, both[REPEATS / 2], merge[REPEATS / 2], gsl);
    printf("KS %.4f, W1 %.4f (shift 0.1)\n", found.ks, found.w1);
    driver_close(&csv);
    free(a);
    free(b);
    return driver_end(&d);
}
