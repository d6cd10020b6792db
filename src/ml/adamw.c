/* adamw.c: the constants of a step in double, the elements in float. */
#include "ml/adamw.h"

#include <math.h>

#include "ml/lanes_priv.h"

VECTOR_CLONES void adamw_step(const struct adamw *o, size_t t, size_t n, float *restrict w,
                              float *restrict m, float *restrict v, const float *restrict g,
                              float g_scale)
{
    float b1 = (float)o->beta1, b2 = (float)o->beta2, c1 = 1.0f - b1, c2 = 1.0f - b2;
    float step = (float)(o->lr / (1 - pow(o->beta1, (double)t)));
    float root = (float)(1 / sqrt(1 - pow(o->beta2, (double)t)));
    float eps = (float)o->eps, keep = (float)(1 - o->lr * o->decay);
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * g_scale;
        m[i] = b1 * m[i] + c1 * gi;
        v[i] = b2 * v[i] + c2 * (gi * gi);
        w[i] = w[i] * keep - step * m[i] / (sqrtf(v[i]) * root + eps);
    }
}
