/* dropout.c: 32 mixed bits an element (Wellons' lowbias32), all vector integer work. */
#include "ml/dropout.h"

#include "base/err.h"
#include "ml/lanes_priv.h"

INLINE uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x21f0aaadu;
    x ^= x >> 15;
    x *= 0xd35a2d97u;
    x ^= x >> 15;
    return x;
}

/* Elements 2^32 apart would share a draw; a slot's matrix is far smaller. */
INLINE float kept(uint64_t key, size_t i, uint32_t threshold, float scale)
{
    uint32_t h = mix(mix((uint32_t)i ^ (uint32_t)key) + (uint32_t)(key >> 32));
    return h < threshold ? 0.0f : scale;
}

VECTOR_CLONES static void multiply(size_t n, uint32_t threshold, float scale, uint64_t key,
                                   float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= kept(key, i, threshold, scale);
}

VECTOR_CLONES static void multiply_add(size_t n, uint32_t threshold, float scale, uint64_t key,
                                       const float *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i] * kept(key, i, threshold, scale);
}

static uint32_t threshold_of(float p)
{
    REQUIRE(p >= 0 && p < 1);
    return (uint32_t)((double)p * 4294967296.0);
}

void dropout(size_t n, float p, uint64_t key, float *x)
{
    if (p > 0)
        multiply(n, threshold_of(p), 1.0f / (1.0f - p), key, x);
}

void dropout_add(size_t n, float p, uint64_t key, const float *x, float *y)
{
    multiply_add(n, threshold_of(p), 1.0f / (1.0f - p), key, x, y);
}
