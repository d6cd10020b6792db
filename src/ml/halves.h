/* halves.h: 16-bit floats, to f32 and back.
 *
 * bf16 is the upper half of an f32 (8 bits of exponent, 7 of fraction); f16 is IEEE 754 binary16.
 * Widening is exact. Narrowing rounds to nearest, ties to even; what is too large becomes
 * infinite, a NaN stays a NaN. p need not be aligned: tensors in a file are where they are.
 */
#ifndef ML_HALVES_H
#define ML_HALVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void bf16_widen(size_t n, const void *p, float *restrict out);
void f16_widen(size_t n, const void *p, float *restrict out);

void bf16_narrow(size_t n, const float *restrict x, uint16_t *restrict out);
void f16_narrow(size_t n, const float *restrict x, uint16_t *restrict out);

/* f16_narrow, but what is too large, or a NaN, becomes the largest number there is, 65504. */
void f16_narrow_within(size_t n, const float *restrict x, uint16_t *restrict out);

/* Is every one of x a bf16? Then bf16_of_exact takes nothing from it. */
bool bf16_exact(size_t n, const float *x);

static inline uint16_t bf16_of_exact(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* An f16's exponent and fraction, moved to where f32 has them, are the number times 2^-112; one
 * multiplication by 2^112 gives it back, subnormals included. Only the exponent 31 (infinity,
 * NaN) is put in by hand. */
static inline float f16_float(uint16_t half)
{
    uint32_t size = half & 0x7fff, u = size << 13;
    float f;
    memcpy(&f, &u, sizeof f);
    f *= 0x1p112f;
    memcpy(&u, &f, sizeof u);
    u |= (size >= 0x7c00 ? 0x7f800000u : 0) | (uint32_t)(half & 0x8000) << 16;
    memcpy(&f, &u, sizeof f);
    return f;
}

#endif
