/* embedding.c: gather, and scatter-add. */
#include "ml/embedding.h"

#include <string.h>

#include "ml/vec.h"

void embedding_forward(size_t T, size_t C, const float *table, const uint32_t *id, float *x)
{
    for (size_t t = 0; t < T; t++)
        memcpy(x + t * C, table + id[t] * C, C * sizeof *x);
}

void embedding_backward(size_t T, size_t C, const float *dx, const uint32_t *id, float *dtable)
{
    for (size_t t = 0; t < T; t++)
        vec_add(C, dx + t * C, dtable + id[t] * C);
}
