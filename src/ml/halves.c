/* halves.c: by bits, branch-free: millions of weights pass, and every key and value of a cache. */
#include "ml/halves.h"

#include "ml/lanes_priv.h"

INLINE uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

INLINE float from_bits(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

INLINE uint16_t half_at(const void *p, size_t i)
{
    uint16_t h;
    memcpy(&h, (const char *)p + 2 * i, sizeof h);
    return h;
}

VECTOR_CLONES void bf16_widen(size_t n, const void *p, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = from_bits((uint32_t)half_at(p, i) << 16);
}

VECTOR_CLONES void f16_widen(size_t n, const void *p, float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_float(half_at(p, i));
}

/* Adding half of the last kept bit, less one when that bit is 0, rounds to nearest even; a carry
 * into the exponent is the next number, or infinity. */
VECTOR_CLONES void bf16_narrow(size_t n, const float *restrict x, uint16_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t u = bits_of(x[i]);
        uint32_t rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16;
        out[i] = (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? u >> 16 | 0x40 : rounded);
    }
}

VECTOR_CLONES bool bf16_exact(size_t n, const float *x)
{
    uint32_t lost = 0;
    for (size_t i = 0; i < n; i++)
        lost |= bits_of(x[i]) & 0xffff;
    return lost == 0;
}

/* Of a magnitude's bits. From 65520 on, over the middle to 2^16, infinity; below 2^-14 in steps of
 * 2^-24, rounded by what an f32 of 2^23 can hold. Signed, because that is what compares fast. */
INLINE int32_t f16_size(int32_t size)
{
    float steps = from_bits((uint32_t)size) * 0x1p24f + 0x1p23f;
    int32_t small = (int32_t)(bits_of(steps) - bits_of(0x1p23f));
    uint32_t u = (uint32_t)size, rounded = u + 0xfff + (u >> 13 & 1);
    int32_t normal = (int32_t)((rounded - 0x38000000) >> 13);
    int32_t large = size > 0x7f800000 ? 0x7e00 : 0x7c00;
    int32_t half = size < 0x38800000 ? small : normal;
    return size >= 0x477ff000 ? large : half;
}

INLINE uint16_t f16_of(float x, int32_t most)
{
    uint32_t u = bits_of(x);
    int32_t size = (int32_t)(u & 0x7fffffff);
    return (uint16_t)((u >> 16 & 0x8000) | (uint32_t)f16_size(size < most ? size : most));
}

VECTOR_CLONES void f16_narrow(size_t n, const float *restrict x, uint16_t *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_of(x[i], 0x7fffffff);
}

VECTOR_CLONES void f16_narrow_within(size_t n, const float *restrict x, uint16_t *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_of(x[i], 0x477fe000);     /* 65504 */
}
