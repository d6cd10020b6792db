/* train_priv.h: what a training run must remember to go on as if it had never stopped. */
#ifndef LLM_TRAIN_PRIV_H
#define LLM_TRAIN_PRIV_H

#include "llm/train.h"

struct train_state {
    size_t n_samples;            /* of the source: part of the identity */
    float *m1, *m2;              /* (n_weights) AdamW's moments */
    float *best;                 /* (n_weights), or NULL */
    size_t epoch, position;      /* the next sample to look at, in the epoch's order */
    size_t step, tokens, too_long;
    double loss_sum;             /* of this epoch so far */
    size_t targets;
    double best_loss;
    size_t best_epoch;
    struct train_epoch *epochs;  /* (o->epochs) */
};

/* DIR/train_state.safetensors. Loading when there is none is no error: the run begins. */
bool train_state_save(const struct train_options *o, const struct model *m,
                      const struct train_state *st, struct err *err);
bool train_state_load(const struct train_options *o, struct model *m, struct train_state *st,
                      struct err *err);

#endif
