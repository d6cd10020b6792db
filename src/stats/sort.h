/* sort.h: ascending order of doubles, fast for many.
 *
 * NaN is not allowed. -0 sorts before +0. For 4096 and more a least-significant-digit radix sort
 * on order-preserving integer keys, otherwise GSL's heap sort. Needs as much memory again.
 */
#ifndef STATS_SORT_H
#define STATS_SORT_H

#include <stddef.h>

void sort_doubles(double *x, size_t n);

#endif
