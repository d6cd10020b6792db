/* vec.h: elementwise work on arrays, with fixed bits at any vector width.
 *
 * Every function gives each element the same bits whatever n, the alignment, the thread
 * and the processor. Pointers may be equal where in and out have the same shape, else must
 * not overlap.
 */
#ifndef ML_VEC_H
#define ML_VEC_H

#include <stddef.h>
#include <stdint.h>

void vec_exp(size_t n, const float *x, float *y);            /* y = e^x; relative error 3e-7 */
void vec_add(size_t n, const float *x, float *y);            /* y += x */
void vec_scale(size_t n, float a, float *x);                 /* x *= a */
float vec_dot(size_t n, const float *x, const float *y);     /* in 16 lanes */
double vec_sum_squares(size_t n, const float *x);            /* in 16 lanes of double */
size_t vec_find_bad(size_t n, const float *x);               /* first NaN or infinity, or n */

/* x = softmax(x) for one row of n >= 1; returns log(sum(e^x)). */
float vec_softmax(size_t n, float *x);

#endif
