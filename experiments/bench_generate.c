/* bench_generate: tokens, graphs and calls a second of generation.
 *
 * Claim    batch 64 writes over 10k, 4.5k, 2.2k tokens/s on S, M, L and batch 1 over 2900, 1058,
 *          461 where sgemm does 320 GF/s (elsewhere compare the fraction of sgemm: 0.22, 0.31,
 *          0.36 at batch 64); the grammar keeps 0.97 of the free rate.
 * Reads    nothing: random weights; for graphs a model of two million weights, trained here for an
 *          epoch on 2000 traces of the reference workload, or --checkpoint
 * Writes   OUTDIR/bench_generate.csv   size,batch,threads,tokens_per_s,gflops,fraction,wall_s,
 *              wall_tokens_per_s: medians of five runs; wall is by a clock outside the program,
 *              from fork to exit: its start, packing, ceiling and a first pass included
 *          OUTDIR/bench_graphs.csv     batch,sampling,threads,graphs_per_s,calls_per_s,
 *              tokens_per_s,kept: medians of five; kept is the median over pairs, run one after
 *              the other, of constrained tokens/s over free ones. Free sampling makes one attempt
 *              a graph: what fails is not counted as written.
 */
#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/meta.h"
#include "base/threads.h"
#include "cli/bench.h"
#include "cli/driver.h"
#include "gen/llm.h"
#include "gen/train_graphs.h"
#include "ml/linalg.h"
#include "trace/reference.h"

enum { REPEATS = 5, TRACES = 2000 };

static const size_t batches[] = { 64, 1 };

struct run {
    double rate, gflops, fraction, wall_s, wall_rate;
};

static double median(double *x)
{
    gsl_sort(x, 1, REPEATS);
    return x[REPEATS / 2];
}

/* Run argv and give its standard output, at most n - 1 bytes of it: did it end well? */
static bool run_program(char *const argv[], char *out, size_t n)
{
    int ends[2], status;
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t k; got + 1 < n && (k = read(ends[0], out + got, n - 1 - got)) != 0;)
        if (k > 0)
            got += (size_t)k;
        else if (errno != EINTR)
            break;
    out[got] = 0;
    close(ends[0]);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static struct run tokens_once(const struct driver *d, const char *program, const char *size,
                              size_t batch)
{
    char threads[24], seed[24], width[24], out[512], name[8];
    struct run r = { 0 };
    double tokens = 0, seconds = 0;
    snprintf(threads, sizeof threads, "%zu", d->threads);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)d->seed);
    snprintf(width, sizeof width, "%zu", batch);
    char *argv[] = { (char *)program, "bench", "generate", "--size", (char *)size, "--batch", width,
                     "--threads", threads, "--seed", seed, "--json", "-q", NULL };
    double t = bench_now_s();
    bool good = run_program(argv, out, sizeof out) &&
                sscanf(out, "{\"size\":\"%7[^\"]\",\"tokens_per_s\":%lf,\"tokens\":%lf,\"seconds\":"
                       "%lf,\"gflops\":%lf,\"fraction\":%lf}", name, &r.rate, &tokens, &seconds,
                       &r.gflops, &r.fraction) == 6;
    struct err err = { 0 };
    if (!good)
        err_set(&err, EXIT_INTERNAL, "%s bench generate --size %s printed \"%s\"", program, size,
                out);
    driver_need(d, good, &err);
    r.wall_s = bench_now_s() - t;
    r.wall_rate = tokens / r.wall_s;
    return r;
}

static void tokens_of(const struct driver *d, FILE *csv, const char *program, const char *size,
                      size_t batch)
{
    double x[5][REPEATS], m[5];
    for (int i = 0; i < REPEATS; i++) {
        struct run r = tokens_once(d, program, size, batch);
        x[0][i] = r.rate;
        x[1][i] = r.gflops;
        x[2][i] = r.fraction;
        x[3][i] = r.wall_s;
        x[4][i] = r.wall_rate;
    }
    for (int k = 0; k < 5; k++)
        m[k] = median(x[k]);
    fprintf(csv, "%s,%zu,%zu,%.9g,%.9g,%.9g,%.9g,%.9g\n", size, batch, d->threads, m[0], m[1], m[2],
            m[3], m[4]);
    printf("%s batch %2zu %7.0f tokens/s  %5.0f GF/s  %.2f of sgemm  by the wall %7.0f in %.1f s\n",
           size, batch, m[0], m[1], m[2], m[4], m[3]);
    fflush(stdout);
}

/* The checkpoint given, or one trained now. */
static void load(const struct driver *d, const struct graphset *graphs, struct llm *m)
{
    struct err err = { 0 };
    char *dir = d->checkpoint ? mem_strdup(d->checkpoint) : driver_path(d, "bench_generate.model");
    if (!d->checkpoint) {
        struct train_graphs_options o = train_graphs_standard_for("compact");
        struct train_report rep = { 0 };
        struct meta *meta = meta_new("bench_generate");
        o.train.epochs = 1;
        o.train.threads = d->threads;
        o.train.seed = d->seed;
        o.train.resume = true;
        driver_need(d, train_graphs(graphs, &o, dir, meta, &rep, &err), &err);
        train_report_free(&rep);
        meta_free(meta);
    }
    driver_need(d, llm_load(dir, m, &err), &err);
    free(dir);
}

static struct draw_report write_graphs(const struct driver *d, const struct llm *m,
                                       const struct prompt_pool *pool, size_t batch,
                                       bool free_of_it)
{
    struct draw_job job = { .prompts = pool, .n = batch == 1 ? 200 : 2000, .seed = d->seed,
                            .threads = d->threads, .attempts = free_of_it ? 1 : 0 };
    struct llm_options o = { .sample = sample_standard, .unconstrained = free_of_it,
                             .batch = batch };
    struct graphset *out = graphset_new();
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    graphset_free(out);
    return r;
}

static void graphs_of(const struct driver *d, FILE *csv, const struct llm *m,
                      const struct prompt_pool *pool, size_t batch)
{
    static const char *const names[] = { "constrained", "free" };
    double x[2][3][REPEATS], kept[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        for (int f = 0; f < 2; f++) {
            struct draw_report r = write_graphs(d, m, pool, batch, f);
            x[f][0][i] = (double)r.graphs / r.seconds;
            x[f][1][i] = (double)r.calls / r.seconds;
            x[f][2][i] = (double)r.tokens / r.seconds;
        }
        kept[i] = x[0][2][i] / x[1][2][i];
    }
    double share = median(kept);
    for (int f = 0; f < 2; f++) {
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = median(x[f][k]);
        fprintf(csv, "%zu,%s,%zu,%.9g,%.9g,%.9g,%.9g\n", batch, names[f], d->threads, v[0], v[1],
                v[2], f ? 1 : share);
        printf("batch %2zu %-11s %7.0f valid graphs/s %8.0f calls/s %8.0f tokens/s", batch,
               names[f], v[0], v[1], v[2]);
        printf(f ? "\n" : "  %.3f of free\n", share);
        fflush(stdout);
    }
}

/* build/experiments/bench_generate -> build/tracewright */
static char *program_beside(const char *self)
{
    const char *slash = strrchr(self, '/');
    char *dir = mem_strndup(self, slash ? (size_t)(slash - self) : 0);
    char *path = file_join(slash ? dir : ".", "../tracewright");
    free(dir);
    return path;
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = { "S", "M", "L" };
    struct driver d = driver_start(argc, argv, "bench_generate");
    d.threads = d.threads ? d.threads : threads_default();
    char *program = program_beside(argv[0]);
    printf("%zu threads, OpenBLAS core %s\n", d.threads, linalg_core());
    struct outfile csv = driver_csv(&d, "bench_generate.csv",
                                    "size,batch,threads,tokens_per_s,gflops,fraction,wall_s,"
                                    "wall_tokens_per_s");
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 2; k++)
            tokens_of(&d, csv.f, program, sizes[i], batches[k]);
    driver_close(&csv);
    struct llm m;
    struct graphset *graphs = reference_graphs(&(struct reference_options){ .traces = TRACES,
                                                                            .seed = d.seed });
    load(&d, graphs, &m);
    struct prompt_pool pool = prompt_pool_new(graphs, prompt_full);
    csv = driver_csv(&d, "bench_graphs.csv",
                     "batch,sampling,threads,graphs_per_s,calls_per_s,tokens_per_s,kept");
    for (size_t k = 0; k < 2; k++)
        graphs_of(&d, csv.f, &m, &pool, batches[k]);
    driver_close(&csv);
    prompt_pool_free(&pool);
    llm_free(&m);
    graphset_free(graphs);
    free(program);
    return driver_end(&d);
}
