/* rng.h: named streams of randomness.
 *
 * Every draw in the house takes a gsl_rng *. A stream is named by what it is for:
 * rng_stream(seed, "reference/topology", service). The same three give the same
 * numbers for ever, and no other stream, thread or experiment moves them.
 *
 * The generator is xoshiro256** 1.0 (Blackman and Vigna, 2021), registered as a
 * gsl_rng_type because gsl_rng_mt19937 keeps only 32 bits of a seed and reads 0
 * as 4357. All GSL distributions work on it.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <gsl/gsl_rng.h>
#include <stddef.h>
#include <stdint.h>

/* The caller frees it with gsl_rng_free. */
gsl_rng *rng_stream(uint64_t seed, const char *name, uint64_t index);

/* Re-aim an existing stream: no allocation, for hot loops over many items. */
void rng_restart(gsl_rng *r, uint64_t seed, const char *name, uint64_t index);

uint64_t rng_u64(gsl_rng *r);                        /* 64 uniform bits */
size_t rng_below(gsl_rng *r, size_t n);              /* uniform in [0, n), n >= 1, unbiased */
double rng_unit(gsl_rng *r);                         /* uniform in [0, 1), 53 bits */
void rng_shuffle(gsl_rng *r, size_t *v, size_t n);   /* Fisher-Yates */

/* Draw an index with probability proportional to the increments of the running sums cum[0..n). */
size_t rng_pick(gsl_rng *r, const double *cum, size_t n);

#endif
