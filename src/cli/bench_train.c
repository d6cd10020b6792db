/* bench_train.c: steps of training on random tokens: forward, backward, clipping, AdamW.
 *
 *     step    1        2 ............ n + 1    n + 2
 *             warm up  |  the clock runs  |    only starts
 *
 * Tokens are asked for at the start of a step, so the source sees every step begin: the clock
 * starts with the second, when every page has been touched, and stops when the last begins.
 */
#include "base/rng.h"
#include "cli/bench.h"
#include "llm/train.h"

enum { LEAST_S = 3 };   /* timed, at the ceiling: and a step more */

struct stopwatch {
    const struct bench_ask *ask;
    const size_t *rows;            /* (n) */
    size_t n, step, steps;         /* tokens of a step, as train.h counts them; steps to time */
    size_t begun, filled, tokens;  /* steps begun, tokens of this one, tokens timed */
    double started_s, stopped_s;
};

static double mean_of(const size_t *rows, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)rows[i];
    return sum / (double)n;
}

/* 6 a weight in matrices, and attention's causal half: of a token drawn at random the sequence is
 * sum(rows^2) / sum(rows) long on the mean. */
static double flops_per_token(const struct llama_config *c, const size_t *rows, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)rows[i] * (double)rows[i];
    double length = squares / (double)n / mean_of(rows, n);
    return 6 * llama_matrix_weights(c) + 6 * (double)c->n_layers * (double)c->d_model * length;
}

static void step_begins(struct stopwatch *w)
{
    w->begun++;
    w->filled = 0;
    if (w->begun == 2)
        w->started_s = bench_now_s();
    if (w->begun == w->steps + 2)
        w->stopped_s = bench_now_s();
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    struct stopwatch *w = ctx;
    size_t rows = w->rows[index % w->n];
    if (w->begun == 0 || w->filled >= w->step)
        step_begins(w);
    w->filled += rows;
    if (w->begun >= 2 && w->begun < w->steps + 2)
        w->tokens += rows;
    gsl_rng *rng = rng_stream(w->ask->seed, "bench/train", epoch << 32 | index);
    for (size_t i = 0; i <= rows; i++)
        tokens_add(out, (uint32_t)rng_below(rng, w->ask->config.vocab));
    gsl_rng_free(rng);
    *loss_from = 0;
}

/* Enough for the last step to begin: equal sequences just so, others with a step to spare. */
static size_t samples_for(const struct stopwatch *w)
{
    double a_step = (double)w->step / mean_of(w->rows, w->n);
    return (size_t)((double)(w->steps + 1) * a_step + 0.5) + 1 + (w->n > 1 ? (size_t)a_step : 0);
}

bool bench_train_on(const struct bench_ask *ask, const size_t *rows, size_t n,
                    struct bench_done *done, struct err *err)
{
    struct stopwatch w = { .ask = ask, .rows = rows, .n = n };
    double flops = flops_per_token(&ask->config, rows, n);
    w.step = ask->batch * ask->config.max_len;
    w.steps = 1 + (size_t)(LEAST_S * ask->ceiling / (flops * (double)w.step));
    struct train_source source = { &w, samples_for(&w), fill };
    struct train_options o = train_standard;
    o.epochs = 1;
    o.tokens_per_step = w.step;
    o.slots = ask->batch;
    o.dropout = 0;
    o.threads = ask->threads;
    o.seed = ask->seed;
    struct model *m = model_new(&ask->config);
    model_init(m, ask->seed);
    struct train_report rep;
    bool good = train_run(m, &o, &source, &rep, err);
    REQUIRE(!good || w.begun >= w.steps + 2);
    *done = (struct bench_done){ w.tokens, w.stopped_s - w.started_s, flops };
    train_report_free(&rep);
    model_free(m);
    return good;
}

static bool train(const struct bench_ask *ask, struct bench_done *done, struct err *err)
{
    return bench_train_on(ask, &ask->config.max_len, 1, done, err);
}

const struct bench_kind bench_train = {
    .name = "train",
    .what = "training on sequences of 512 random tokens, as PyTorch is timed in make bench",
    .batch = 8,
    .run = train,
};
