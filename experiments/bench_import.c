/* bench_import: a Jaeger export of hundreds of MB to call graphs.
 *
 * Claim    at least three times the spans per second of Python's json and of jq doing as much, in
 *          memory that grows by the trace ids alone: theirs holds all of the file.
 * Reads    nothing: OUTDIR/import_<spans>.json is made once, in the query API's envelope, traces of
 *          20 spans with their tags
 * Writes   OUTDIR/bench_import.csv   what,spans,bytes,seconds,spans_per_s,peak_mb: medians
 * Peers    python3 and jq, where they are: each parses the file, links every span to its parent and
 *          counts spans, traces and roots, which is less than the import does
 *
 * All times are of whole processes, from fork to exit, page cache warm; runs alternate. Ours holds
 * rows beyond 64 MB on disk.
 */
#define _GNU_SOURCE   /* wait4: the memory of one child */
#include <fcntl.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/driver.h"
#include "trace/import.h"

enum { REPEATS = 3, TRACE_SPANS = 20, MEMORY = 64000000 };

struct run {
    double s, mb;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void put_span(FILE *f, size_t trace, size_t i)
{
    fprintf(f, "%s{\"traceID\":\"%032zx\",\"spanID\":\"%016zx\",\"flags\":1,\"operationName\":"
               "\"/svc%zu.Api/Call%zu\",\"references\":[",
            i ? "," : "", trace + 1, i + 1, i, i % 3);
    if (i)
        fprintf(f, "{\"refType\":\"CHILD_OF\",\"traceID\":\"%032zx\",\"spanID\":\"%016zx\"}",
                trace + 1, (i - 1) / 3 + 1);
    fprintf(f, "],\"startTime\":%zu,\"duration\":%zu,\"tags\":[{\"key\":\"span.kind\",\"type\":"
               "\"string\",\"value\":\"server\"},{\"key\":\"http.status_code\",\"type\":\"int64\","
               "\"value\":200},{\"key\":\"component\",\"type\":\"string\",\"value\":\"gRPC\"}],"
               "\"logs\":[],\"processID\":\"p%zu\",\"warnings\":null}",
            1700000000000000 + trace * 1000 + i, 1000 - 40 * i, i);
}

/* The path of an export of n spans. */
static char *make_export(const struct driver *d, size_t n)
{
    char name[64];
    snprintf(name, sizeof name, "import_%zu.json", n);
    char *path = driver_path(d, name);
    if (file_exists(path))
        return path;
    struct outfile o;
    struct err err;
    driver_need(d, outfile_open(&o, path, &err), &err);
    fputs("{\"data\":[", o.f);
    for (size_t t = 0; t < n / TRACE_SPANS; t++) {
        fprintf(o.f, "%s{\"traceID\":\"%032zx\",\"spans\":[", t ? ",\n" : "", t + 1);
        for (size_t i = 0; i < TRACE_SPANS; i++)
            put_span(o.f, t, i);
        fputs("],\"processes\":{", o.f);
        for (size_t i = 0; i < TRACE_SPANS; i++)
            fprintf(o.f, "%s\"p%zu\":{\"serviceName\":\"svc%zu\",\"tags\":[]}", i ? "," : "", i, i);
        fputs("}}", o.f);
    }
    fputs("],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}\n", o.f);
    driver_need(d, outfile_commit(&o, &err), &err);
    return path;
}

static bool forget(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                   struct err *err)
{
    (void)ctx, (void)g, (void)names, (void)weight, (void)err;
    return true;
}

static int ours(char *path, size_t spans)
{
    struct import_report rep;
    struct err err;
    struct import_options o = { .memory_bytes = MEMORY };
    return import_jaeger_stream(&path, 1, &o, forget, NULL, &rep, &err) && rep.rows_used == spans
               ? 0 : 1;
}

static int python(char *path, size_t spans)
{
    static char script[] =
        "import json, sys\n"
        "n = roots = 0\n"
        "traces = json.load(open(sys.argv[1]))['data']\n"
        "for t in traces:\n"
        "    ids = {s['spanID']: s for s in t['spans']}\n"
        "    for s in t['spans']:\n"
        "        p = [r['spanID'] for r in s['references'] if r['refType'] == 'CHILD_OF']\n"
        "        s['parent'] = ids[p[0]] if p else None\n"
        "        s['service'] = t['processes'][s['processID']]['serviceName']\n"
        "        n += 1\n"
        "        roots += not p\n"
        "sys.exit(n != int(sys.argv[2]) or roots != len(traces))\n";
    char count[32];
    snprintf(count, sizeof count, "%zu", spans);
    char *argv[] = { "python3", "-c", script, path, count, NULL };
    execvp("python3", argv);
    return 127;
}

static int jq(char *path, size_t spans)
{
    static char filter[] =
        "[.data[] | . as $t | (.spans | INDEX(.spanID)) as $ids | .spans[]"
        " | ([.references[] | select(.refType == \"CHILD_OF\") | .spanID][0]) as $p"
        " | [$t.processes[.processID].serviceName, if $p then $ids[$p].spanID else null end]]"
        " | [length, map(select(.[1] == null)) | length]";
    (void)spans;
    char *argv[] = { "jq", "-c", filter, path, NULL };
    execvp("jq", argv);
    return 127;
}

/* One child that does it; false if it could not. */
static bool once(int (*work)(char *, size_t), char *path, size_t spans, struct run *r)
{
    double t = now_s();
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        _exit(work(path, spans));
    }
    struct rusage u;
    int status;
    REQUIRE(wait4(child, &status, 0, &u) == child);
    r->s = now_s() - t;
    r->mb = (double)u.ru_maxrss * 1.024e-3;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static double median(const struct run *r, bool memory)
{
    double x[REPEATS];
    for (int i = 0; i < REPEATS; i++)
        x[i] = memory ? r[i].mb : r[i].s;
    gsl_sort(x, 1, REPEATS);
    return x[REPEATS / 2];
}

static void say(FILE *csv, const char *what, size_t spans, const char *path, const struct run *r)
{
    struct stat st;
    REQUIRE(stat(path, &st) == 0);
    double s = median(r, false), mb = median(r, true);
    fprintf(csv, "%s,%zu,%lld,%.9g,%.9g,%.9g\n", what, spans, (long long)st.st_size, s,
            (double)spans / s, mb);
    printf("%-8s %8zu spans  %4.0f MB  %7.3f s  %9.0f spans/s  %5.0f MB resident at most\n", what,
           spans, (double)st.st_size / 1e6, s, (double)spans / s, mb);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_import");
    static const size_t sizes[] = { 100000, 400000 };
    static const struct { const char *name; int (*work)(char *, size_t); } kind[] = {
        { "ours", ours }, { "python", python }, { "jq", jq }
    };
    struct outfile csv =
        driver_csv(&d, "bench_import.csv", "what,spans,bytes,seconds,spans_per_s,peak_mb");
    for (size_t k = 0; k < 2; k++) {
        char *path = make_export(&d, sizes[k]);
        struct run run[3][REPEATS], warm;
        bool there[3] = { true, true, true };
        once(ours, path, sizes[k], &warm);
        for (int i = 0; i < REPEATS; i++)
            for (int w = 0; w < (k ? 1 : 3); w++)   /* the large file for the memory alone */
                there[w] = there[w] && once(kind[w].work, path, sizes[k], &run[w][i]);
        for (int w = 0; w < (k ? 1 : 3); w++) {
            if (there[w])
                say(csv.f, kind[w].name, sizes[k], path, run[w]);
            else
                printf("%s is absent, or failed: not compared\n", kind[w].name);
        }
        free(path);
    }
    driver_close(&csv);
    return driver_end(&d);
}
