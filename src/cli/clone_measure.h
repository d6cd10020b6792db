/* clone_measure.h: how real synthetic traces are, and how private: figures, each beside what real
 * traces that the model never saw score at the same place, its floor. A number of its own says
 * nothing.
 */
#ifndef CLI_CLONE_MEASURE_H
#define CLI_CLONE_MEASURE_H

#include "cli/clone_arrivals.h"
#include "eval/compare.h"
#include "trace/callgraph.h"

/* Names joined, as clone_join leaves them. */
struct clone_sets {
    const struct graphset *train, *unseen, *made;
};

struct clone_row {
    const char *name, *what;     /* for scripts; for readers */
    double value, lo, hi, floor; /* NaN: unknown */
    size_t n;                    /* what the value rests on: traces, or gaps */
};

enum { CLONE_REAL = 9, CLONE_PRIVATE = 7, CLONE_TELLS = 3 };

struct clone_measured {
    struct clone_row real[CLONE_REAL], private[CLONE_PRIVATE];
    struct compare_tell tell[CLONE_TELLS];   /* what gave the traces away most; NULL column: none */
};

struct clone_effort {
    size_t redraws, repeats;     /* of intervals; of the classifier */
    size_t nearest;              /* traces of a side, at most, whose nearest is looked for */
};

void clone_measure(const struct clone_sets *s, const struct clone_arrivals_distance *arrivals,
                   const struct clone_effort *e, uint64_t seed, size_t threads,
                   struct clone_measured *out);

#endif
