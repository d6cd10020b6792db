/* training.h: a model of a few thousand weights and something to learn, for tests of training. */
#ifndef TESTS_TRAINING_H
#define TESTS_TRAINING_H

#include <string.h>

#include "base/rng.h"
#include "llm/train.h"
#include "tests/near.h"

static inline struct model *model_of(bool tied)
{
    struct llama_config c = { .vocab = 40, .d_model = 16, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 2, .d_ff = 24, .max_len = 24, .rope_theta = 1e4,
                              .norm_eps = 1e-5, .tied = tied };
    struct model *m = model_new(&c);
    model_init(m, 5);
    return m;
}

static const struct train_options quick = {
    .epochs = 4, .tokens_per_step = 60, .slots = 3, .lr = 3e-3, .lr_floor = 0.1, .warmup = 0.05,
    .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 1, .dropout = 0.1,
    .seed = 4, .save_s = 1e9, .threads = 1,
};

/* Counting sequences with a step of their own; another first number every epoch. */
static inline void fill_counting(void *ctx, size_t epoch, size_t index, struct tokens *out,
                          size_t *loss_from)
{
    (void)ctx;
    gsl_rng *rng = rng_stream(1, "test/train", epoch * 1000 + index);
    size_t n = 6 + index % 9, at = rng_below(rng, 37), step = 1 + index % 3;
    gsl_rng_free(rng);
    tokens_add(out, 0);
    for (size_t i = 0; i < n; i++, at += step)
        tokens_add(out, (uint32_t)(3 + at % 37));
    tokens_add(out, 1);
    *loss_from = index % 2;
}

static const struct train_source counting = { NULL, 60, fill_counting };

static inline struct train_report trained(struct model *m, const struct train_options *o,
                                   const struct train_source *s)
{
    struct train_report rep;
    struct err err = { 0 };
    if (!train_run(m, o, s, &rep, &err))
        fail_msg("%s", err.msg);
    return rep;
}

static inline void assert_same_weights(const struct model *a, const struct model *b)
{
    assert_int_equal(a->n_weights, b->n_weights);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
}

#endif
