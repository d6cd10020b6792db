/* reduce.h: the sum of all micro-batch slots' gradients, in one order for ever.
 *
 *     slot  0   1   2   3   4   5   6
 *           |___|   |___|   |___|   |        width 1
 *           |_______|       |_______|        width 2
 *           |_______________|                width 4
 *
 * A binary tree by slot index: at width w, slot k takes in slot k + w, for k = 0, 2 w, 4 w, ... It
 * does not know of threads. A rank that owns 2^j slots, the first of them a multiple of 2^j, sums
 * its own subtree, and ranks meet at the widths above: any such division gives the same bits.
 */
#ifndef LLM_REDUCE_H
#define LLM_REDUCE_H

#include <stddef.h>

/* slot[0][at..at+n) becomes the sum of slot[0..slots); the other slots are used up. Elementwise:
 * any division into pieces gives the same bits. */
void reduce_slots(size_t slots, float *const *slot, size_t at, size_t n);

#endif
