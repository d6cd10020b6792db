/* resample.h: other samples that could have been drawn, as a weight for each item.
 *
 * Weights instead of copies: a re-draw of ten thousand graphs costs ten thousand numbers, and
 * every statistic of weighted items serves the sample, its re-draws and its halves alike.
 */
#ifndef STATS_RESAMPLE_H
#define STATS_RESAMPLE_H

#include <gsl/gsl_rng.h>
#include <stddef.h>

/* draws draws with replacement from the items whose base weight is > 0, each with equal chance:
 * w[i] = base[i] * times drawn. draws = 0 means as many as there are such items. */
void resample_bootstrap(gsl_rng *r, const double *base, size_t n, size_t draws, double *w);

/* Deal the items with base weight > 0 at random into a first part of the given share (rounded to
 * the nearest item) and the rest: first[i] + rest[i] = base[i], one of them 0. */
void resample_split(gsl_rng *r, const double *base, size_t n, double share, double *first,
                    double *rest);

#endif
