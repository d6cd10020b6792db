/* fsample.h: a few functions that stand for all of a trace.
 *
 * The distance of a sample: mean over the minutes of half the sum of two Wasserstein-1 distances to
 * the whole trace, over functions: that of their calls, and that of their load, calls * average
 * duration (ms) * memory (MB) / 1e6. A sample of n functions is the nearest of `trials` random
 * draws; samples are nested: the largest is drawn from the trace, each smaller one from the next
 * larger. All are held against the trace itself.
 *
 * Source: invitro's sampler (roll-down, its preprocessing: functions without calls in the minutes
 * chosen, or with an average duration of 0, are left out).
 */
#ifndef LOAD_FSAMPLE_H
#define LOAD_FSAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "trace/functions.h"

struct fsample {
    size_t n;
    size_t *member;              /* (n) indices into the functions, ascending; free() it */
    double distance;
    double random;               /* mean distance of all draws: what a random sample has */
};

/* Keep the units [from, from + units) and the functions that invitro's preprocessing keeps, in o's
 * arena; units 0: to the end. False (EXIT_DATA): nothing is left. *dropped functions were left
 * out. */
bool fsample_prepare(struct functions *o, size_t from, size_t units, size_t *dropped,
                     struct err *err);

/* Distance of the functions member[0..n) of o (prepared) to all of o. */
double fsample_distance(const struct functions *o, const size_t *member, size_t n);

/* Draw samples of the sizes size[0..k), descending, each at most o->n. */
void fsample_draw(const struct functions *o, const size_t *size, size_t k, size_t trials,
                  uint64_t seed, struct fsample *out);

#endif
