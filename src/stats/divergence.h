/* divergence.h: how far apart two vectors of counts over the same categories are.
 *
 * Counts are >= 0, not necessarily integers, not normalised. A side whose sum (pseudo-counts
 * included) is 0 gives NaN.
 */
#ifndef STATS_DIVERGENCE_H
#define STATS_DIVERGENCE_H

#include <stddef.h>

/* Kullback-Leibler sum p ln(p/q), natural logarithm. `pseudo` is added to each of the n counts of
 * both sides, which are then normalised over these n. pseudo > 0 keeps it finite; with pseudo 0 a
 * category that p has and q lacks gives infinity. */
double divergence_kl(const double *p, const double *q, size_t n, double pseudo);

/* Jensen-Shannon, in bits: 0 for equal shares, 1 for disjoint ones. No smoothing is needed. */
double divergence_js_bits(const double *p, const double *q, size_t n);

/* Total variation, half the L1 distance of the shares: in [0, 1]. */
double divergence_tv(const double *p, const double *q, size_t n);

/* Write to index[] the (at most) k categories with the largest counts, largest first, equal counts
 * by ascending index; categories with count 0 are never chosen. Returns how many. */
size_t divergence_top(const double *count, size_t n, size_t k, size_t *index);

#endif
