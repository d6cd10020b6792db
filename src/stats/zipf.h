/* zipf.h: the slope of popularity against rank, on logarithmic axes. */
#ifndef STATS_ZIPF_H
#define STATS_ZIPF_H

#include <stddef.h>

struct zipf {
    double slope;   /* s in count ~ rank^-s */
    double r2;      /* of the straight line through (ln rank, ln count) */
    size_t ranks;   /* points the fit used; slope and r2 are NaN below 3 */
};

/* Fit by least squares over the first max_ranks ranks (0: all) of the counts that are > 0. */
struct zipf zipf_fit(const double *count, size_t n, size_t max_ranks);

#endif
