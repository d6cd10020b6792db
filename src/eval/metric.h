/* metric.h: one number that says how a generated set of graphs relates to real ones.
 *
 * Three sets take part: `real`, what it is held against; `train`, what the generator was fitted on
 * (copies are copies of it; it may be the same set as real); `gen`, the generated graphs.
 *
 * A metric either computes on count vectors (feature, compute) or tells the sets apart with a
 * classifier (columns). Each idea lies in a file of its own; metrics.c lists them once.
 */
#ifndef EVAL_METRIC_H
#define EVAL_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "eval/counts.h"

enum metric_better {
    BETTER_LOWER,        /* a distance: 0 is equality */
    BETTER_HIGHER,
    BETTER_NEAR_FLOOR    /* neither: what real graphs score among themselves is the aim */
};

/* One feature's counts of the three sets, on common cells. */
struct metric_input {
    size_t cells;
    const double *x;                       /* (cells) ascending positions, or NULL */
    const double *real, *train, *gen;      /* (cells) */
    double *p, *q;                         /* (cells) scratch */
    size_t *index;                         /* (cells) scratch */
};

struct columns;                            /* eval/columns.h */

struct metric {
    const char *name;                      /* as in reports: lower case, no blanks */
    const char *prose;                     /* one sentence */
    enum metric_better better;
    bool views[VIEWS];                     /* where it means something */
    double least, most;                    /* its range */
    const struct feature *feature;
    double (*compute)(const struct metric_input *in);   /* NaN: cannot be computed */
    const struct columns *columns;         /* instead of feature and compute */
    double room;                           /* > 0: shown only where two random halves of the real
                                            * graphs score at least this */
};

extern const struct metric *const metrics[];   /* ends with NULL */
enum { METRICS_MAX = 40 };
size_t metric_count(void);
const struct metric *metric_find(const char *name, size_t *index);   /* NULL: there is none */

#endif
