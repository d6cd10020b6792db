/* bench_load: a mapping of 2,000 functions and a plan of 8.6 million calls.
 *
 * Claim    2,000 x 2,000 exactly in at most 1.5 s (the original 5.8 s); 300 functions x 1,440
 *          minutes x 20 a minute planned and written as load.json in at most 1 s and 64 MB (the
 *          original 12.8 s, all in memory).
 * Reads    nothing
 * Writes   OUTDIR/bench_load.csv   what,items,seconds,mb: median of 3
 */
#define _GNU_SOURCE   /* getrusage's ru_maxrss */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_randist.h>

#include "base/rng.h"
#include "cli/driver.h"
#include "load/plan.h"
#include "load/proxymap.h"
#include "stats/sort.h"
#include "trace/reference_functions.h"

enum { REPEATS = 3, FUNCTIONS = 300, MINUTES = 1440 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_mb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024;
}

static void row(FILE *csv, const char *what, uint64_t items, double *seconds)
{
    sort_doubles(seconds, REPEATS);
    fprintf(csv, "%s,%llu,%.9g,%.9g\n", what, (unsigned long long)items, seconds[REPEATS / 2],
            peak_mb());
    printf("%-34s %10llu  %.2f s  (peak so far %.0f MB)\n", what, (unsigned long long)items,
           seconds[REPEATS / 2], peak_mb());
    fflush(stdout);
}

static void bench_plan(const struct driver *d, FILE *csv, enum load_format format,
                       const char *what, const char *name)
{
    static int32_t calls[FUNCTIONS][MINUTES];
    static struct function at[FUNCTIONS];
    static struct load_target targets[FUNCTIONS];
    static uint32_t target[FUNCTIONS];
    static char text[FUNCTIONS][32];
    gsl_rng *r = rng_stream(d->seed, "bench/load", 0);
    for (size_t f = 0; f < FUNCTIONS; f++) {
        snprintf(text[f], sizeof text[f], "proxy-%zu.example", f);
        at[f] = (struct function){ .key = text[f], .calls = calls[f], .units = MINUTES };
        targets[f] = (struct load_target){ text[f], text[f] };
        target[f] = (uint32_t)f;
        for (size_t u = 0; u < MINUTES; u++)
            calls[f][u] = (int32_t)gsl_ran_poisson(r, 20);
    }
    gsl_rng_free(r);
    struct functions functions = { .at = at, .n = FUNCTIONS, .units = MINUTES };
    struct plan_job job = { .functions = &functions, .target = target, .law = PLAN_UNIFORM,
                            .minute = true, .units = MINUTES, .seed = d->seed,
                            .threads = d->threads };
    struct plan_count count = { 0 };
    char *path = driver_path(d, name);
    double seconds[REPEATS];
    for (int k = 0; k < REPEATS; k++) {
        struct err err = { 0 };
        unlink(path);      /* to free half a gigabyte is not part of the work */
        double t = now_s();
        driver_need(d, plan_write(&job, format, targets, FUNCTIONS, 0, path, &count, &err), &err);
        seconds[k] = now_s() - t;
    }
    unlink(path);
    row(csv, what, count.calls, seconds);
    free(path);
}

static void bench_mapping(const struct driver *d, FILE *csv)
{
    enum { N = 2000 };
    struct functions f = reference_functions(N, 1, d->seed);
    struct proxies p = proxies_reference(N, d->seed);
    struct proxymap_options how = { .rule = PROXYMAP_UNIQUE, .percentile = 75, .most = INFINITY };
    double seconds[REPEATS];
    for (int k = 0; k < REPEATS; k++) {
        struct proxymap m;
        struct err err = { 0 };
        double t = now_s();
        driver_need(d, proxymap_find(&f, &p, &how, &m, &err), &err);
        seconds[k] = now_s() - t;
        proxymap_free(&m);
    }
    row(csv, "unique mapping of 2000 on 2000", N, seconds);
    proxies_free(&p);
    functions_free(&f);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_load");
    struct outfile csv = driver_csv(&d, "bench_load.csv", "what,items,seconds,mb");
    bench_plan(&d, csv.f, LOAD_BINARY, "plan written binary", "bench_load.plan");
    bench_plan(&d, csv.f, LOAD_JSON, "plan written as load.json", "bench_load.json");
    bench_mapping(&d, csv.f);
    driver_close(&csv);
    return driver_end(&d);
}
