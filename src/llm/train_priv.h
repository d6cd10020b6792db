/* train_priv.h: what a training run must remember to go on as if it had never stopped. */
#ifndef LLM_TRAIN_PRIV_H
#define LLM_TRAIN_PRIV_H

#include "llm/backprop.h"
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

enum { PIECE = 1 << 16 };      /* floats a thread sums at a time: fixed, so sums are too */

/* A run under way. */
struct train {
    struct model *m;
    struct train_block w;            /* what is trained */
    const struct train_options *o;
    const struct train_source *s;
    struct train_state st;
    size_t *kept, n_kept, *aside, n_aside, *order;
    struct batch *slot;              /* (slots) */
    struct backprop **back;          /* (workers): nothing of a slot outlives its pass */
    size_t workers;
    float **grad;                    /* (slots, w.n_weights) */
    double *loss, *squares;          /* (slots), (pieces) */
    struct backprop_options *opt;    /* (slots) */
    size_t pieces;
    float clip_scale, lora_dropout;
    bool grads;                      /* false: losses only */
    struct tokens sample;
};

/* Empty the slots and fill them from list[*at..n), samples as made for `epoch`, until the step has
 * its tokens; *at moves on. Returns the rows. */
size_t train_fill(struct train *t, const size_t *list, size_t n, size_t epoch, size_t *at,
                  size_t *too_long);

/* The same of one text, in blocks, from where the epoch stands. */
size_t train_fill_blocks(struct train *t, size_t epoch);

size_t train_targets(const struct train *t);     /* of what lies in the slots */

/* Forward, backward, sum, clip, update on what lies in the slots; `done`: the share of the run. */
bool train_step(struct train *t, size_t targets, double done, struct err *err);

/* Mean loss over a list, without dropout. */
double train_list_loss(struct train *t, const size_t *list, size_t n, size_t epoch,
                       size_t *targets);

/* DIR/train_state.safetensors. Loading when there is none is no error: the run begins. */
bool train_state_save(const struct train_options *o, const struct model *m,
                      const struct train_state *st, struct err *err);
bool train_state_load(const struct train_options *o, struct model *m, struct train_state *st,
                      struct err *err);

#endif
