/* bench_ingest: a gigabyte of CallGraph CSV, parsed, checked and grouped by trace.
 *
 * Claim    at least 0.6 GB/s on two cores and at most 0.4 GB resident, page cache warm; faster than
 *          DuckDB's group-by of the same file, which only counts and takes a maximum per trace.
 * Reads    DATA/ingest.csv if --data is given and it is there. Else the file is made in OUTDIR,
 *          once: by ../shared/peers/gen_callgraph_csv.c where that is, else by the generator below
 * Writes   OUTDIR/bench_ingest.csv   what,threads,bytes,seconds,cpu_s,gb_per_s,peak_mb: medians
 * Peer     DuckDB as npm's @duckdb/node-api, installed below OUTDIR if npm can; runs alternate
 *
 * Our time is the whole careful import, in a process of its own from fork to exit. DuckDB's is the
 * query alone, without the start of node.
 */
#define _GNU_SOURCE   /* wait4: the memory of one child */
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "cli/driver.h"
#include "trace/import.h"

enum { REPEATS = 5, WINDOW = 64 };
#define FILE_BYTES 1e9

struct run {
    double s, cpu_s, mb;
    uint64_t rows, graphs;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Traces of 1 to 200 calls, rows of 64 of them interleaved; three quarters are valid trees. */
static void make_rows(FILE *f, uint64_t seed)
{
    struct { unsigned id, service, at, calls, total; uint64_t ts; } open[WINDOW] = { { 0 } };
    static const char *const types[] = { "rpc", "mc", "db", "http", "mq" };
    gsl_rng *r = rng_stream(seed, "bench/ingest", 0);
    unsigned traces = 0;
    uint64_t clock = 0;
    double bytes =
        fprintf(f, "timestamp,traceid,service,rpc_id,um,uminstanceid,rpctype,interface,dm,"
                   "dminstanceid,rt\n");
    while (bytes < FILE_BYTES) {
        size_t k = rng_below(r, WINDOW);
        if (open[k].at == open[k].total) {
            double tail = 3 / (rng_unit(r) + 1e-3);
            open[k].id = traces++;
            open[k].service = (unsigned)rng_below(r, 300);
            open[k].total = 1 + (unsigned)(tail > 199 ? 199 : tail);
            open[k].at = 0;
            open[k].ts = clock += rng_below(r, 3);
        }
        unsigned at = open[k].at++, um = open[k].service, dm = (unsigned)rng_below(r, 2000);
        bool odd = open[k].id % 4 == 0 && rng_below(r, 4) == 0;
        char id[32] = "0";
        if (at)
            snprintf(id, sizeof id, "0.%u", at);
        bytes += fprintf(
            f, "%llu,T_%011u,S_%09u,%s,%s%u,MS_%u_POD_%u,%s,i%08u,MS_%u,MS_%u_POD_%u,%u.0\n",
            (unsigned long long)(open[k].ts + at), open[k].id * 7919u, open[k].service * 499979u,
            odd ? "0.x" : id, at ? "MS_" : "USER", um, um, (unsigned)rng_below(r, 40),
            types[at ? rng_below(r, 5) : 3], dm, at ? dm : um, dm, (unsigned)rng_below(r, 40),
            at ? (unsigned)rng_below(r, 50) : 1000u);
    }
    gsl_rng_free(r);
}

static char *find_file(const struct driver *d)
{
    static const char peer[] = "../shared/peers/gen_callgraph_csv.c";
    struct err err;
    char *given = d->data ? file_join(d->data, "ingest.csv") : NULL;
    if (given && file_exists(given))
        return given;
    free(given);
    char *path = driver_path(d, "ingest.csv"), command[2048];
    if (file_exists(path))
        return path;
    snprintf(command, sizeof command,
             "cc -O3 -w %s -o %s/generate -lm && %s/generate 1000000000 1 > %s.tmp.0 && "
             "mv %s.tmp.0 %s",
             peer, d->out, d->out, path, path, path);
    if (file_exists(peer) && system(command) == 0)
        return path;
    struct outfile o;
    driver_need(d, outfile_open(&o, path, &err), &err);
    make_rows(o.f, d->seed);
    driver_need(d, outfile_commit(&o, &err), &err);
    return path;
}

static bool forget(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                   struct err *err)
{
    (void)ctx, (void)g, (void)names, (void)weight, (void)err;
    return true;
}

static struct run import_once(const char *path, size_t threads)
{
    struct run run = { 0 };
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    double t = now_s();
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        char *paths[] = { (char *)path };
        struct import_report rep;
        struct err err;
        import_alibaba_2022_stream(paths, 1, &(struct import_options){ .threads = threads },
                                   forget, NULL, &rep, &err);
        uint64_t seen[2] = { rep.rows_read, rep.graphs_read };
        _exit(write(ends[1], seen, sizeof seen) == sizeof seen ? 0 : 1);
    }
    struct rusage u;
    int status;
    REQUIRE(wait4(child, &status, 0, &u) == child && status == 0);
    run.s = now_s() - t;
    run.cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    run.mb = (double)u.ru_maxrss * 1.024e-3;
    uint64_t seen[2];
    REQUIRE(read(ends[0], seen, sizeof seen) == sizeof seen);
    run.rows = seen[0];
    run.graphs = seen[1];
    close(ends[0]);
    close(ends[1]);
    return run;
}

/* The folder with DuckDB ready to run, or NULL. */
static char *install_duckdb(const struct driver *d)
{
    static const char script[] =
        "import { DuckDBInstance } from '@duckdb/node-api';\n"
        "const db = await DuckDBInstance.create(':memory:', { threads: process.argv[3] });\n"
        "const c = await db.connect();\n"
        "const t = performance.now(), cpu = process.cpuUsage();\n"
        "const r = await c.runAndReadAll(`select count(*), max(n), max(m) from (\n"
        "    select traceid, count(*) n, max(rt) m\n"
        "    from read_csv('${process.argv[2]}') group by traceid)`);\n"
        "const s = (performance.now() - t) / 1000, used = process.cpuUsage(cpu);\n"
        "console.log(s, (used.user + used.system) / 1e6, String(r.getRows()[0][0]));\n";
    char *dir = driver_path(d, "duckdb"), command[2048];
    struct err err;
    char *file = file_join(dir, "group.mjs"),
         *module = file_join(dir, "node_modules/@duckdb/node-api");
    driver_need(d, file_mkdirs(dir, &err) && file_write(file, script, sizeof script - 1, &err),
                &err);
    snprintf(command, sizeof command,
             "cd %s && npm install --silent --no-audit --no-fund @duckdb/node-api >npm.log 2>&1",
             dir);
    bool there = file_is_dir(module) ||
                 (system("command -v node npm >npm.path 2>&1") == 0 && system(command) == 0);
    unlink("npm.path");
    free(file);
    free(module);
    if (there)
        return dir;
    free(dir);
    return NULL;
}

static bool duckdb_once(const char *dir, const char *path, size_t threads, struct run *run)
{
    char *full = realpath(path, NULL), command[4096 + 512];
    snprintf(command, sizeof command, "cd %s && node group.mjs %s %zu 2>>npm.log", dir,
             full ? full : path, threads);
    free(full);
    FILE *f = popen(command, "r");
    unsigned long long graphs = 0;
    bool good = f && fscanf(f, "%lf %lf %llu", &run->s, &run->cpu_s, &graphs) == 3;
    run->graphs = graphs;
    return f && pclose(f) == 0 && good;
}

enum what { SECONDS, CPU, MEMORY };

static double median(const struct run *r, enum what what)
{
    double x[REPEATS];
    for (int i = 0; i < REPEATS; i++)
        x[i] = what == SECONDS ? r[i].s : what == CPU ? r[i].cpu_s : r[i].mb;
    gsl_sort(x, 1, REPEATS);
    return x[REPEATS / 2];
}

static void say(FILE *csv, const char *what, size_t threads, double bytes, const struct run *r)
{
    double s = median(r, SECONDS), cpu = median(r, CPU), mb = median(r, MEMORY);
    fprintf(csv, "%s,%zu,%.0f,%.9g,%.9g,%.9g,%.9g\n", what, threads, bytes, s, cpu, bytes / s / 1e9,
            mb);
    printf("%-16s %zu threads  %6.3f s  %6.3f GB/s  %6.3f s of processors  ", what, threads, s,
           bytes / s / 1e9, cpu);
    if (mb > 0)
        printf("%.0f MB resident at most, ", mb);
    printf("%llu traces\n", (unsigned long long)r[0].graphs);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_ingest");
    char *path = find_file(&d), *duckdb = install_duckdb(&d);
    struct outfile csv =
        driver_csv(&d, "bench_ingest.csv", "what,threads,bytes,seconds,cpu_s,gb_per_s,peak_mb");
    FILE *f = fopen(path, "rb");
    REQUIRE(f && fseek(f, 0, SEEK_END) == 0);
    double bytes = (double)ftell(f);
    fclose(f);
    struct run ours[REPEATS], one[REPEATS], peer[REPEATS] = { { 0 } };
    import_once(path, 2);   /* warms the page cache */
    bool compared = duckdb != NULL;
    for (int i = 0; i < REPEATS; i++) {
        ours[i] = import_once(path, 2);
        one[i] = import_once(path, 1);
        compared = compared && duckdb_once(duckdb, path, 2, &peer[i]);
    }
    say(csv.f, "careful import", 2, bytes, ours);
    say(csv.f, "careful import", 1, bytes, one);
    if (compared) {
        say(csv.f, "duckdb group by", 2, bytes, peer);
        printf("DuckDB's time over ours on 2 threads: %.2f; processor time: %.2f\n",
               median(peer, SECONDS) / median(ours, SECONDS),
               median(peer, CPU) / median(ours, CPU));
    } else
        printf("DuckDB is absent (node, npm or the network): not compared\n");
    driver_close(&csv);
    free(path);
    free(duckdb);
    return driver_end(&d);
}
