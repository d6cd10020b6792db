/* lanes_priv.h: sums in 16 lanes, and clones for wider processors.
 *
 * A sum over n terms runs in 16 explicit lanes (term i goes to lane i mod 16) that are folded
 * pairwise: 8, 4, 2, 1. The order is written here, so SSE, AVX2 and AVX-512 give the same bits;
 * no multiplication is ever fused with an addition. VECTOR_CLONES compiles a function once per
 * width and picks at load time; sanitizers run before that machinery works, hence not there.
 */
#ifndef ML_LANES_PRIV_H
#define ML_LANES_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define ML_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ML_SANITIZED 1
#endif

/* clang 14 gives clones names that other files do not find. */
#if defined(__x86_64__) && !defined(ML_SANITIZED) && !defined(__clang__)
#define VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR_CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

/* How wide vectors are passed depends on the target; these functions are inlined, never called. */
#pragma GCC diagnostic ignored "-Wpsabi"

/* 16 floats, at any address that a float may have. gcc keeps what is wider than a register in
 * memory, so what is carried from one turn of a loop to the next is two eights, not lanes. */
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t eight_bits __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint32_t eight_words __attribute__((vector_size(32), aligned(4), may_alias));

INLINE eight load_eight(const float *x)
{
    return *(const eight *)x;
}

INLINE void store_eight(float *x, eight v)
{
    *(eight *)x = v;
}

INLINE eight all_eight(float x)
{
    return (eight){ x, x, x, x, x, x, x, x };
}

/* mask ? a : b, element by element; a comparison of eights makes a mask. */
INLINE eight eight_select(eight_bits mask, eight a, eight b)
{
    return (eight)((mask & (eight_bits)a) | (~mask & (eight_bits)b));
}

INLINE float eights_fold(eight lo, eight hi)
{
    typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
    eight e = lo + hi;
    four f = *(const four *)&e + *((const four *)&e + 1);
    return (f[0] + f[2]) + (f[1] + f[3]);
}

INLINE float lanes_fold(const lanes *v)
{
    return eights_fold(*(const eight *)v, *((const eight *)v + 1));
}

/* Up to 15 floats, and zeros. */
INLINE void load_rest(const float *x, size_t n, float out[16])
{
    memset(out, 0, 16 * sizeof *out);
    memcpy(out, x, n * sizeof *x);
}

/* Sum of x[i] * y[i]. */
INLINE float lanes_dot(const float *x, const float *y, size_t n)
{
    eight lo = { 0 }, hi = { 0 };
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        lo += load_eight(x + i) * load_eight(y + i);
        hi += load_eight(x + i + 8) * load_eight(y + i + 8);
    }
    if (i < n) {
        float a[16], b[16];
        load_rest(x + i, n - i, a);
        load_rest(y + i, n - i, b);
        lo += load_eight(a) * load_eight(b);
        hi += load_eight(a + 8) * load_eight(b + 8);
    }
    return eights_fold(lo, hi);
}

INLINE float lanes_sum(const float *x, size_t n)
{
    eight lo = { 0 }, hi = { 0 };
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        lo += load_eight(x + i);
        hi += load_eight(x + i + 8);
    }
    if (i < n) {
        float a[16];
        load_rest(x + i, n - i, a);
        lo += load_eight(a);
        hi += load_eight(a + 8);
    }
    return eights_fold(lo, hi);
}

/* n >= 1; NaN is passed over unless it comes first. The order of a maximum does not matter. */
INLINE float lanes_max(const float *x, size_t n)
{
    eight lo = all_eight(x[0]), hi = lo;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        eight a = load_eight(x + i), b = load_eight(x + i + 8);
        lo = eight_select(a > lo, a, lo);
        hi = eight_select(b > hi, b, hi);
    }
    lo = eight_select(hi > lo, hi, lo);
    float top = lo[0];
    for (int j = 1; j < 8; j++)
        top = lo[j] > top ? lo[j] : top;
    for (; i < n; i++)
        top = x[i] > top ? x[i] : top;
    return top;
}

/* e^x to 2 units in the last place, without libm, so that its bits are ours: x = k ln 2 + r with
 * |r| <= ln 2 / 2 (Cody and Waite), e^r by its Taylor polynomial of degree 7, 2^k through the
 * exponent. Clamped to [-87, 88]: never 0, never infinite. */
INLINE float fast_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float shifted = x * 1.44269504f + 12582912.0f;   /* 1.5 * 2^23: rounds to an integer */
    float k = shifted - 12582912.0f;
    float r = x - k * 0.693359375f;
    r = r - k * -2.12194440e-4f;
    float p = 1.9841270e-4f;
    p = p * r + 1.3888889e-3f;
    p = p * r + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits, scale;
    memcpy(&bits, &shifted, sizeof bits);
    scale = (bits << 23) + 0x3f800000u;              /* low bits of `shifted` are k */
    float two_k;
    memcpy(&two_k, &scale, sizeof two_k);
    return p * two_k;
}

/* fast_exp of each, to the bit. A compiler that widens fast_exp itself makes detours of its
 * clamps: three times slower. */
INLINE eight eight_exp(eight x)
{
    x = eight_select(x < -87.0f, all_eight(-87.0f), x);
    x = eight_select(x > 88.0f, all_eight(88.0f), x);
    eight shifted = x * 1.44269504f + 12582912.0f;
    eight k = shifted - 12582912.0f;
    eight r = x - k * 0.693359375f;
    r = r - k * -2.12194440e-4f;
    eight p = r * 1.9841270e-4f + 1.3888889e-3f;
    p = p * r + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * (eight)(((eight_words)shifted << 23) + 0x3f800000u);
}

/* x = e^(x * scale - top), for a row of n. */
INLINE void exp_row(size_t n, float scale, float top, float *x)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        store_eight(x + i, eight_exp(load_eight(x + i) * scale - top));
    for (; i < n; i++)
        x[i] = fast_exp(x[i] * scale - top);
}

#endif
