/* bag.h: whole numbers seen, drawn back as often as they were seen.
 *
 * A bag is the empirical distribution of one table cell: how many children, which
 * type, which destination, how many ticks. Fill it with bag_add, close it with
 * bag_seal (equal values merge, order becomes that of the values, so the order of
 * adding does not matter), then draw from any number of threads.
 */
#ifndef GEN_BAG_H
#define GEN_BAG_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

struct bag {
    struct bag_item {
        int64_t value;
        double weight;
    } *item;              /* (n) */
    double *cum;          /* (n) running sums of weights once sealed; NULL before */
    size_t n, cap;
};

void bag_add(struct bag *b, int64_t value, double weight);   /* weight > 0; not after bag_seal */
void bag_seal(struct bag *b);
int64_t bag_draw(const struct bag *b, gsl_rng *rng);         /* requires a sealed bag, not empty */
double bag_share(const struct bag *b, int64_t value); /* of the sealed bag's weight; 0 if absent */
void bag_free(struct bag *b);

#endif
