/* interval.h: a value with the range that re-draws of its data give it.
 *
 * Ranges go from the 2.5 % to the 97.5 % quantile of the re-draws (linear interpolation, GSL's
 * gsl_stats_quantile_from_sorted_data). Re-draws that are NaN are left out; with fewer than
 * INTERVAL_MIN_DRAWS of the others the ends are NaN: too few to speak of a range.
 */
#ifndef STATS_INTERVAL_H
#define STATS_INTERVAL_H

#include <stddef.h>

enum { INTERVAL_MIN_DRAWS = 20 };

struct interval {
    double value, lo, hi;   /* NaN: cannot be computed */
    size_t n;               /* what it rests on: graphs, calls, re-draws, as the maker says */
};

/* Quantile q in [0, 1] of ascending x[0..n); NaN when n is 0. */
double quantile_sorted(const double *x, size_t n, double q);

/* Mean and range of the re-draws: for floors, where a re-draw is the experiment itself. */
struct interval interval_of_draws(const double *draws, size_t n_draws);

/* A measured value and the re-draws' spread, centred: lo = value + q2.5 - mean, hi likewise, kept
 * within [least, most]. A distance between two re-drawn samples exceeds that of the samples
 * themselves, since every draw adds noise of its own; the plain percentile range of a small
 * distance would not even contain it. The shift takes that bias away and keeps the width. */
struct interval interval_centred(double value, const double *draws, size_t n_draws, double least,
                                 double most);

/* The difference a - b of two values whose re-draws are paired (a_draws[i] and b_draws[i] come from
 * the same re-draw of what both are compared with), centred in the same way. */
struct interval interval_paired(double a, const double *a_draws, double b, const double *b_draws,
                                size_t n_draws);

/* The share k of n with Wilson's 95 % score interval, which stays within [0, 1] and has a width at
 * shares of 0 and 1 too. n 0: NaN. */
struct interval interval_wilson(size_t k, size_t n);

#endif
