/* embedding.h: the gradient of a table of which rows are taken by id (llm/weight.h takes them). */
#ifndef ML_EMBEDDING_H
#define ML_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

/* dtable (V, C) at id += dx, rows in order. */
void embedding_backward(size_t T, size_t C, const float *dx, const uint32_t *id, float *dtable);

#endif
