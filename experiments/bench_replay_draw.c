/* bench_replay_draw: two million invocations of 14 days, refitted and redrawn for 48 models.
 *
 * Claim    gamma at 600 s windows: at most 0.3 s of fitting and drawing, 1.5 s for the whole
 *          command, on two cores, in at most twice the memory of the data kept.
 * Reads    nothing: the reference workload, law mixed, 424 functions, written once as azure-v2
 * Writes   OUTDIR/bench_replay_draw.csv   what,threads,items,seconds,original_s: medians of 5
 *          (original_s: AlpaServe's recorded times on a two-core machine, Python 3.11, NumPy 1.24)
 */
#define _GNU_SOURCE   /* wait4: the memory of one child */
#include <fcntl.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "replay/replay.h"
#include "replay/share.h"
#include "trace/reference_azure.h"

enum { REPEATS = 5, MODELS = 48, DAYS = 14 };
#define ROWS 2e6

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double median(double *x)
{
    gsl_sort(x, 1, REPEATS);
    return x[REPEATS / 2];
}

static char *make_trace(const struct driver *d)
{
    struct reference_azure_options o = {
        .functions = 424, .days = DAYS, .law = LAW_MIXED, .invocations = ROWS / DAYS,
        .seed = d->seed, .threads = d->threads,
    };
    struct err err = { 0 };
    char *dir = driver_path(d, "replay-v2"), *truth = file_join(dir, "truth.csv");
    if (!file_exists(truth))
        driver_need(d, reference_azure_v2(&o, dir, &err), &err);
    free(truth);
    return dir;
}

/* One way of fitting and drawing, on all functions dealt to the models. */
static void measure(const struct driver *d, const struct shares *s, const char *what,
                    struct replay_options o, size_t threads, double original, FILE *f)
{
    char letters[MODELS][16];
    const char *names[MODELS];
    struct replay r[MODELS];
    double seconds[REPEATS];
    size_t made = 0;
    for (size_t i = 0; i < MODELS; i++) {
        snprintf(letters[i], sizeof letters[i], "model%zu", i);
        names[i] = letters[i];
    }
    o.threads = threads;
    for (int k = 0; k < REPEATS; k++) {
        double t = now_s();
        replay_run(&o, names, s->share, MODELS, r);
        seconds[k] = now_s() - t;
        made = 0;
        for (size_t i = 0; i < MODELS; i++)
            made += r[i].arrivals.n;
        replay_free(r, MODELS);
    }
    double m = median(seconds);
    fprintf(f, "%s,%zu,%zu,%.9g,%.9g\n", what, threads, made, m, original);
    printf("%-44s %zu threads  %8zu arrivals  %6.3f s", what, threads, made, m);
    printf(original > 0 ? "   (the original: %.2f s)\n" : "\n", original);
    (void)d;
}

/* build/experiments/bench_replay_draw -> build/tracewright */
static char *program_of(const char *self)
{
    const char *slash = strrchr(self, '/');
    char *dir = slash ? mem_strndup(self, (size_t)(slash - self)) : mem_strdup(".");
    char *path = file_join(dir, "../tracewright");
    free(dir);
    return path;
}

static double run_command(const char *program, char *trace, double *mb)
{
    char *argv[] = { "tracewright", "replay", "-q", "--trace", "azure-v2", "--models", "model:48",
                     "--arrivals", "gamma", "--interval", "600", trace, NULL };
    double t = now_s();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execv(program, argv);
        _exit(127);
    }
    int status;
    struct rusage u;
    REQUIRE(child > 0 && wait4(child, &status, 0, &u) == child);
    *mb = (double)u.ru_maxrss / 1024;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? now_s() - t : -1;
}

static void measure_command(const struct driver *d, const char *self, char *trace, FILE *f)
{
    char *program = program_of(self);
    double seconds[REPEATS], mb = 0;
    for (int k = 0; k < REPEATS; k++)
        seconds[k] = run_command(program, trace, &mb);
    double m = median(seconds);
    free(program);
    if (m < 0) {
        printf("the whole command: tracewright is not there, not measured\n");
        return;
    }
    fprintf(f, "the whole command,%zu,%.0f,%.9g,11.8\n", d->threads, ROWS, m);
    printf("%-44s %zu threads  %25.3f s, %.0f MB (the original: 11.8 s)\n", "the whole command",
           d->threads, m, mb);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_replay_draw");
    char *dir = make_trace(&d);
    struct invocations_options how = { .threads = d.threads };
    struct invocations_report rep = { 0 };
    struct err err = { 0 };
    struct invocations *v = invocations_read(invocations_format("azure-v2"), dir, &how, &rep, &err);
    driver_need(&d, v != NULL, &err);
    struct replay_options o = {
        .kind = REPLAY_TIMES, .trace = "azure_v2", .arrivals = "gamma", .end_s = 86400.0 * DAYS,
        .process = &process_gamma, .interval_s = 600, .rate_scale = 1, .cv_scale = 1,
        .time_scale = 1, .replicate = 1, .seed = d.seed, .least = 3, .threads = d.threads,
    };
    struct shares s;
    double gather[REPEATS];
    for (int k = 0; k < REPEATS; k++) {
        double t = now_s();
        driver_need(&d, shares_make(v, &o, mapping_find("stripe"), false, MODELS, &s, &err), &err);
        gather[k] = now_s() - t;
        if (k + 1 < REPEATS)
            shares_free(&s);
    }
    struct outfile f = driver_csv(&d, "bench_replay_draw.csv",
                                  "what,threads,items,seconds,original_s");
    double m = median(gather);
    fprintf(f.f, "functions to models,%zu,%llu,%.9g,0\n", d.threads,
            (unsigned long long)s.invocations, m);
    printf("%-44s %zu threads  %8llu arrivals  %6.3f s\n", "functions to models", d.threads,
           (unsigned long long)s.invocations, m);
    measure(&d, &s, "gamma at 600 s, fit and draw", o, 1, 7.42, f.f);
    measure(&d, &s, "gamma at 600 s, fit and draw", o, d.threads, 7.42, f.f);
    o.interval_s = 5400;
    measure(&d, &s, "gamma at 5400 s, fit and draw", o, d.threads, 1.39, f.f);
    o.process = &process_poisson;
    measure(&d, &s, "exponential at 5400 s, fit and draw", o, d.threads, 1.06, f.f);
    o.process = NULL;
    measure(&d, &s, "vanilla", o, d.threads, 0.095, f.f);
    o.process = &process_gamma;
    o.interval_s = 600;
    o.compat = true;
    measure(&d, &s, "gamma at 600 s, fresh process per window", o, d.threads, 7.42, f.f);
    shares_free(&s);
    invocations_free(v);
    measure_command(&d, argv[0], dir, f.f);
    driver_close(&f);
    free(dir);
    return driver_end(&d);
}
