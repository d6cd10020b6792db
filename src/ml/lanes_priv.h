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

/* 16 floats, at any address that a float may have. */
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));

INLINE float lanes_fold(const lanes *v)
{
    typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));
    typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
    eight e = *(const eight *)v + *((const eight *)v + 1);
    four f = *(const four *)&e + *((const four *)&e + 1);
    return (f[0] + f[2]) + (f[1] + f[3]);
}

/* Sum of x[i] * y[i]. */
INLINE float lanes_dot(const float *x, const float *y, size_t n)
{
    lanes s = { 0 };
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        s += *(const lanes *)(x + i) * *(const lanes *)(y + i);
    if (i < n) {
        lanes a = { 0 }, b = { 0 };
        memcpy(&a, x + i, (n - i) * sizeof *x);
        memcpy(&b, y + i, (n - i) * sizeof *y);
        s += a * b;
    }
    return lanes_fold(&s);
}

INLINE float lanes_sum(const float *x, size_t n)
{
    lanes s = { 0 };
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        s += *(const lanes *)(x + i);
    if (i < n) {
        lanes a = { 0 };
        memcpy(&a, x + i, (n - i) * sizeof *x);
        s += a;
    }
    return lanes_fold(&s);
}

/* n >= 1; NaN is passed over unless it comes first. The order of a maximum does not matter. */
INLINE float lanes_max(const float *x, size_t n)
{
    float m[16], top;
    for (int j = 0; j < 16; j++)
        m[j] = x[0];
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++)
            m[j] = x[i + (size_t)j] > m[j] ? x[i + (size_t)j] : m[j];
    for (; i < n; i++)
        m[0] = x[i] > m[0] ? x[i] : m[0];
    top = m[0];
    for (int j = 1; j < 16; j++)
        top = m[j] > top ? m[j] : top;
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

#endif
