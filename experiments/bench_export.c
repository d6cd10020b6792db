/* bench_export: call graphs to every format, and back.
 *
 * Claim    writing a format costs no more than reading it; memory is that of the graphs.
 * Reads    nothing: 40,000 traces of the reference workload, made once
 * Writes   OUTDIR/bench_export.csv   format,way,calls,spans,bytes,seconds,spans_per_s,mb_per_s,
 *                       peak_mb: medians of 3; way is out or in
 *
 * Times are of whole child processes, from fork to exit, the page cache warm. The way out has the
 * graphs in memory already, which is most of its peak; the way in begins with the file. Spans are
 * what the format writes: one or two a call; formats that are not of spans count calls.
 */
#define _GNU_SOURCE   /* wait4: the memory of one child */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/driver.h"
#include "cli/exporters.h"
#include "cli/importers.h"
#include "stats/sort.h"
#include "trace/reference.h"

enum { REPEATS = 3, TRACES = 40000 };

static const char *const formats[] = { "jaeger", "otlp",         "otlp-proto", "zipkin",
                                       "spans",  "alibaba-2022", "perfetto",   "dot" };

struct job {
    const struct exporter *e;
    const struct importer *i;      /* NULL: there is no way back */
    const struct graphset *s;
    char *path;
    size_t calls, spans;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool out(const struct job *j)
{
    FILE *f = fopen(j->path, "wb");
    size_t left_out;
    struct err err;
    return f && exporter_write(j->e, j->s, f, &left_out, &err) && fclose(f) == 0 && left_out == 0;
}

static bool forget(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                   struct err *err)
{
    (void)ctx, (void)g, (void)names, (void)weight, (void)err;
    return true;
}

static bool in(const struct job *j)
{
    struct import_report rep;
    struct err err;
    struct import_options o = { .threads = 1 };
    return j->i->stream(&j->path, 1, &o, forget, NULL, &rep, &err) &&
           rep.graphs_used == j->s->n;
}

/* Seconds and most megabytes of a child that does it. */
static void once(bool (*way)(const struct job *j), const struct job *j, double *s, double *mb)
{
    double t = now_s();
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        _exit(way(j) ? 0 : 1);
    struct rusage u;
    int status;
    REQUIRE(wait4(child, &status, 0, &u) == child && status == 0);
    *s = now_s() - t;
    *mb = (double)u.ru_maxrss * 1.024e-3;
}

static void measure(FILE *csv, const char *name, bool (*way)(const struct job *j),
                    const struct job *j)
{
    double s[REPEATS], mb[REPEATS];
    for (int i = 0; i < REPEATS; i++)
        once(way, j, &s[i], &mb[i]);
    sort_doubles(s, REPEATS);
    sort_doubles(mb, REPEATS);
    double seconds = s[REPEATS / 2], peak = mb[REPEATS / 2];
    size_t rows = j->spans ? j->spans : j->calls;
    struct stat st;
    REQUIRE(stat(j->path, &st) == 0);
    fprintf(csv, "%s,%s,%zu,%zu,%lld,%.9g,%.9g,%.9g,%.9g\n", j->e->name, name, j->calls, j->spans,
            (long long)st.st_size, seconds, (double)rows / seconds,
            (double)st.st_size / seconds / 1e6, peak);
    printf("%-13s %-4s %7zu %s  %6.1f MB  %6.3f s  %9.0f/s  %6.0f MB/s  %4.0f MB resident\n",
           j->e->name, name, rows, j->spans ? "spans" : "calls", (double)st.st_size / 1e6, seconds,
           (double)rows / seconds, (double)st.st_size / seconds / 1e6, peak);
    fflush(stdout);
}

/* How many spans the format makes of the graphs; 0 for formats that are not of spans. */
static size_t spans_of(const struct exporter *e, const struct graphset *s)
{
    size_t n = 0;
    struct buf b = { 0 };
    struct arena *a = arena_new();
    for (size_t i = 0; e->graph && i < s->n; i++) {
        struct export_graph x = { .g = &s->graphs[i], .names = s->names, .tick_us = s->tick_us,
                                  .index = i, .spans = &n, .a = a };
        buf_clear(&b);
        arena_reset(a);
        exporter_one(e, &x, &b);
    }
    arena_free(a);
    buf_free(&b);
    return n;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_export");
    struct reference_options o = { .traces = TRACES, .seed = d.seed, .threads = d.threads };
    struct graphset *s = reference_graphs(&o);
    struct job j = { .s = s, .path = driver_path(&d, "export") };
    struct outfile csv = driver_csv(&d, "bench_export.csv",
                                    "format,way,calls,spans,bytes,seconds,spans_per_s,mb_per_s,"
                                    "peak_mb");
    for (size_t i = 0; i < s->n; i++)
        j.calls += s->graphs[i].n;
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        struct err err;
        j.e = exporter_find(formats[k]);
        j.i = strcmp(formats[k], "perfetto") == 0 || strcmp(formats[k], "dot") == 0
                  ? NULL : importer_find(formats[k], NULL, 0, &err);
        j.spans = spans_of(j.e, s);
        measure(csv.f, "out", out, &j);
        if (j.i)
            measure(csv.f, "in", in, &j);
        unlink(j.path);
    }
    driver_close(&csv);
    graphset_free(s);
    free(j.path);
    return driver_end(&d);
}
