/* decode_crew.h: who decodes a batch: decoders for some threads, sharing the weights.
 *
 *     batch 64, 2 threads    two workers of 32 sequences, each on a thread of its own: no waiting
 *     batch 1, 2 threads     one worker, whose every step a team of two shares
 *     batch 2, 4 threads     two workers with a team of two each
 *
 * What a sequence's logits are does not depend on any of it.
 */
#ifndef LLM_DECODE_CREW_H
#define LLM_DECODE_CREW_H

#include "llm/decode.h"

struct decode_crew {
    size_t workers;                /* at most the threads, at most the batch */
    struct decode_worker {
        struct decoder *decoder;
        size_t slots;              /* they add up to the batch */
        struct team *team;
    } *worker;
};

/* batch and threads at least 1; max_len as in decoder_new. */
struct decode_crew decode_crew_new(struct decoder_as as, const struct model *m, size_t batch,
                                   size_t threads, size_t max_len);
void decode_crew_free(struct decode_crew *c);

#endif
