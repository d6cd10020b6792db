/* bench_model: tokens a second in training and in decoding, beside what sgemm alone can do.
 *
 * Claim    packed samples and a thread per slot keep most of the machine's products in use.
 * Reads    nothing: random tokens, samples of 5 to 59 (mean 32), vocabulary 1000
 * Writes   OUTDIR/bench_model.csv   size,weights,what,threads,tokens_per_s,gflops,fraction
 *          what: train (one epoch, dropout .1, AdamW) or decode (batch 64 a thread, to 48 tokens)
 * Peer     the ceiling: sgemm of 1024 x 1024 x 1024 on every thread at once, median of 5
 *
 * gflops counts 6 flops a weight and token in training and 2 in decoding: attention is left out,
 * so the fraction errs low.
 */
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"
#include "cli/driver.h"
#include "llm/decode.h"
#include "llm/train.h"
#include "ml/linalg.h"

enum { VOCAB = 1000, CEILING = 1024, BATCH = 64, STEPS = 48 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void one_product(void *ctx, size_t item, size_t worker)
{
    (void)worker;
    const size_t n = CEILING;
    float *a = (float *)ctx + item * 3 * n * n;
    linalg_nt(n, n, n, a, n, a + n * n, n, 0, a + 2 * n * n, n);
}

static double ceiling_gflops(size_t threads)
{
    double rate[5], n = CEILING;
    float *room = mem_array(threads * 3 * CEILING * CEILING, sizeof *room);
    for (int k = 0; k < 5; k++) {
        double t = now_s();
        threads_for(threads, threads, one_product, room);
        rate[k] = 2e-9 * n * n * n * (double)threads / (now_s() - t);
    }
    free(room);
    gsl_sort(rate, 1, 5);
    return rate[2];
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    gsl_rng *r = rng_stream(*(uint64_t *)ctx, "bench/sample", epoch << 32 | index);
    *loss_from = 0;
    for (size_t n = 5 + rng_below(r, 55); n > 0; n--)
        tokens_add(out, (uint32_t)rng_below(r, VOCAB));
    gsl_rng_free(r);
}

static double train_rate(const struct driver *d, struct model *m)
{
    uint64_t seed = d->seed;
    struct train_source source = { &seed, d->full ? 2000 : 400, fill };
    struct train_options o = train_standard;
    struct train_report rep;
    struct err err = { 0 };
    o.epochs = 1;
    o.threads = d->threads;
    o.slots = d->threads > 2 ? d->threads : 2;
    o.tokens_per_step = 512 * o.slots;
    driver_need(d, train_run(m, &o, &source, &rep, &err), &err);
    double rate = rep.tokens_per_s;
    train_report_free(&rep);
    return rate;
}

static void decode_some(void *ctx, size_t item, size_t worker)
{
    (void)item;
    (void)worker;
    struct decoder *d = decoder_twin(ctx, BATCH);
    float *logits = mem_array(BATCH * VOCAB, sizeof *logits);
    uint32_t slot[BATCH], token[BATCH];
    for (uint32_t i = 0; i < BATCH; i++) {
        slot[i] = i;
        token[i] = i;
    }
    for (int t = 0; t < STEPS; t++)
        decoder_step(d, BATCH, slot, token, logits);
    free(logits);
    decoder_free(d);
}

static double decode_rate(const struct model *m, size_t threads)
{
    struct decoder *first = decoder_new(m, 1, STEPS);
    double t = now_s();
    threads_for(threads, 4 * threads, decode_some, first);
    double rate = 4.0 * (double)threads * BATCH * STEPS / (now_s() - t);
    decoder_free(first);
    return rate;
}

static void report(FILE *csv, const char *size, const struct model *m, const char *what,
                   size_t threads, double rate, double flops, double ceiling)
{
    double gflops = 1e-9 * rate * flops * (double)m->n_weights;
    fprintf(csv, "%s,%zu,%s,%zu,%.9g,%.9g,%.9g\n", size, m->n_weights, what, threads, rate, gflops,
            gflops / ceiling);
    printf("%-5s %5.1f M weights  %-6s %8.0f tokens/s  %6.0f GF/s  %.2f of sgemm\n", size,
           1e-6 * (double)m->n_weights, what, rate, gflops, gflops / ceiling);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "bench_model");
    struct outfile csv = driver_csv(&d, "bench_model.csv",
                                    "size,weights,what,threads,tokens_per_s,gflops,fraction");
    static const char *const sizes[] = { "small", "base", "S", "M", "L" };
    size_t threads = d.threads ? d.threads : threads_default();
    d.threads = threads;
    double ceiling = ceiling_gflops(threads);
    printf("sgemm on %zu threads, core %s: %.0f GF/s\n", threads, linalg_core(), ceiling);
    for (size_t i = 0; i < (d.full ? 5 : 3); i++) {
        struct llama_config c;
        REQUIRE(llama_preset(sizes[i], &c));
        c.vocab = VOCAB;
        c.max_len = 64;
        struct model *m = model_new(&c);
        model_init(m, d.seed);
        report(csv.f, sizes[i], m, "train", threads, train_rate(&d, m), 6, ceiling);
        report(csv.f, sizes[i], m, "decode", threads, decode_rate(m, threads), 2, ceiling);
        model_free(m);
    }
    driver_close(&csv);
    return driver_end(&d);
}
