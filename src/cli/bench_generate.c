/* bench_generate.c: every sequence of the batch is written to its 256th token, each token drawn
 * from what the one before gave. Weights are random, so that no two sequences stay alike; the time
 * of a step does not depend on them. The clock runs from the first token to the last of the slowest
 * worker; sequences start empty and run to a mean context of 128.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"
#include "cli/bench.h"
#include "llm/decode_crew.h"
#include "llm/sample.h"
#include "ml/halves.h"

enum { LENGTH = 256, FIRST = 16, LEAST_S = 1 };   /* tokens a sequence, and of those that warm up;
                                                     seconds the clock runs at least */

struct bout {
    const struct bench_ask *ask;
    struct decode_crew crew;
    size_t length;
};

/* One worker's sequences from the first token to the last. */
static void write_sequences(void *ctx, size_t item, size_t thread)
{
    (void)thread;
    const struct bout *b = ctx;
    const struct decode_worker *w = &b->crew.worker[item];
    size_t V = b->ask->config.vocab;
    float *logits = mem_array(w->slots * V, sizeof *logits);
    uint32_t *slot = mem_array(w->slots, sizeof *slot), *token = mem_array(w->slots, sizeof *token);
    gsl_rng *rng = rng_stream(b->ask->seed, "bench/generate", item);
    for (size_t s = 0; s < w->slots; s++) {
        slot[s] = (uint32_t)s;
        token[s] = (uint32_t)rng_below(rng, V);
        decoder_reset(w->decoder, s);
    }
    for (size_t t = 0; t < b->length; t++) {
        decoder_step(w->decoder, w->slots, slot, token, logits);
        for (size_t s = 0; s < w->slots; s++)
            token[s] = sample_draw(logits + s * V, V, NULL, &sample_standard, rng).token;
    }
    gsl_rng_free(rng);
    free(logits);
    free(slot);
    free(token);
}

/* As a bf16 checkpoint would have them. */
static void round_weights(struct model *m)
{
    uint16_t *half = mem_array(m->n_weights, sizeof *half);
    bf16_narrow(m->n_weights, m->weights, half);
    bf16_widen(m->n_weights, half, m->weights);
    free(half);
}

static bool generate(const struct bench_ask *ask, struct bench_done *done, struct err *err)
{
    (void)err;
    struct model *m = model_new(&ask->config);
    model_init(m, ask->seed);
    if (ask->weights == BENCH_BF16)
        round_weights(m);
    struct decoder_as as = { ask->weights == BENCH_INT8 ? DECODER_INT8 : DECODER_EXACT,
                             ask->cache == BENCH_CACHE_F16 ? DECODER_CACHE_F16
                                                           : DECODER_CACHE_F32 };
    struct bout b = { ask, decode_crew_new(as, m, ask->batch, ask->threads, LENGTH), FIRST };
    *done = (struct bench_done){ .flops_per_token = 2 * llama_matrix_weights(&ask->config) };
    threads_for(b.crew.workers, b.crew.workers, write_sequences, &b);   /* the weights are near */
    b.length = LENGTH;
    double start = bench_now_s();
    do {
        threads_for(b.crew.workers, b.crew.workers, write_sequences, &b);
        done->tokens += ask->batch * LENGTH;
        done->seconds = bench_now_s() - start;
    } while (done->seconds < LEAST_S);
    decode_crew_free(&b.crew);
    model_free(m);
    return true;
}

const struct bench_kind bench_generate = {
    .name = "generate",
    .what = "writing sequences of 256 tokens side by side, random weights",
    .batch = 64,
    .run = generate,
};
