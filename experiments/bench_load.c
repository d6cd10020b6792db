/* bench_load: a mapping of 2,000 functions and a plan of 8.6 million calls.
 *
 * Claim    2,000 x 2,000 exactly in at most 1.5 s (the original 5.8 s); 300 functions x 1,440
 *          minutes x 20 a minute planned and written as load.json in at most 1 s and 64 MB (the
 *          original 12.8 s, all in memory).
 * Peer     scipy's linear_sum_assignment (Debian's python3-scipy), the original's, on the same
 *          costs in the same run; said if it is not there
 * Reads    nothing
 * Writes   OUTDIR/bench_load.csv   what,items,seconds,mb,bar_s,bar_mb: median of 3, peak so
 *                                  far; NaN: no bar
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
#include "cli/bench_run.h"
#include "cli/driver.h"
#include "load/plan.h"
#include "load/proxymap.h"
#include "stats/sort.h"
#include "trace/reference_functions.h"

enum { REPEATS = 3, FUNCTIONS = 300, MINUTES = 1440, MAPPED = 2000 };

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

static void row(FILE *csv, const char *what, uint64_t items, double *seconds, double bar_s,
                double bar_mb)
{
    char bar[64] = "", bar_memory[64] = "";
    sort_doubles(seconds, REPEATS);
    fprintf(csv, "%s,%llu,%.9g,%.9g,%.9g,%.9g\n", what, (unsigned long long)items,
            seconds[REPEATS / 2], peak_mb(), bar_s, bar_mb);
    if (!isnan(bar_s))
        snprintf(bar, sizeof bar, " (bar %.1f)", bar_s);
    if (!isnan(bar_mb))
        snprintf(bar_memory, sizeof bar_memory, " (bar %.0f)", bar_mb);
    printf("%-36s %8llu  %6.2f s%s, peak so far %.0f MB%s\n", what, (unsigned long long)items,
           seconds[REPEATS / 2], bar, peak_mb(), bar_memory);
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
    bool json = format == LOAD_JSON;
    row(csv, what, count.calls, seconds, json ? 1 : NAN, json ? 64 : NAN);
    free(path);
}

/* The same costs through scipy: its seconds; NaN where it is not there or finds another sum. */
static double scipy_seconds(char *path, double total)
{
    static char program[] =
        "import sys, time, numpy, scipy.optimize\n"
        "c = numpy.fromfile(sys.argv[1]).reshape(int(sys.argv[2]), -1)\n"
        "t = time.perf_counter()\n"
        "i, j = scipy.optimize.linear_sum_assignment(c)\n"
        "print(time.perf_counter() - t, c[i, j].sum())\n";
    char rows[24], said[128];
    double seconds, sum;
    snprintf(rows, sizeof rows, "%d", MAPPED);
    char *argv[] = { "/usr/bin/python3", "-c", program, path, rows, NULL };
    if (access(argv[0], X_OK) != 0 || !bench_program(argv, said, sizeof said) ||
        sscanf(said, "%lf %lf", &seconds, &sum) != 2) {
        printf("scipy is not there (Debian's python3-scipy): no peer\n");
        return NAN;
    }
    if (fabs(sum - total) <= 1e-12 * total)
        return seconds;
    printf("scipy's sum is %.17g, ours %.17g\n", sum, total);
    return NAN;
}

static void bench_scipy(const struct driver *d, FILE *csv, const struct functions *f,
                        const struct proxies *p, double total)
{
    char *path = driver_path(d, "bench_load.costs");
    FILE *out = fopen(path, "wb");
    REQUIRE(out);
    for (size_t i = 0; i < f->n; i++)
        for (size_t j = 0; j < p->n; j++) {
            double e = proxymap_error(proxymap_function_point(&f->at[i], 75, false),
                                      proxymap_proxy_point(&p->at[j], 75));
            fwrite(&e, sizeof e, 1, out);
        }
    fclose(out);
    double seconds[REPEATS] = { scipy_seconds(path, total) };
    bool there = !isnan(seconds[0]);
    for (int k = 1; k < REPEATS && there; k++)
        seconds[k] = scipy_seconds(path, total);
    if (there)
        row(csv, "scipy's assignment of 2000 on 2000", MAPPED, seconds, NAN, NAN);
    unlink(path);
    free(path);
}

static double bench_rule(const struct driver *d, FILE *csv, const struct functions *f,
                         const struct proxies *p, bool compat)
{
    struct proxymap_options how = { .rule = PROXYMAP_UNIQUE, .percentile = 75, .most = INFINITY,
                                    .compat = compat };
    double seconds[REPEATS], total = NAN;
    for (int k = 0; k < REPEATS; k++) {
        struct proxymap m;
        struct err err = { 0 };
        double t = now_s();
        driver_need(d, proxymap_find(f, p, &how, &m, &err), &err);
        seconds[k] = now_s() - t;
        total = m.total;
        proxymap_free(&m);
    }
    row(csv, compat ? "unique 2000 on 2000, scipy's choice" : "unique mapping of 2000 on 2000",
        MAPPED, seconds, compat ? NAN : 1.5, NAN);
    return total;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_load");
    struct outfile csv = driver_csv(&d, "bench_load.csv", "what,items,seconds,mb,bar_s,bar_mb");
    bench_plan(&d, csv.f, LOAD_BINARY, "plan written binary", "bench_load.plan");
    bench_plan(&d, csv.f, LOAD_JSON, "plan written as load.json", "bench_load.json");
    struct functions f = reference_functions(MAPPED, 1, d.seed);
    struct proxies p = proxies_reference(MAPPED, d.seed);
    double total = bench_rule(&d, csv.f, &f, &p, false);
    bench_rule(&d, csv.f, &f, &p, true);
    bench_scipy(&d, csv.f, &f, &p, total);
    proxies_free(&p);
    functions_free(&f);
    driver_close(&csv);
    return driver_end(&d);
}
