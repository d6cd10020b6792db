/* rmsnorm.h: y = x / sqrt(mean(x^2) + eps) * g, row by row (Zhang and Sennrich, 2019). */
#ifndef ML_RMSNORM_H
#define ML_RMSNORM_H

#include <stddef.h>

/* x, y (T, C); g (C); rstd (T) = 1 / sqrt(mean(x^2) + eps), kept for the backward pass. */
void rmsnorm_forward(size_t T, size_t C, float eps, const float *x, const float *g, float *y,
                     float *rstd);

/* dx (T, C) += and dg (C) += from dy (T, C). */
void rmsnorm_backward(size_t T, size_t C, const float *x, const float *g, const float *rstd,
                      const float *dy, float *dx, float *dg);

#endif
