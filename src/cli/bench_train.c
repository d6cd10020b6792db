/* bench_train.c: steps of training on random tokens: forward, backward, clipping, AdamW.
 *
 *     step    1        2 ............ n + 1    n + 2
 *             warm up  |  the clock runs  |    only starts
 *
 * Tokens are asked for at the start of a step, so the source sees every step begin: the clock
 * starts with the second, when every page has been touched, and stops when the last begins.
 * Every sequence has all positions of the context and is a micro-batch slot of its own.
 */
#include "base/rng.h"
#include "cli/bench.h"
#include "llm/train.h"

enum { LEAST_STEPS = 3, LEAST_S = 3 };   /* timed: of steps, and of seconds at the ceiling */

struct stopwatch {
    const struct bench_ask *ask;
    size_t asked, start, stop;     /* samples asked for so far; when the clock starts and stops */
    double started_s, stopped_s;
};

/* 6 a weight in matrices, and the causal half of attention. */
static double flops_per_token(const struct llama_config *c)
{
    return 6 * llama_matrix_weights(c) +
           6 * (double)c->n_layers * (double)c->d_model * (double)c->max_len;
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    struct stopwatch *w = ctx;
    const struct bench_ask *ask = w->ask;
    if (w->asked == w->start)
        w->started_s = bench_now_s();
    if (w->asked == w->stop)
        w->stopped_s = bench_now_s();
    w->asked++;
    gsl_rng *rng = rng_stream(ask->seed, "bench/train", epoch << 32 | index);
    for (size_t i = 0; i <= ask->config.max_len; i++)
        tokens_add(out, (uint32_t)rng_below(rng, ask->config.vocab));
    gsl_rng_free(rng);
    *loss_from = 0;
}

static bool train(const struct bench_ask *ask, struct bench_done *done, struct err *err)
{
    size_t step = ask->batch * ask->config.max_len;
    double flops = flops_per_token(&ask->config);
    size_t steps = 1 + (size_t)(LEAST_S * ask->ceiling / (flops * (double)step));
    steps = steps < LEAST_STEPS ? LEAST_STEPS : steps;
    struct stopwatch w = { .ask = ask, .start = ask->batch, .stop = (steps + 1) * ask->batch };
    struct train_source source = { &w, (steps + 2) * ask->batch, fill };
    struct train_options o = train_standard;
    o.epochs = 1;
    o.tokens_per_step = step;
    o.slots = ask->batch;
    o.dropout = 0;
    o.threads = ask->threads;
    o.seed = ask->seed;
    struct model *m = model_new(&ask->config);
    model_init(m, ask->seed);
    struct train_report rep;
    bool good = train_run(m, &o, &source, &rep, err);
    *done = (struct bench_done){ steps * step, w.stopped_s - w.started_s, flops };
    train_report_free(&rep);
    model_free(m);
    return good;
}

const struct bench_kind bench_train = {
    .name = "train",
    .what = "training on sequences of 512 random tokens, as PyTorch is timed in make bench",
    .batch = 8,
    .run = train,
};
