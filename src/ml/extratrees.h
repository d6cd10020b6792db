/* extratrees.h: extremely randomised trees, for a number or for the probability of a class.
 *
 * Every node looks at a few columns drawn at random, draws one threshold for each uniformly between
 * the least and the greatest value present, and keeps the split that lowers the variance of y most.
 * With y in {0, 1} variance is half the Gini impurity, so the mean of a leaf is the probability of
 * class 1 and one kind of tree serves both uses. All rows go to every tree (no bootstrap).
 *
 * Columns that are constant in a node do not count among those looked at, and a split that would
 * leave fewer than min_leaf rows on a side is not considered, as in scikit-learn.
 *
 * Tree t draws from its own stream, so the forest is the same for any number of threads.
 *
 * Source: Geurts, Ernst and Wehenkel, Machine Learning 63 (2006).
 */
#ifndef ML_EXTRATREES_H
#define ML_EXTRATREES_H

#include <stddef.h>
#include <stdint.h>

struct extratrees_options {
    size_t trees;       /* 0: 150 */
    size_t min_leaf;    /* rows a leaf must have; 0: 1 */
    size_t columns;     /* looked at per node; 0: the square root of all, rounded down */
    uint64_t seed;
    size_t threads;     /* as in threads_for */
};

struct extratrees;

/* Fit to x (n, d) row by row, and y (n). No NaN. Requires n >= 1, d >= 1. */
struct extratrees *extratrees_fit(const float *x, const float *y, size_t n, size_t d,
                                  const struct extratrees_options *o);
void extratrees_free(struct extratrees *m);

/* Mean of the trees' leaves for one row (d). */
double extratrees_predict(const struct extratrees *m, const float *row);

/* Share of the total lowering of variance that each column brought: write (d), sum 1, or all 0 when
 * nothing was split. Tells where two classes differ. */
void extratrees_importance(const struct extratrees *m, double *share);

size_t extratrees_nodes(const struct extratrees *m);

#endif
