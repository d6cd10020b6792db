/* floors.h: what real graphs score against real graphs. Without it no metric means anything.
 *
 *   copier   a bootstrap sample of the set against the set: the score of a perfect memoriser;
 *   halves   one random half against the other: independent real graphs, and few of them;
 *   fit      random splits by graph: the part a generator would be fitted on against the rest.
 *
 * Fidelity to a training set is read beside the first two: good is at or below the halves, and
 * below the copier means nothing. Generalisation is read beside the third. For metrics whose aim is
 * the real rate (copies), `fit` gives the rate of the rest itself.
 *
 * By topology a draw of graphs is made first and reduced to its distinct structures after.
 */
#ifndef EVAL_FLOORS_H
#define EVAL_FLOORS_H

#include <stddef.h>
#include <stdint.h>

#include "eval/metric.h"
#include "stats/interval.h"

struct floors_options {
    uint64_t seed;
    size_t draws;        /* 0: 200 */
    size_t classified;   /* draws for which the classifier is run; 0: none, and NaN */
    size_t threads;
};

struct floors {
    const char *name;                                /* "copier", "halves", "fit" */
    struct interval at[VIEWS][METRICS_MAX];          /* by view and index in metrics[]; n: draws */
};

void floors_copier(const struct profile *p, const struct floors_options *o, struct floors *out);
void floors_halves(const struct profile *p, const struct floors_options *o, struct floors *out);

/* test_share of the graphs are the rest, such as 0.2. */
void floors_fit(const struct profile *p, double test_share, const struct floors_options *o,
                struct floors *out);

/* The same split for experiments that fit generators: split number `index` of a set of n graphs.
 * Writes the indices of the fit part to fit[] and of the rest to test[] (room for n each), both
 * ascending. floors_fit uses these very splits. */
struct floors_split { size_t n_fit, n_test; };
struct floors_split floors_split_by_graph(size_t n, double test_share, uint64_t seed, size_t index,
                                          size_t *fit, size_t *test);

#endif
