/* auc.c: walk the scores upwards; every positive beats all negatives passed, and half of those in
 * its own group of ties. */
#include "stats/auc.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct auc_order auc_order_make(const double *score, size_t n)
{
    struct auc_order o = { n, mem_array(n + 1, sizeof *o.index), mem_array(n + 1, sizeof *o.tied) };
    gsl_sort_index(o.index, score, 1, n);
    for (size_t k = 1; k < n; k++)
        o.tied[k] = score[o.index[k]] == score[o.index[k - 1]];
    return o;
}

void auc_order_free(struct auc_order *o)
{
    free(o->index);
    free(o->tied);
}

double auc_weighted(const struct auc_order *o, const bool *positive, const double *weight)
{
    double below = 0, all_positive = 0, won = 0;
    for (size_t k = 0; k < o->n;) {
        double neg = 0, pos = 0;
        do {
            size_t i = o->index[k++];
            *(positive[i] ? &pos : &neg) += weight ? weight[i] : 1;
        } while (k < o->n && o->tied[k]);
        won += pos * (below + neg / 2);
        below += neg;
        all_positive += pos;
    }
    return below > 0 && all_positive > 0 ? won / (below * all_positive) : NAN;
}

double auc_of(const double *score, const bool *positive, size_t n)
{
    struct auc_order o = auc_order_make(score, n);
    double auc = auc_weighted(&o, positive, NULL);
    auc_order_free(&o);
    return auc;
}
