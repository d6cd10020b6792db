/* train_priv.h: what a training run must remember to go on as if it had never stopped. */
#ifndef LLM_TRAIN_PRIV_H
#define LLM_TRAIN_PRIV_H

#include "llm/train.h"

/* What is trained: the model's block of weights, or that of the last adapter. */
struct train_block {
    const struct param *param;
    size_t n_params, n_weights;
    float *weights;
};
struct train_block train_block_of(const struct train_options *o, const struct model *m);

struct train_state {
    size_t n_samples;            /* of the source: part of the identity */
    float *m1, *m2;              /* (n_weights of the block) AdamW's moments */
    float *best;                 /* (n_weights), or NULL */
    float *mean;                 /* (n_weights) with o->average, else NULL */
    size_t epoch, position;      /* the next sample to look at, in the epoch's order */
    size_t step, tokens, too_long;
    double lr;                   /* of the last step */
    double loss_sum;             /* of this epoch so far */
    size_t targets;
    double best_loss;
    size_t best_epoch;
    struct train_epoch *epochs;  /* (epoch) those that ended */
    size_t cap_epochs;
    struct tokens carry;         /* of the next block, so far */
    double usual, square;        /* running mean of the steps' losses, and of (loss - mean)^2 */
    size_t seen;                 /* steps these know of */
    size_t spikes, in_a_row;
    char spike[160];
};

/* DIR/train_state.safetensors. Loading when there is none is no error: the run begins. */
bool train_state_save(const struct train_options *o, const struct model *m,
                      const struct train_state *st, struct err *err);
bool train_state_load(const struct train_options *o, struct model *m, struct train_state *st,
                      struct err *err);

#endif
