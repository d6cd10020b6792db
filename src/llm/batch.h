/* batch.h: whole samples packed without padding: one micro-batch slot.
 *
 * A sample of n tokens gives n - 1 rows: row t reads token t, predicts token t + 1 and sits at
 * position t. Rows whose target comes before loss_from predict nothing that counts.
 */
#ifndef LLM_BATCH_H
#define LLM_BATCH_H

#include <stddef.h>
#include <stdint.h>

enum { BATCH_NO_TARGET = 0xFFFFFFFFu };

/* Every id must be within the vocabulary of the model that reads the batch. */
struct batch {                 /* owned, grows; zero it to begin, batch_free to end */
    uint32_t *input, *target, *position;   /* (rows) */
    size_t rows, cap_input, cap_target, cap_position;
    uint32_t *start;           /* (samples + 1) first row of each sample, and the end */
    size_t samples, cap_start;
    size_t targets;            /* rows that have one */
    size_t longest;            /* most rows of a sample */
};

void batch_clear(struct batch *b);
void batch_free(struct batch *b);
void batch_add(struct batch *b, const uint32_t *token, size_t n, size_t loss_from);

#endif
