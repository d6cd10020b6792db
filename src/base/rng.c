/* rng.c: xoshiro256** behind GSL's interface. rng_u64 reads the state directly,
 * because gsl_rng_get returns unsigned long, which is 64 bits on our platforms
 * but not by contract. */
#include "base/rng.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"

struct state {
    uint64_t s[4];
};

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t next(struct state *t)
{
    uint64_t *s = t->s, out = rotl(s[1] * 5, 7) * 9, u = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= u;
    s[3] = rotl(s[3], 45);
    return out;
}

/* splitmix64 fills the state from one word, as the authors advise. */
static void fill(struct state *t, uint64_t x)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = x += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        t->s[i] = z ^ z >> 31;
    }
}

static void type_set(void *t, unsigned long seed)
{
    fill(t, seed);
}

static unsigned long type_get(void *t)
{
    return (unsigned long)next(t);
}

static double type_get_double(void *t)
{
    return (double)(next(t) >> 11) * 0x1p-53;
}

static const gsl_rng_type xoshiro256 = {
    .name = "xoshiro256**", .max = UINT64_MAX, .min = 0, .size = sizeof(struct state),
    .set = type_set, .get = type_get, .get_double = type_get_double,
};

void rng_restart(gsl_rng *r, uint64_t seed, const char *name, uint64_t index)
{
    REQUIRE(r->type == &xoshiro256);
    fill(r->state, hash64_mix(hash64(name, strlen(name), seed), index));
}

gsl_rng *rng_stream(uint64_t seed, const char *name, uint64_t index)
{
    gsl_rng *r = gsl_rng_alloc(&xoshiro256);
    REQUIRE(r);
    rng_restart(r, seed, name, index);
    return r;
}

uint64_t rng_u64(gsl_rng *r)
{
    REQUIRE(r->type == &xoshiro256);
    return next(r->state);
}

size_t rng_below(gsl_rng *r, size_t n)
{
    REQUIRE(n >= 1);
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do
        x = rng_u64(r);
    while (x >= limit);   /* the last, incomplete round of n would favour small values */
    return (size_t)(x % n);
}

double rng_unit(gsl_rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

void rng_shuffle(gsl_rng *r, size_t *v, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = rng_below(r, i), t = v[i - 1];
        v[i - 1] = v[j];
        v[j] = t;
    }
}

size_t rng_pick(gsl_rng *r, const double *cum, size_t n)
{
    REQUIRE(n >= 1 && cum[n - 1] > 0);
    double x = rng_unit(r) * cum[n - 1];
    size_t lo = 0, hi = n - 1;
    while (lo < hi) {   /* the first i with cum[i] > x */
        size_t mid = lo + (hi - lo) / 2;
        if (cum[mid] > x)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}
