/* embedding.h: rows of a table by id. */
#ifndef ML_EMBEDDING_H
#define ML_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

/* x (T, C) = table (V, C) at id (T). */
void embedding_forward(size_t T, size_t C, const float *table, const uint32_t *id, float *x);

/* dtable (V, C) at id += dx, rows in order. */
void embedding_backward(size_t T, size_t C, const float *dx, const uint32_t *id, float *dtable);

#endif
