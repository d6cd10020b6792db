/* train.h: train a model on samples that are made again every epoch.
 *
 * An epoch asks the source for each sample once, orders them at random, and packs them without
 * padding into steps of about tokens_per_step tokens, each step into `slots` micro-batches of
 * whole samples. Attention never crosses samples; positions restart with each. Every slot has
 * its own gradients, summed by one tree (llm/reduce.h): the weights are the same to the bit on any
 * number of threads. AdamW, cosine from lr to lr * lr_floor with linear warm-up, gradient clipping
 * by global norm; dropout on the embedding and on what each block adds.
 *
 * With `block` the samples are one text instead, cut every `block` tokens: a step is whole blocks,
 * the loss counts every token, attention crosses samples. What an epoch leaves, less than a
 * block, begins the next one's first; what is left in the end is not trained on. Validation is of
 * whole samples.
 *
 * With adapters (llm/lora.h) the model is frozen: it has neither gradients nor moments, and the
 * last adapter is trained in its place.
 *
 * With `dir` the state (weights, moments, epoch, position, losses) is saved to
 * DIR/train_state.safetensors, atomically, at every epoch and at least every save_s seconds.
 * With `resume` training goes on from it and ends in the same weights as if never stopped.
 *
 * Guards: a loss or gradient that is not finite ends the run. A step whose loss is over the running
 * mean of its predecessors by more than `spike` running deviations is left out; of SPIKES_IN_A_ROW
 * such steps the last ends the run. Both name step and tensor.
 *
 * With `average` the model ends with (and snapshots hold) a running mean of the weights over steps,
 * mean += (1 - a_t) (w - mean) with a_t = min(average, (1 + t) / (10 + t)): at a rate that does not
 * fall it takes the place of the fall, so that one run passes through every number of epochs.
 * Source: Polyak averaging, as exponential moving average.
 */
#ifndef LLM_TRAIN_H
#define LLM_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/lora.h"
#include "llm/model.h"
#include "llm/tokenizer.h"

/* Where samples come from. fill writes sample `index` as made for `epoch` to *out (emptied before):
 * all its tokens, begin and end included; *loss_from is the first token the loss counts (0: all but
 * the first, which nothing predicts). It is called from one thread, must draw only from
 * streams named by epoch and index, and must give the same tokens when asked again. */
struct train_source {
    void *ctx;
    size_t n_samples;
    void (*fill)(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from);
};

enum { SPIKES_IN_A_ROW = 8, SPIKE_WARMUP = 50 };   /* steps before the guard looks */

struct train_options {
    size_t epochs;                   /* passes; or, if tokens is not 0, */
    size_t tokens;                   /* as many as give these tokens, the last one cut short */
    size_t tokens_per_step, slots;   /* both change the result */
    size_t block;                    /* tokens of a block; at most max_len. 0: whole samples */
    double lr, lr_floor;             /* lr_floor: share of lr at the end */
    double warmup;                   /* share of the run */
    double weight_decay, beta1, beta2, eps, clip, dropout;
    double smoothing;                /* label smoothing: this share of the target over all tokens */
    double average;                  /* 0: none; else how much of the mean a step keeps, < 1 */
    uint64_t seed;
    double validation;               /* share of samples kept aside to validate on; 0: none */
    bool keep_best;                  /* end with the weights of least validation loss, if there is
                                        one, not with the last */
    size_t patience;                 /* end after so many epochs without a better validation loss;
                                        0: never */
    double (*spent)(void *ctx);      /* share of the run's time that has passed: where it is ahead
                                        of the tokens' share the rate follows it, and at 1 the run
                                        ends. NULL: no clock. It makes the result the clock's */
    void *spent_ctx;
    double spike;                    /* deviations that make a spike; 0: no guard */
    struct lora *const *adapter;     /* (n_adapters) on the model, in order; the last is trained */
    size_t n_adapters;               /* 0: the model is trained */
    size_t threads;                  /* 0: all cores; changes nothing but time */
    const char *dir;                 /* where the state goes; NULL: nowhere */
    bool resume;
    double save_s;                   /* save the state at least so often */
    /* After every epoch but the last, with the weights it would end with; NULL: nobody looks. */
    bool (*snapshot)(void *ctx, const struct model *m, size_t epochs_done, struct err *err);
    void *snapshot_ctx;
    const char *fingerprint;         /* identity of data and whatever else shapes samples; resume
                                        refuses a state with another. NULL: "" */
};

extern const struct train_options train_standard;   /* 20 epochs, 1,024 tokens in 2 slots */

struct train_epoch {
    double loss;                     /* mean nats a target token, as trained (with dropout) */
    double validation;               /* the same on the validation slice; NaN without one */
    size_t targets;                  /* tokens the loss counted */
    size_t step, tokens;             /* at its end, of the whole run */
    double lr;                       /* of its last step */
};

struct train_report {
    struct train_epoch *epoch;       /* one per epoch; free with train_report_free */
    size_t n_epochs, best;           /* best: the epoch whose weights the model has */
    float *other;                    /* with a validation slice: of best and last weights those that
                                        the model does not end with; owned as epoch is */
    size_t steps, tokens;            /* tokens trained on, all epochs */
    size_t spikes;                   /* steps left out */
    char spike[160];                 /* what the last one was */
    size_t too_long;                 /* samples over max_len, left out, first epoch */
    double seconds, tokens_per_s;    /* of this process: a measurement, not a result */
};

/* False: the state cannot be read, belongs to other options, or cannot be written; or
 * a loss or gradient was NaN or infinite (the message names the tensor, step and epoch). */
bool train_run(struct model *m, const struct train_options *o, const struct train_source *s,
               struct train_report *rep, struct err *err);
void train_report_free(struct train_report *rep);

/* Bytes of memory that train_run takes beyond the model and its samples, when no slot has over
 * `rows` rows and no sample over `longest`:
 *
 *     12 a trained weight      two moments, and the gradient of the first slot, then of the step
 *      4 a trained weight      and slot beyond the first
 *      4 a trained weight      with a validation slice: the best so far
 *     backprop_bytes           a thread at work, of which there are at most as many as slots
 *
 * With the 4 of the weight itself that is 16 a weight and 4 a further slot in flight. */
size_t train_bytes(const struct model *m, const struct train_options *o, size_t rows,
                   size_t longest);

/* Remove the saved state, and what killed runs left of one: after the checkpoint was saved. */
void train_forget(const char *dir);

/* Mean loss (nats a target token) of a source without dropout, as made for `epoch`. */
double train_loss(const struct model *m, const struct train_source *s, size_t epoch,
                  size_t threads, size_t *targets);

#endif
