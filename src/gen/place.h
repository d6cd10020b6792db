/* place.h: where in its graph a call stands, and how the graph went so far.
 *
 * Two calls stand in like places if names around them agree, in less and less of them: these are
 * PLACES hashes, the narrowest first. In like places two calls have like circumstances if a few
 * logarithms of times and numbers are near: these are XS numbers, all known before the call itself
 * has times, so that they can be had of recorded calls and of one that is to be timed.
 */
#ifndef GEN_PLACE_H
#define GEN_PLACE_H

#include <stdint.h>

#include "trace/callgraph.h"

enum { PLACES = 6 };
enum {
    X_ROOM, X_BEFORE, X_PARENT, X_ROOT,   /* ticks from the sibling before to the parent's finish;
                                           * of the sibling, the parent and the root */
    X_BELOW, X_TO_COME,                   /* calls below, and below the siblings to come */
    X_WAIT, X_LONGEST,                    /* mean and greatest wait in the graph so far */
    XS
};

struct kin {
    uint32_t before, after;               /* siblings; CALL_NONE */
    uint32_t position;                    /* among the siblings */
    uint32_t below, to_come;              /* calls of the subtree, and of later siblings' */
    uint64_t own, family;                 /* hash of the call itself; of the list of its calls */
};

/* How a graph went so far: slow ones are slow in many places, and one long pause is no reason for
 * another. */
struct pace {
    float waits, longest;                 /* logs of waits: summed, and the greatest */
    size_t n;
};

/* (calls) free() it. name: call_hash.h's. */
struct kin *place_kin(const struct callgraph *g, const uint64_t *name);

/* place[0]: the list of the parent's calls and the position in it (of a root: the whole graph);
 * [1]: the names of parent and neighbours (root: and how many calls); [2], [3], [4]: less and less;
 * [5]: a root, or not. */
void place_names(const struct callgraph *g, const struct kin *kin, size_t k,
                 uint64_t place[PLACES]);

/* Of what is known before call k is timed. */
void place_circumstances(const struct callgraph *g, const struct kin *kin, size_t k,
                         const struct pace *pace, float x[XS]);

/* Take notice of call k, which has its times. */
void place_note(const struct callgraph *g, const struct kin *kin, size_t k, struct pace *pace);

#endif
