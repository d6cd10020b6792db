/* distance.h: how far apart two samples of numbers are.
 *
 * Kolmogorov-Smirnov D = sup |F - G| and Wasserstein-1 (earth mover's distance) = integral |F - G|,
 * in the unit of the numbers. Ties are handled exactly. An empty side gives NaN.
 */
#ifndef STATS_DISTANCE_H
#define STATS_DISTANCE_H

#include <stddef.h>

struct distance {
    double ks;   /* in [0, 1] */
    double w1;   /* >= 0 */
};

/* Ascending a[0..na) and b[0..nb): both figures in one merge. */
struct distance distance_sorted(const double *a, size_t na, const double *b, size_t nb);

/* The same of samples in any order; works on copies. */
struct distance distance_samples(const double *a, size_t na, const double *b, size_t nb);

/* Weighted samples on common ascending positions x[0..n): weights p, q >= 0, normalised here. */
struct distance distance_weighted(const double *x, const double *p, const double *q, size_t n);

/* Probability that two samples of one continuous law differ by more than ks: Kolmogorov's limit
 * with Stephens' correction for finite n. Too high when there are many ties. */
double distance_ks_p(double ks, size_t na, size_t nb);

#endif
