/* classify.h: can generated graphs be told from real ones?
 *
 * Two classes of equal size, extra trees (150, at least 3 rows a leaf), five folds; every graph is
 * scored by the forest that has not seen it. Graphs with identical rows stay in one fold:
 * duplicates on both sides of a split would leak.
 *
 * Source: classifier two-sample tests (Lopez-Paz and Oquab, 2017), with grouped folds.
 */
#ifndef EVAL_CLASSIFY_H
#define EVAL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eval/columns.h"

enum { CLASSIFY_LEAST = 20, CLASSIFY_MOST = 2000, CLASSIFY_FOLDS = 5 };

struct classify_side {
    const struct profile *p;
    const double *weight;    /* (p->n) graphs with weight > 0 take part */
};

struct scored {              /* out-of-fold scores */
    size_t n;                /* rows: twice the class size; 0: a class is below CLASSIFY_LEAST */
    size_t *graph;           /* (n) index in its own side's profile */
    bool *generated;         /* (n) class */
    double *score;           /* (n) probability of being generated */
    size_t *fold;            /* (n) scores compare only within a fold */
    double auc;              /* over the pairs within folds; NaN when n is 0 */
    double importance[COLUMNS_IDENTITY];   /* mean over folds, by column */
};

/* The class size is the smaller side's number of graphs, at most CLASSIFY_MOST. A larger side is
 * drawn from at random; a side whose weights differ is drawn from in proportion to them, with
 * repetition. The draw from a side depends on seed, `repeat` and that side alone. */
struct scored classify(const struct columns *c, const struct frequencies *slice,
                       struct classify_side real, struct classify_side gen, uint64_t seed,
                       uint64_t repeat, size_t threads);
void scored_free(struct scored *s);

#endif
