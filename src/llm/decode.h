/* decode.h: next-token logits for many sequences at once, with a key-value cache.
 *
 * A decoder has `slots`, each with a sequence of its own length. A step feeds rows (slot, token)
 * and gives each row's logits. Several rows may name the same slot: they are consecutive tokens
 * of its sequence, which is how a prompt goes in at once. The bits of a row's logits depend on
 * its own sequence alone: not on the batch, the neighbours, how the tokens were split into
 * steps, what was copied from another slot, the threads or the width of the processor's vectors.
 * They agree with training's forward pass to rounding only, because products here are our own
 * fixed-order kernels (ml/panels.h) and there BLAS's.
 *
 * One decoder belongs to one thread at a time. For more threads take a twin for each: twins
 * share the packed weights, and the first may be freed only after its twins. Where there are
 * fewer sequences than threads, a team shares the work of one decoder's step.
 */
#ifndef LLM_DECODE_H
#define LLM_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/team.h"
#include "llm/model.h"

struct decoder;

/* How a decoder holds the weights of matrices. Exactly: those that are all bf16 numbers, as a bf16
 * checkpoint's are, as such, which is half of what has to be read, others as floats: the same bits.
 * Or every row rounded to 255 steps (ml/panels.h): a quarter, and other logits. */
enum decoder_weights { DECODER_EXACT, DECODER_INT8 };

/* How it holds keys and values: as floats; or rounded to f16 (11 bits; what is beyond 65504 becomes
 * that), half of what every token has to read, and other logits. */
enum decoder_cache { DECODER_CACHE_F32, DECODER_CACHE_F16 };

struct decoder_as {
    enum decoder_weights weights;
    enum decoder_cache cache;
};

/* max_len: most tokens a slot may hold, at most config.max_len. The weights are copied
 * (packed); later changes of m do not reach the decoder. Those of a mapped model, unless rounded,
 * are read where they are, anew at every step: m must stay, and a step costs the same for 1 row as
 * for 16. Of any mapped model m must stay for its embedding. */
struct decoder *decoder_new(const struct model *m, size_t slots, size_t max_len);
struct decoder *decoder_new_as(struct decoder_as as, const struct model *m, size_t slots,
                               size_t max_len);
struct decoder *decoder_twin(const struct decoder *d, size_t slots);
void decoder_free(struct decoder *d);

/* Steps are shared by this team from now on (NULL: done alone). The caller frees it, later. */
void decoder_team(struct decoder *d, struct team *team);

void decoder_reset(struct decoder *d, size_t slot);             /* its sequence is empty again */
size_t decoder_length(const struct decoder *d, size_t slot);    /* tokens fed so far */

/* The sequence of `to` becomes the first n tokens of `from`, as if they had been fed; to == from
 * drops what follows them. */
void decoder_copy(struct decoder *d, size_t to, size_t from, size_t n);

/* Row i feeds token[i] to slot[i]; logits (n, vocab) may be NULL: rows are only remembered. */
void decoder_step(struct decoder *d, size_t n, const uint32_t *slot, const uint32_t *token,
                  float *logits);

/* The same, but the first `silent` rows are only remembered: logits (n - silent, vocab). A silent
 * row is the cheaper one: it leaves the model at the last layer's keys and values. */
void decoder_feed(struct decoder *d, size_t n, const uint32_t *slot, const uint32_t *token,
                  size_t silent, float *logits);

#endif
