/* halves.c: by bits, branch-free where millions of weights pass.
 *
 * An f16's exponent and fraction, moved to where f32 has them, are the number times 2^-112; one
 * multiplication by 2^112 gives it back, subnormals included. Only the exponent 31 (infinity,
 * NaN) is put in by hand.
 */
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
    for (size_t i = 0; i < n; i++) {
        uint32_t h = half_at(p, i), size = h & 0x7fff;
        uint32_t u = bits_of(from_bits(size << 13) * 0x1p112f);
        u |= size >= 0x7c00 ? 0x7f800000u : 0;
        out[i] = from_bits(u | (h & 0x8000) << 16);
    }
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

static uint16_t f16_of(float x)
{
    uint32_t u = bits_of(x), sign = u >> 16 & 0x8000, size = u & 0x7fffffff;
    if (size > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (size >= 0x477ff000)                       /* 65520 and more: over the middle to 2^16 */
        return (uint16_t)(sign | 0x7c00);
    if (size < 0x38800000) {                      /* below 2^-14: in steps of 2^-24, rounded by */
        float steps = from_bits(size) * 0x1p24f + 0x1p23f;   /* what an f32 of 2^23 can hold */
        return (uint16_t)(sign | (bits_of(steps) - bits_of(0x1p23f)));
    }
    size += 0xfff + (size >> 13 & 1);
    return (uint16_t)(sign | ((size - 0x38000000) >> 13));
}

void f16_narrow(size_t n, const float *restrict x, uint16_t *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_of(x[i]);
}
