/* batch.c: see the header. */
#include "llm/batch.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

void batch_clear(struct batch *b)
{
    b->rows = b->samples = b->targets = b->longest = 0;
}

void batch_free(struct batch *b)
{
    free(b->input);
    free(b->target);
    free(b->position);
    free(b->start);
    *b = (struct batch){ 0 };
}

void batch_add(struct batch *b, const uint32_t *token, size_t n, size_t loss_from)
{
    if (n < 2)
        return;
    MEM_RESERVE(b->input, b->rows + n, b->cap_input);
    MEM_RESERVE(b->target, b->rows + n, b->cap_target);
    MEM_RESERVE(b->position, b->rows + n, b->cap_position);
    MEM_RESERVE(b->start, b->samples + 2, b->cap_start);
    b->start[b->samples++] = (uint32_t)b->rows;
    for (size_t t = 0; t + 1 < n; t++, b->rows++) {
        bool counts = t + 1 >= loss_from;
        b->input[b->rows] = token[t];
        b->target[b->rows] = counts ? token[t + 1] : BATCH_NO_TARGET;
        b->position[b->rows] = (uint32_t)t;
        b->targets += counts;
    }
    b->start[b->samples] = (uint32_t)b->rows;
    b->longest = n - 1 > b->longest ? n - 1 : b->longest;
}
