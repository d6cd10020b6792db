/* bench_replay: reading a day of Azure 2019 and the two weeks of 2021, and what it keeps in memory.
 *
 * Claim    a day of 10,000 functions in at most 0.10 s, 2 million invocations in at most 0.6 s on
 *          two cores, page cache warm, in at most twice the memory of what is kept.
 * Reads    nothing: OUTDIR/azure-v1 and OUTDIR/azure-v2, made once by `tracewright reference`
 * Writes   OUTDIR/bench_replay.csv   what,threads,bytes,seconds,cpu_s,kept_mb,peak_mb: medians
 * Peer     AlpaServe's preprocessing in Python 3.11 with NumPy 1.24, as recorded on another machine
 *          (2-core Xeon VM, one run): it is not run here, so only the order of magnitude compares
 *
 * The clock runs around the call alone, in a process of its own; that process's memory before the
 * call is taken off its peak.
 */
#define _GNU_SOURCE   /* wait4: the memory of one child */
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/driver.h"
#include "trace/invocations.h"
#include "trace/reference_azure.h"

enum { REPEATS = 5 };

struct work {
    const char *what, *format;
    struct reference_azure_options made;
    bool (*make)(const struct reference_azure_options *o, const char *dir, struct err *err);
    double most_s;                 /* on two cores */
    double peer_s, peer_mb;        /* as recorded */
};

static const struct work works[] = {
    { "azure-v1, 10,000 functions x 1 day", "azure-v1",
      { .functions = 10400, .days = 1, .law = LAW_MIXED, .invocations = 1040000, .seed = 1 },
      reference_azure_v1, 0.10, 3.24, 248 },
    { "azure-v2, 2 million rows", "azure-v2",
      { .functions = 424, .days = 14, .law = LAW_MIXED, .invocations = 142857, .seed = 1 },
      reference_azure_v2, 0.6, 4.34, 346 },
};

struct run {
    double s, cpu_s, kept_mb, peak_mb;
    uint64_t functions, invocations, bytes;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_of(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           1e-6 * (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static struct run read_here(const struct work *w, const char *path, size_t threads)
{
    struct invocations_options o = { .threads = threads };
    struct invocations_report rep;
    struct err err;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double t = now_s();
    struct invocations *v = invocations_read(invocations_format(w->format), path, &o, &rep, &err);
    struct run run = { .s = now_s() - t };
    getrusage(RUSAGE_SELF, &after);
    REQUIRE(v);
    run.cpu_s = cpu_of(&after) - cpu_of(&before);
    run.kept_mb = (double)invocations_bytes(v) * 1e-6;
    run.peak_mb = (double)(after.ru_maxrss - before.ru_maxrss) * 1.024e-3;
    run.functions = v->n;
    run.bytes = rep.bytes;
    for (size_t f = 0; f < v->n; f++)
        run.invocations += v->total[f];
    return run;
}

/* In a child, whose peak is its own. */
static struct run read_once(const struct work *w, const char *path, size_t threads)
{
    struct run run;
    int ends[2], status;
    REQUIRE(pipe(ends) == 0);
    fflush(stdout);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        run = read_here(w, path, threads);
        _exit(write(ends[1], &run, sizeof run) == sizeof run ? 0 : 1);
    }
    REQUIRE(waitpid(child, &status, 0) == child && status == 0);
    REQUIRE(read(ends[0], &run, sizeof run) == sizeof run);
    close(ends[0]);
    close(ends[1]);
    return run;
}

static double median(double *x)
{
    gsl_sort(x, 1, REPEATS);
    return x[REPEATS / 2];
}

static void measure(const struct work *w, const char *path, size_t threads, FILE *csv)
{
    struct run run[REPEATS];
    double s[REPEATS], cpu[REPEATS], peak[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        run[i] = read_once(w, path, threads);
        s[i] = run[i].s;
        cpu[i] = run[i].cpu_s;
        peak[i] = run[i].peak_mb;
    }
    double seconds = median(s), cpu_s = median(cpu), peak_mb = median(peak);
    fprintf(csv, "\"%s\",%zu,%llu,%.9g,%.9g,%.9g,%.9g\n", w->what, threads,
            (unsigned long long)run[0].bytes, seconds, cpu_s, run[0].kept_mb, peak_mb);
    printf("%-36s %zu threads  %6.3f s (at most %.2f on two; recorded of the original %.2f s)  "
           "%6.3f s of processors\n", w->what, threads, seconds, w->most_s, w->peer_s, cpu_s);
    printf("%-36s %llu functions, %llu invocations, %.0f MB of text; keeps %.1f MB, peak %.1f MB "
           "(the original %.0f)\n", "", (unsigned long long)run[0].functions,
           (unsigned long long)run[0].invocations, (double)run[0].bytes * 1e-6, run[0].kept_mb,
           peak_mb, w->peer_mb);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_replay");
    struct outfile csv = driver_csv(&d, "bench_replay.csv",
                                    "what,threads,bytes,seconds,cpu_s,kept_mb,peak_mb");
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        struct err err;
        char *dir = driver_path(&d, works[i].format), *truth = file_join(dir, "truth.csv");
        if (!file_exists(truth))   /* it is written last */
            driver_need(&d, works[i].make(&works[i].made, dir, &err), &err);
        read_once(&works[i], dir, 2);   /* warms the page cache */
        measure(&works[i], dir, 2, csv.f);
        measure(&works[i], dir, 1, csv.f);
        free(truth);
        free(dir);
    }
    driver_close(&csv);
    return driver_end(&d);
}
