/* checkpoints.h: a small model and its tokenizer, to be saved and broken. */
#ifndef TESTS_CHECKPOINTS_H
#define TESTS_CHECKPOINTS_H

#include <stdio.h>
#include <stdlib.h>

#include "llm/model.h"
#include "llm/tokenizer.h"

/* A folder of the build for `name`; the next call overwrites it. */
static inline const char *checkpoint_folder(const char *name)
{
    static char dir[256];
    const char *build = getenv("BUILD");
    snprintf(dir, sizeof dir, "%s/tests/%s", build ? build : "build", name);
    return dir;
}

/* 263 tokens: three special ones, the bytes, and S_1, 12, a, b with their blanks. */
static inline struct tokenizer *small_tokenizer(void)
{
    static const struct str line[] = { STR("S_1 12 a\n"), STR("S_1 b a\n") };
    return tokenizer_train(line, 2, NULL);
}

/* Two query heads share a key head. */
static inline struct model *small_model(bool tied)
{
    struct llama_config c = { .vocab = 263, .d_model = 8, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 1, .d_ff = 6, .max_len = 16, .rope_theta = 12345.5,
                              .norm_eps = 1e-5, .tied = tied, .bos = 0, .eos = 1, .pad = 2 };
    struct model *m = model_new(&c);
    model_init(m, 3);
    return m;
}

#endif
