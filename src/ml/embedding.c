/* embedding.c: scatter-add. */
#include "ml/embedding.h"

#include "ml/vec.h"

void embedding_backward(size_t T, size_t C, const float *dx, const uint32_t *id, float *dtable)
{
    for (size_t t = 0; t < T; t++)
        vec_add(C, dx + t * C, dtable + id[t] * C);
}
