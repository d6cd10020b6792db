/* nearest.h: how far is a call graph from the nearest one of another set?
 *
 * The distance of two graphs is
 *
 *     d = (J + T / (1 + T)) / 2            in [0, 1)
 *     J = 1 - sum min(a, b) / sum max(a, b)                 over calls (caller, callee, type)
 *     T = sum min(a, b) |la - lb| / sum min(a, b)           la: mean log2(1 + rt in us), doublings
 *
 * with a and b the numbers of times each call occurs: 0 where both make the same calls in the same
 * mean times, 1/2 at least where they have no call in common. Untimed graphs have T = 0.
 *
 * Source: distance to closest record, the usual first look at the privacy of synthetic tables, with
 * a weighted Jaccard distance in place of one between rows. It means something only beside the
 * distance of unseen real graphs, its floor.
 */
#ifndef EVAL_NEAREST_H
#define EVAL_NEAREST_H

#include "trace/callgraph.h"

/* out[i]: distance of a's graph i to the nearest of b's, which must have one. Time is of order
 * |a| |b| calls a graph; memory is that of the sets' calls. */
void nearest_distances(const struct graphset *a, const struct graphset *b, size_t threads,
                       double *out);

#endif
