/* lora.h: low-rank additions to the frozen matrices of a model (Hu et al., 2021).
 *
 *     y = x W' + scale dropout(x) A' B'          A (rank, in), B (out, rank)
 *
 * An adapter is one block of weights and one table, as a model is: A and B of every targeted
 * matrix, layer by layer, in the order of enum lora_target; names are PEFT's. B begins as zero,
 * so that an adapter begins as nothing; A is uniform in +-1/sqrt(in), which is PEFT's Kaiming
 * draw with a = sqrt 5. scale is alpha / rank, or alpha / sqrt(rank) when rank-stabilised.
 */
#ifndef LLM_LORA_H
#define LLM_LORA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/model.h"

enum lora_target { LORA_Q, LORA_K, LORA_V, LORA_O, LORA_GATE, LORA_UP, LORA_DOWN, LORA_TARGETS };

struct lora_options {
    size_t rank;
    double alpha;
    unsigned targets;          /* bits 1 << LORA_Q ... */
    double dropout;            /* of what A reads, in training alone */
    bool rank_stabilised;
};

struct lora_pair {             /* A and B of one matrix */
    size_t in, out;            /* of the matrix; 0: it is no target */
    size_t a, b;               /* offsets within the block */
};

struct lora {
    struct lora_options options;
    float scale;
    size_t n_layers;
    struct llama_config shape; /* of the model it is for */
    struct lora_pair *pair;    /* (n_layers, LORA_TARGETS) */
    struct param *param;       /* the table, in block order */
    size_t n_params, n_weights;
    float *weights;            /* the block */
};

/* "q,v" to bits; the words are q k v o gate up down. False names what is no target. */
bool lora_targets_parse(const char *text, unsigned *targets, struct err *err);

extern const char *const lora_modules[LORA_TARGETS];   /* "q_proj" ... "down_proj" */

/* False, with the reason, when rank, scale or dropout make no sense for a model of this shape. */
bool lora_options_check(const struct lora_options *o, const struct llama_config *c,
                        struct err *err);

/* Weights of an adapter like this. */
double lora_count(const struct llama_config *c, const struct lora_options *o);

struct lora *lora_new(const struct llama_config *c, const struct lora_options *o);   /* zero */
void lora_init(struct lora *l, uint64_t seed);   /* A is drawn, B is zero */
void lora_free(struct lora *l);                  /* NULL is fine */

/* W += scale B A for every target: the model then does what model and adapter did. Its weights
 * must be in memory, not mapped. */
void lora_merge(struct model *m, const struct lora *l);

/* ---- for the passes of llm/decode ---- */

/* What an adapter adds to rows [row, row + rows) of a matrix: scale B A. */
struct lora_part {
    size_t row, rows, rank;
    float scale;
    const float *a, *b;        /* (rank, in), (rows, rank); borrowed */
};

/* The parts of a matrix of this layer, in the order of their rows: how many. */
size_t lora_parts(const struct lora *l, enum matrix which, size_t layer, struct lora_part part[3]);

/* ---- for the passes of llm/backprop ---- */

struct lora_room {             /* of a pass over T rows; borrowed */
    float *low, *dlow;         /* (T, rank) */
    float *wide;               /* (T, in) */
    float dropout;             /* 0: none */
    uint64_t key;              /* of the dropout draws of this batch */
};

/* y (T, out; row stride ldy) += scale dropout(x) A' B', x (T, in). Nothing if it is no target. */
void lora_forward(const struct lora *l, size_t layer, enum lora_target target, size_t T,
                  const float *x, float *y, size_t ldy, const struct lora_room *r);

/* dx (T, in) += what dy (T, out; ldy) gives it through the adapter; the gradients of A and B are
 * written to their places in grads, which has the layout of l->weights; NULL: they are frozen. */
void lora_backward(const struct lora *l, size_t layer, enum lora_target target, size_t T,
                   const float *x, const float *dy, size_t ldy, float *dx, float *grads,
                   const struct lora_room *r);

#endif
