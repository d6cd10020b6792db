/* bench_generate: tokens, graphs and calls a second of generation.
 *
 * Claim    batch 64 writes over 10k, 4.5k, 2.2k tokens/s on S, M, L where sgemm does 320 GF/s
 *          (elsewhere compare the fraction of sgemm: 0.22, 0.31, 0.36), with keys and values in
 *          f16 more than with floats; batch 1 is at least as fast as llama2.c's way of writing
 *          (bench plain), faster with narrower weights; the grammar keeps 0.97 of the free rate.
 * Reads    nothing: random weights; for graphs a model of two million weights, trained here for an
 *          epoch on 2000 traces of the reference workload, or --checkpoint
 * Writes   OUTDIR/bench_generate-SIZE.csv   size,batch,weights,cache,threads,tokens_per_s,
 *              gflops,fraction,read_gb_per_s,read_fraction,over_plain,wall_s,wall_tokens_per_s:
 *              medians of five rounds over all rows; weights plain is llama2.c's way, over_plain
 *              the median of the ratios to it in the same round; read is what a token has to read
 *              of weights and of keys and values at the mean length, its fraction that of the
 *              machine's reading, measured in the same round; wall is by a clock outside the
 *              program, from fork to exit: its start, packing, ceiling and first tokens included
 *          OUTDIR/bench_graphs.csv     batch,sampling,weights,cache,threads,graphs_per_s,
 *              calls_per_s,tokens_per_s,kept: medians of five; kept is the median over rounds of
 *              constrained tokens/s over free ones. Free sampling makes one attempt a graph: what
 *              fails is not counted as written
 *          OUTDIR/bench_rounded.csv    rounded,tokens,kl_nats,same_top,loss_exact,loss_rounded,
 *              valid_exact,valid_rounded,same_graphs: what rounding weights to 8 bits, or keys and
 *              values to 16, does to the model's distribution on texts that it wrote, to the share
 *              of its free texts that are graphs, and how many of its likeliest graphs stay
 * Parts    --only S, M, L, graphs
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/meta.h"
#include "base/rng.h"
#include "cli/bench.h"
#include "cli/bench_run.h"
#include "cli/driver.h"
#include "gen/llm.h"
#include "gen/train_graphs.h"
#include "llm/decode.h"
#include "ml/linalg.h"
#include "ml/vec.h"
#include "trace/reference.h"

enum { REPEATS = 5, TRACES = 2000, MEAN_CONTEXT = 128 };

/* What is timed of a size, in this order, round after round. */
static const struct row {
    const char *kind, *weights, *cache;
    size_t batch;
    double bytes;                  /* of a weight */
} rows[] = {
    { "generate", "f32", "f32", 64, 4 },  { "generate", "f32", "f16", 64, 4 },
    { "plain", "f32", "f32", 1, 4 },      { "generate", "f32", "f32", 1, 4 },
    { "generate", "bf16", "f32", 1, 2 },  { "generate", "int8", "f32", 1, 1 },
};
enum { ROWS = sizeof rows / sizeof *rows, PLAIN = 2 };

enum column { RATE, GFLOPS, FRACTION, READ, READ_FRACTION, OVER_PLAIN, WALL_S, WALL_RATE, COLUMNS };
#define HEADER "size,batch,weights,cache,threads,tokens_per_s,gflops,fraction," \
               "read_gb_per_s,read_fraction,over_plain,wall_s,wall_tokens_per_s"

/* Bytes that a token has to read: its share of the weights, which every thread goes through for its
 * own sequences, and the keys and values before it. */
static double bytes_of(const char *size, const struct row *r, size_t threads)
{
    struct llama_config c;
    REQUIRE(llama_preset(size, &c));
    c.vocab = 1024;
    double passes = threads < r->batch ? (double)threads : 1, kv = 2.0 * (double)c.d_model;
    return llama_matrix_weights(&c) * r->bytes * passes / (double)r->batch +
           (double)c.n_layers * kv * (strcmp(r->cache, "f16") == 0 ? 2 : 4) * MEAN_CONTEXT;
}

static void time_row(const struct driver *d, const char *program, const char *size,
                     const struct row *r, double reading, double *x)
{
    const struct bench_call call = { program, r->kind, size, r->batch, d->threads, r->weights,
                                     r->cache, d->seed };
    struct bench_line l;
    struct err err = { 0 };
    driver_need(d, bench_tracewright(&call, &l, &err), &err);
    x[RATE] = l.rate;
    x[GFLOPS] = l.gflops;
    x[FRACTION] = l.fraction;
    x[READ] = 1e-9 * l.rate * bytes_of(size, r, d->threads);
    x[READ_FRACTION] = 1e9 * x[READ] / reading;
    x[WALL_S] = l.wall_s;
    x[WALL_RATE] = l.tokens / l.wall_s;
}

static void put_row(const struct driver *d, FILE *csv, const char *size, const struct row *r,
                    double x[REPEATS][ROWS][COLUMNS], size_t k)
{
    double m[COLUMNS], one[REPEATS];
    bool plain = strcmp(r->kind, "plain") == 0;
    const char *held = plain ? "plain" : r->weights;
    fprintf(csv, "%s,%zu,%s,%s,%zu", size, r->batch, held, r->cache, d->threads);
    for (int c = 0; c < COLUMNS; c++) {
        for (int i = 0; i < REPEATS; i++)
            one[i] = x[i][k][c];
        m[c] = c == OVER_PLAIN && r->batch != 1 ? NAN : bench_median(one, REPEATS);
        fprintf(csv, ",%.9g", m[c]);
    }
    fprintf(csv, "\n");
    printf("%s batch %2zu %-5s cache %s %7.0f tokens/s  %5.0f GF/s  %.2f of sgemm  %5.1f GB/s, "
           "%.2f of reading", size, r->batch, held, r->cache, m[RATE], m[GFLOPS], m[FRACTION],
           m[READ], m[READ_FRACTION]);
    printf(r->batch == 1 && !plain ? "  %.2f of plain\n" : "\n", m[OVER_PLAIN]);
    fflush(stdout);
}

static void tokens_of(const struct driver *d, const char *program, const char *size)
{
    double x[REPEATS][ROWS][COLUMNS];
    char name[32];
    for (int i = 0; i < REPEATS; i++) {
        double reading = bench_bandwidth(d->threads);
        for (size_t k = 0; k < ROWS; k++)
            time_row(d, program, size, &rows[k], reading, x[i][k]);
        for (size_t k = 0; k < ROWS; k++)
            x[i][k][OVER_PLAIN] = x[i][k][RATE] / x[i][PLAIN][RATE];
    }
    snprintf(name, sizeof name, "bench_generate-%s.csv", size);
    struct outfile csv = driver_csv(d, name, HEADER);
    for (size_t k = 0; k < ROWS; k++)
        put_row(d, csv.f, size, &rows[k], x, k);
    driver_close(&csv);
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

/* What is written of graphs, in this order, round after round. */
static const struct way {
    const char *sampling, *weights, *cache;
    size_t batch, n;
    bool unconstrained, int8, f16;
} ways[] = {
    { "constrained", "exact", "f32", 64, 1000, false, false, false },
    { "free", "exact", "f32", 64, 1000, true, false, false },
    { "constrained", "int8", "f32", 64, 1000, false, true, false },
    { "free", "int8", "f32", 64, 1000, true, true, false },
    { "constrained", "exact", "f16", 64, 1000, false, false, true },
    { "free", "exact", "f16", 64, 1000, true, false, true },
    { "constrained", "exact", "f32", 1, 100, false, false, false },
    { "free", "exact", "f32", 1, 100, true, false, false },
    { "constrained", "int8", "f32", 1, 100, false, true, false },
    { "free", "int8", "f32", 1, 100, true, true, false },
};
enum { WAYS = sizeof ways / sizeof *ways };

/* What is rounded, and where it stands among the ways: constrained, then free. */
static const struct {
    const char *name;
    size_t way;
} rounded[] = { { "exact", 0 }, { "int8", 2 }, { "f16", 4 } };
enum { HELD = sizeof rounded / sizeof *rounded };

/* The graphs to *out. */
static struct draw_report write_graphs(const struct driver *d, const struct llm *m,
                                       const struct prompt_pool *pool, const struct way *w,
                                       struct sample_options sample, struct graphset *out)
{
    struct draw_job job = { .prompts = pool, .n = w->n, .seed = d->seed, .threads = d->threads,
                            .attempts = w->unconstrained ? 1 : 0 };
    struct llm_options o = { .sample = sample, .unconstrained = w->unconstrained,
                             .int8 = w->int8, .f16_cache = w->f16, .batch = w->batch };
    struct draw_report r = { 0 };
    struct err err = { 0 };
    driver_need(d, llm_run(m, &o, &job, out, &r, &err), &err);
    return r;
}

/* The share of the likeliest graphs under the same headers that are the same when rounded. */
static double same_graphs(const struct driver *d, const struct llm *m,
                          const struct prompt_pool *pool, size_t k)
{
    const struct sample_options likeliest = { .temperature = 0 };
    struct graphset *x = graphset_new(), *y = graphset_new();
    size_t same = 0;
    write_graphs(d, m, pool, &ways[rounded[0].way], likeliest, x);
    write_graphs(d, m, pool, &ways[rounded[k].way], likeliest, y);
    REQUIRE(x->n == y->n && x->n);
    for (size_t i = 0; i < x->n; i++)
        same += callgraph_same(&x->graphs[i], x->names, &y->graphs[i], y->names);
    double share = (double)same / (double)x->n;
    graphset_free(x);
    graphset_free(y);
    return share;
}

enum { GRAPHS, CALLS, TOKENS, KEPT, RATES };

static void put_way(const struct driver *d, FILE *csv, const struct way *w, const double *m)
{
    fprintf(csv, "%zu,%s,%s,%s,%zu,%.9g,%.9g,%.9g,%.9g\n", w->batch, w->sampling, w->weights,
            w->cache, d->threads, m[GRAPHS], m[CALLS], m[TOKENS], m[KEPT]);
    printf("batch %2zu %-11s %-5s cache %s %7.0f valid graphs/s %8.0f calls/s %8.0f tokens/s",
           w->batch, w->sampling, w->weights, w->cache, m[GRAPHS], m[CALLS], m[TOKENS]);
    printf(w->unconstrained ? "\n" : "  %.3f of free\n", m[KEPT]);
    fflush(stdout);
}

/* The shares of free texts that are graphs go to valid (HELD). */
static void graphs_of(const struct driver *d, const struct llm *m, const struct prompt_pool *pool,
                      double *valid)
{
    double x[REPEATS][WAYS][RATES];
    struct outfile csv = driver_csv(d, "bench_graphs.csv", "batch,sampling,weights,cache,"
                                    "threads,graphs_per_s,calls_per_s,tokens_per_s,kept");
    for (int i = 0; i < REPEATS; i++)
        for (size_t k = 0; k < WAYS; k++) {
            struct graphset *out = graphset_new();
            struct draw_report r = write_graphs(d, m, pool, &ways[k], sample_standard, out);
            graphset_free(out);
            x[i][k][GRAPHS] = (double)r.graphs / r.seconds;
            x[i][k][CALLS] = (double)r.calls / r.seconds;
            x[i][k][TOKENS] = (double)r.tokens / r.seconds;
            for (size_t h = 0; h < HELD; h++)
                if (k == rounded[h].way + 1)
                    valid[h] = (double)r.graphs / (double)ways[k].n;
        }
    for (size_t k = 0; k < WAYS; k++) {
        double v[RATES], one[REPEATS];
        for (int c = 0; c < RATES; c++) {
            for (int i = 0; i < REPEATS; i++)
                one[i] = c < KEPT ? x[i][k][c] : x[i][k & ~1u][TOKENS] / x[i][k | 1][TOKENS];
            v[c] = c == KEPT && ways[k].unconstrained ? 1 : bench_median(one, REPEATS);
        }
        put_way(d, csv.f, &ways[k], v);
    }
    driver_close(&csv);
}

/* Of two distributions of the next token, by their logits. */
struct apart {
    double kl, exact, other;       /* sums: KL(exact || other), and nats of the token that came */
    size_t same, tokens;
};

static void compare(size_t V, float *p, float *q, uint32_t came, struct apart *a)
{
    size_t top[2] = { 0, 0 };
    for (size_t v = 1; v < V; v++) {
        top[0] = p[v] > p[top[0]] ? v : top[0];
        top[1] = q[v] > q[top[1]] ? v : top[1];
    }
    vec_softmax(V, p);
    vec_softmax(V, q);
    for (size_t v = 0; v < V; v++)
        a->kl += (double)p[v] * log((double)p[v] / (double)q[v]);
    a->exact -= log((double)p[came]);
    a->other -= log((double)q[came]);
    a->same += top[0] == top[1];
    a->tokens++;
}

/* Both are fed what the exact one writes by itself. */
static struct apart apart_on_own_texts(const struct driver *d, const struct model *m,
                                       const struct way *w)
{
    enum { SEQUENCES = 64, LENGTH = 96 };
    size_t V = m->config.vocab, length = LENGTH < m->config.max_len ? LENGTH : m->config.max_len;
    const struct decoder_as as = { w->int8 ? DECODER_INT8 : DECODER_EXACT,
                                   w->f16 ? DECODER_CACHE_F16 : DECODER_CACHE_F32 };
    struct decoder *both[] = { decoder_new(m, SEQUENCES, length),
                               decoder_new_as(as, m, SEQUENCES, length) };
    float *logits[] = { mem_array(SEQUENCES * V, sizeof(float)),
                        mem_array(SEQUENCES * V, sizeof(float)) };
    uint32_t slot[SEQUENCES], token[SEQUENCES];
    struct apart a = { 0 };
    gsl_rng *rng = rng_stream(d->seed, "bench/int8", 0);
    for (uint32_t s = 0; s < SEQUENCES; s++) {
        slot[s] = s;
        token[s] = m->config.bos;
    }
    for (size_t t = 0; t < length; t++) {
        for (int k = 0; k < 2; k++)
            decoder_step(both[k], SEQUENCES, slot, token, logits[k]);
        for (size_t s = 0; s < SEQUENCES; s++) {
            bool ended = t && token[s] == m->config.eos;
            float *p = logits[0] + s * V;
            uint32_t next = sample_draw(p, V, NULL, &sample_standard, rng).token;
            if (!ended)
                compare(V, p, logits[1] + s * V, next, &a);
            token[s] = ended ? m->config.eos : next;
        }
    }
    gsl_rng_free(rng);
    for (int k = 0; k < 2; k++) {
        decoder_free(both[k]);
        free(logits[k]);
    }
    return a;
}

static void put_rounded(const struct driver *d, const struct llm *m,
                        const struct prompt_pool *pool, const double *valid)
{
    struct outfile csv = driver_csv(d, "bench_rounded.csv", "rounded,tokens,kl_nats,same_top,"
                                    "loss_exact,loss_rounded,valid_exact,valid_rounded,"
                                    "same_graphs");
    for (size_t k = 1; k < HELD; k++) {
        struct apart a = apart_on_own_texts(d, m->model, &ways[rounded[k].way]);
        double n = (double)a.tokens, same = same_graphs(d, m, pool, k);
        fprintf(csv.f, "%s,%zu,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", rounded[k].name, a.tokens,
                a.kl / n, (double)a.same / n, a.exact / n, a.other / n, valid[0], valid[k], same);
        printf("%s on %zu tokens: KL %.2g nats, the same likeliest token on %.4f, loss %.4f for "
               "%.4f, valid when free %.3f for %.3f, the same likeliest graphs %.3f\n",
               rounded[k].name, a.tokens, a.kl / n, (double)a.same / n, a.other / n, a.exact / n,
               valid[k], valid[0], same);
    }
    driver_close(&csv);
}

static void graphs_part(const struct driver *d)
{
    struct llm m;
    double valid[HELD] = { 0 };
    struct graphset *graphs = reference_graphs(&(struct reference_options){ .traces = TRACES,
                                                                            .seed = d->seed });
    load(d, graphs, &m);
    struct prompt_pool pool = prompt_pool_new(graphs, prompt_full);
    graphs_of(d, &m, &pool, valid);
    put_rounded(d, &m, &pool, valid);
    prompt_pool_free(&pool);
    llm_free(&m);
    graphset_free(graphs);
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = { "S", "M", "L" };
    struct driver d = driver_start(argc, argv, "bench_generate");
    char *program = bench_beside(argv[0]);
    printf("%zu threads, OpenBLAS core %s\n", d.threads, linalg_core());
    fflush(stdout);
    for (size_t i = 0; i < 3; i++)
        if (driver_does(&d, sizes[i]))
            tokens_of(&d, program, sizes[i]);
    if (driver_does(&d, "graphs"))
        graphs_part(&d);
    free(program);
    return driver_end(&d);
}
