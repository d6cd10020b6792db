/* auc.h: how well a score tells two classes apart.
 *
 * The area under the ROC curve = the probability that a member of class 1 scores higher than one of
 * class 0, ties counting half (Mann-Whitney). 0.5 is chance. NaN when a class has no weight.
 */
#ifndef STATS_AUC_H
#define STATS_AUC_H

#include <stdbool.h>
#include <stddef.h>

/* An order to be made once, so that many re-draws (weights) of the same scores are cheap. */
struct auc_order {
    size_t n;
    size_t *index;    /* (n) by stratum, then ascending score */
    bool *tied;       /* (n) the same stratum and score as the one before */
    bool *first;      /* (n) of its stratum */
};

/* Only pairs within one stratum are counted. Scores of different folds of a cross-validation are
 * not comparable: a fold rich in class 1 was scored by a forest poor in it, and pooling them pulls
 * the area of indistinguishable classes below 0.5. stratum (n) NULL: all one. */
struct auc_order auc_order_make(const double *score, const size_t *stratum, size_t n);
void auc_order_free(struct auc_order *o);

/* weight NULL: all 1. */
double auc_weighted(const struct auc_order *o, const bool *positive, const double *weight);

/* Both in one, for a single use. */
double auc_of(const double *score, const bool *positive, size_t n);

#endif
