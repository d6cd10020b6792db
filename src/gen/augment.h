/* augment.h: another call graph that might as well have been recorded.
 *
 *     shuffle   ... A  gap  B ...   ->   ... B  gap  A ...      subtrees go along
 *     jitter    durations and gaps by a random factor, within the bounds of parent and siblings
 *
 * Neighbours are exchangeable where the data show that their order says nothing: below the same
 * caller, the same two calls were seen adjacent in either order. What a change would break (a
 * finish after the parent's, a start before the elder sibling's) is left as it was, so a valid
 * graph stays valid; service, calls, depth, names and the root's times never change.
 *
 * Not TraceLLM's: it repeats its graphs as they are, but for the order of keys.
 */
#ifndef GEN_AUGMENT_H
#define GEN_AUGMENT_H

#include <gsl/gsl_rng.h>

#include "trace/callgraph.h"

struct augment {
    double shuffle;        /* share of exchangeable neighbours that change places */
    double jitter;         /* sd of the logarithm of the factors; 0: none */
};

/* Which neighbours may change places: learnt from a set, free with augment_free. */
struct augment_order;
struct augment_order *augment_learn(const struct graphset *s);
void augment_free(struct augment_order *o);      /* NULL is fine */

/* Vary g, whose calls are the caller's to change and whose names are `names`. */
void augment_graph(struct callgraph *g, const struct names *names, const struct augment_order *o,
                   const struct augment *a, gsl_rng *rng);

#endif
