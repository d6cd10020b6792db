/* auc.c: walk the scores upwards; every positive beats all negatives passed, and half of those in
 * its own group of ties. */
#include "stats/auc.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct ranked {
    double score;
    size_t stratum, i;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->stratum != y->stratum)
        return x->stratum < y->stratum ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

struct auc_order auc_order_make(const double *score, const size_t *stratum, size_t n)
{
    struct ranked *r = mem_array(n + 1, sizeof *r);
    struct auc_order o = { n, mem_array(n + 1, sizeof *o.index), mem_array(n + 1, sizeof *o.tied),
                           mem_array(n + 1, sizeof *o.first) };
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){ score[i], stratum ? stratum[i] : 0, i };
    qsort(r, n, sizeof *r, by_rank);
    for (size_t k = 0; k < n; k++) {
        o.index[k] = r[k].i;
        o.first[k] = k == 0 || r[k].stratum != r[k - 1].stratum;
        o.tied[k] = !o.first[k] && r[k].score == r[k - 1].score;
    }
    free(r);
    return o;
}

void auc_order_free(struct auc_order *o)
{
    free(o->index);
    free(o->tied);
    free(o->first);
}

double auc_weighted(const struct auc_order *o, const bool *positive, const double *weight)
{
    double below = 0, above = 0, won = 0, pairs = 0;
    for (size_t k = 0; k < o->n;) {
        double neg = 0, pos = 0;
        if (o->first[k]) {
            pairs += above * below;
            above = below = 0;
        }
        do {
            size_t i = o->index[k++];
            *(positive[i] ? &pos : &neg) += weight ? weight[i] : 1;
        } while (k < o->n && o->tied[k]);
        won += pos * (below + neg / 2);
        below += neg;
        above += pos;
    }
    pairs += above * below;
    return pairs > 0 ? won / pairs : NAN;
}

double auc_of(const double *score, const bool *positive, size_t n)
{
    struct auc_order o = auc_order_make(score, NULL, n);
    double auc = auc_weighted(&o, positive, NULL);
    auc_order_free(&o);
    return auc;
}
