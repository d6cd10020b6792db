/* durations.h: how far apart the times of two sets of call graphs are.
 *
 * Times are taken as log2(1 + ms): a factor counts alike for fast and slow ones, and 0 is 0. The
 * distances are Kolmogorov-Smirnov's and Wasserstein's (stats/distance.h) over all times of a set.
 * The interval is w1's over re-draws of whole graphs on both sides, since times of one graph go
 * together; centred (stats/interval.h).
 *
 * Both sets must be timed; their ticks may differ.
 */
#ifndef EVAL_DURATIONS_H
#define EVAL_DURATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "stats/interval.h"
#include "trace/callgraph.h"

enum durations_of {
    DURATIONS_TRACE,     /* response time of the root */
    DURATIONS_CALL,      /* of every call */
    DURATIONS_START,     /* from a parent's start to its call's; 0 where a clock says before it */
    DURATIONS
};
extern const char *const durations_names[DURATIONS];   /* trace call start */

struct durations {
    double ks;           /* NaN where a side has no such time */
    struct interval w1;  /* n: graphs of b */
};

struct durations durations_compare(const struct graphset *a, const struct graphset *b,
                                   enum durations_of what, size_t redraws, uint64_t seed);

#endif
