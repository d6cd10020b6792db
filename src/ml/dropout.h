/* dropout.h: drop elements with probability p and scale the rest by 1 / (1 - p).
 *
 * Whether element i is dropped is a hash of (key, i) alone: nothing is stored, the backward pass
 * asks again, and no thread or batch moves a draw. The key comes from a named stream.
 */
#ifndef ML_DROPOUT_H
#define ML_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

/* x in place; the gradient passes through the same call with the same key. p = 0 does nothing. */
void dropout(size_t n, float p, uint64_t key, float *x);

/* y += dropout(x) in one pass. */
void dropout_add(size_t n, float p, uint64_t key, const float *x, float *y);

#endif
