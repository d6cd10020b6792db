/* adamw.h: Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as torch.optim.AdamW.
 *
 *     w -= lr decay w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *     w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 */
#ifndef ML_ADAMW_H
#define ML_ADAMW_H

#include <stddef.h>

struct adamw {
    double lr, beta1, beta2, eps, decay;
};

/* One step, number t (from 1), on n weights w with moments m and v. The gradient is g * g_scale:
 * clipping comes in there. Elementwise: any split into pieces gives the same bits. */
void adamw_step(const struct adamw *o, size_t t, size_t n, float *w, float *m, float *v,
                const float *g, float g_scale);

#endif
