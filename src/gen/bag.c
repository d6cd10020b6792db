/* bag.c: sort, merge, running sums. Nothing is smoothed: what was not seen is never drawn. */
#include "gen/bag.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"

void bag_add(struct bag *b, int64_t value, double weight)
{
    REQUIRE(!b->cum && weight > 0);
    MEM_GROW(b->item, b->n, b->cap);
    b->item[b->n++] = (struct bag_item){ value, weight };
}

/* By value, then by weight: sums of equal values run in one order, so the bits do not depend on
 * the order of adding. */
static int by_value(const void *a, const void *b)
{
    const struct bag_item *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

void bag_seal(struct bag *b)
{
    REQUIRE(!b->cum);
    if (b->n)
        qsort(b->item, b->n, sizeof *b->item, by_value);
    size_t kept = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (kept && b->item[kept - 1].value == b->item[i].value)
            b->item[kept - 1].weight += b->item[i].weight;
        else
            b->item[kept++] = b->item[i];
    }
    b->n = kept;
    b->cum = mem_array(kept + 1, sizeof *b->cum);
    double sum = 0;
    for (size_t i = 0; i < kept; i++)
        b->cum[i] = sum += b->item[i].weight;
}

int64_t bag_draw(const struct bag *b, gsl_rng *rng)
{
    REQUIRE(b->cum && b->n);
    return b->item[rng_pick(rng, b->cum, b->n)].value;
}

double bag_share(const struct bag *b, int64_t value)
{
    REQUIRE(b->cum);
    for (size_t i = 0; i < b->n; i++)
        if (b->item[i].value == value)
            return b->item[i].weight / b->cum[b->n - 1];
    return 0;
}

void bag_free(struct bag *b)
{
    free(b->item);
    free(b->cum);
    *b = (struct bag){ 0 };
}
