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
#include <stdlib.h>

#include "base/mem.h"
#include "base/meta.h"
#include "base/threads.h"
#include "cli/bench_run.h"
#include "cli/driver.h"
#include "gen/llm.h"
#include "gen/train_graphs.h"
#include "ml/linalg.h"
#include "trace/reference.h"

enum { REPEATS = 5, TRACES = 2000 };

static const size_t batches[] = { 64, 1 };

static void tokens_of(const struct driver *d, FILE *csv, const char *program, const char *size,
                      size_t batch)
{
    const struct bench_call call = { program, "generate", size, batch, d->threads, d->seed };
    double x[5][REPEATS], m[5];
    for (int i = 0; i < REPEATS; i++) {
        struct bench_line r;
        struct err err = { 0 };
        driver_need(d, bench_tracewright(&call, &r, &err), &err);
        x[0][i] = r.rate;
        x[1][i] = r.gflops;
        x[2][i] = r.fraction;
        x[3][i] = r.wall_s;
        x[4][i] = r.tokens / r.wall_s;
    }
    for (int k = 0; k < 5; k++)
        m[k] = bench_median(x[k], REPEATS);
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
    double share = bench_median(kept, REPEATS);
    for (int f = 0; f < 2; f++) {
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = bench_median(x[f][k], REPEATS);
        fprintf(csv, "%zu,%s,%zu,%.9g,%.9g,%.9g,%.9g\n", batch, names[f], d->threads, v[0], v[1],
                v[2], f ? 1 : share);
        printf("batch %2zu %-11s %7.0f valid graphs/s %8.0f calls/s %8.0f tokens/s", batch,
               names[f], v[0], v[1], v[2]);
        printf(f ? "\n" : "  %.3f of free\n", share);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = { "S", "M", "L" };
    struct driver d = driver_start(argc, argv, "bench_generate");
    d.threads = d.threads ? d.threads : threads_default();
    char *program = bench_beside(argv[0]);
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
