/* subject.h: what a training run trains: a new model, the weights of a base, or an adapter on one.
 *
 * A base brings its tokenizer, which stays as it is: names it does not know fall to bytes. Adapters
 * under a new adapter stay frozen and unmerged; under a base trained whole they are merged into it.
 */
#ifndef GEN_SUBJECT_H
#define GEN_SUBJECT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/meta.h"
#include "gen/train_graphs.h"
#include "llm/adapter.h"

struct subject {
    struct model *model;           /* NULL until a new one is made */
    struct tokenizer *tokenizer;   /* of the base, or NULL; borrow it */
    struct lora *stack[ADAPTERS_MAX];
    size_t n;                      /* the last adapter is trained; 0: the model */
    struct adapter_pins pins;      /* what the base is; zero without one */
    bool bf16;                     /* a model is saved in 16 bits */
};

/* Read o->base and what lies on it; without a base there is nothing to do yet. */
bool subject_open(struct subject *x, const struct train_graphs_options *o, struct err *err);
void subject_free(struct subject *x);

/* A new model for this tokenizer and samples of up to `longest` tokens, if there is no base. */
bool subject_begin(struct subject *x, const struct train_graphs_options *o,
                   const struct tokenizer *t, size_t longest, struct err *err);

/* What of the base shapes the result: hashes. */
void subject_describe(const struct subject *x, const struct train_graphs_options *o,
                      struct meta *meta);

/* A checkpoint directory, or a PEFT one; its meta gains the pins. */
bool subject_save(const struct subject *x, const char *dir, const struct tokenizer *t,
                  struct meta *meta, struct err *err);

/* Change what was trained for as many other weights. */
void subject_swap(struct subject *x, float *weights);

/* The value under a key in the __metadata__ of what subject_save wrote to dir. */
bool subject_meta(const char *dir, bool adapter, const char *key, struct buf *out);

#endif
