/* rmsnorm.c: with n = x rstd,  dx = rstd (dy g - n mean(dy g n)),  dg = sum over rows of dy n. */
#include "ml/rmsnorm.h"

#include <math.h>

#include "ml/lanes_priv.h"

VECTOR_CLONES void rmsnorm_forward(size_t T, size_t C, float eps, const float *x, const float *g,
                                   float *y, float *rstd)
{
    for (size_t t = 0; t < T; t++, x += C, y += C) {
        float r = 1.0f / sqrtf(lanes_dot(x, x, C) / (float)C + eps);
        rstd[t] = r;
        for (size_t c = 0; c < C; c++)
            y[c] = x[c] * r * g[c];
    }
}

VECTOR_CLONES void rmsnorm_backward(size_t T, size_t C, const float *x, const float *g,
                                    const float *rstd, const float *dy, float *dx, float *dg)
{
    for (size_t t = 0; t < T; t++, x += C, dy += C, dx += C) {
        eight lo = { 0 }, hi = { 0 };
        size_t c = 0;
        for (; c + 16 <= C; c += 16) {
            lo += load_eight(dy + c) * load_eight(g + c) * load_eight(x + c);
            hi += load_eight(dy + c + 8) * load_eight(g + c + 8) * load_eight(x + c + 8);
        }
        float dot = eights_fold(lo, hi);
        for (; c < C; c++)
            dot += dy[c] * g[c] * x[c];
        float r = rstd[t], k = dot * r * r * r / (float)C;
        for (c = 0; c < C; c++) {
            dg[c] += dy[c] * (x[c] * r);
            dx[c] += r * (dy[c] * g[c]) - x[c] * k;
        }
    }
}
