/* backprop.h: loss and gradients of one packed batch.
 *
 * One backprop belongs to one thread at a time; it keeps the activations of the largest batch it
 * has seen: see backprop_bytes.
 */
#ifndef LLM_BACKPROP_H
#define LLM_BACKPROP_H

#include <stdint.h>

#include "llm/batch.h"
#include "llm/lora.h"
#include "llm/model.h"

struct backprop;
struct backprop *backprop_new(const struct model *m);   /* each call reads m's weights anew */
void backprop_free(struct backprop *b);

/* From now on m has these n adapters, in order, instead of those it came with. All but the last are
 * frozen, and so is m: gradients are those of the last one, in the layout of its weights. The
 * adapters stay the caller's; n is at least 1. */
void backprop_adapt(struct backprop *b, struct lora *const *adapter, size_t n);

/* Bytes that b holds once it has seen a batch of `rows` rows with samples of up to `longest`. With
 * C d_model, A H D, W (H + 2 G) D, F d_ff, L layers, V vocabulary and R the highest rank of an
 * adapter, a row takes L (2 C + A + W + 2 F + H + 2) + 4 C + max(C, A) + F + max(W, F) + V + 3
 * floats, and with adapters 2 R + max(C, A, F) more. An eighth is added, so that batches that grow
 * a little find room. */
size_t backprop_bytes(const struct backprop *b, size_t rows, size_t longest);

struct backprop_options {
    float dropout;         /* 0: none */
    float lora_dropout;    /* of what the last adapter reads; 0: none */
    uint64_t key;          /* of the dropout draws of this batch */
    float scale;           /* the gradient is that of scale * summed loss */
    float smoothing;       /* of the gradient's targets; the loss returned is without it */
};

/* Summed loss in nats over the batch's targets. grads, in the layout of m->weights, is
 * overwritten (with adapters: see above); NULL: loss only. */
double backprop_run(struct backprop *b, const struct batch *x, const struct backprop_options *o,
                    float *grads);

/* The logits (rows, vocab) of every row, without dropout: for tests and scoring. */
void backprop_logits(struct backprop *b, const struct batch *x, float *logits);

#endif
