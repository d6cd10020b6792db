/* path_priv.h: the words that a kernel written once for three widths is written in.
 *
 * A kernel's file includes its template once per path, each time after this header with PATH set:
 *
 *     PATH_AVX512   16 floats a vector       PATH_AVX2   8 floats       PATH_PLAIN   4, any machine
 *
 *     V              vector of LANES floats          LOAD(p) STORE(p, v) SPLAT(x) ZERO
 *     FMA(a, b, c)   a b + c rounded once            TARGET  what the path's functions need
 *     WIDEN_BF16(p) WIDEN_F16(p) WIDEN_INT8(p)       LANES of these as floats, exactly
 *     NAME(f)        f of this path
 *
 * Every path rounds a product and a sum once, together, so all give the same bits. A machine
 * without that instruction does it in doubles: a product of floats is exact there, the sum is
 * rounded to odd (Boldo and Melquiond, 2008), so that rounding it again to float is harmless.
 * No include guard: it defines anew.
 */
#undef V
#undef LANES
#undef LOAD
#undef STORE
#undef SPLAT
#undef ZERO
#undef FMA
#undef WIDEN_BF16
#undef WIDEN_F16
#undef WIDEN_INT8
#undef TARGET
#undef NAME

#if PATH == PATH_AVX512
#define V __m512
#define LANES 16
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SPLAT(x) _mm512_set1_ps(x)
#define ZERO _mm512_setzero_ps()
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define WIDEN_BF16(p) \
    _mm512_castsi512_ps(_mm512_slli_epi32( \
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(p))), 16))
#define WIDEN_F16(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p)))
#define WIDEN_INT8(p) \
    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(p))))
#define TARGET __attribute__((target("avx512f")))
#define NAME(f) f##_avx512
#elif PATH == PATH_AVX2
#define V __m256
#define LANES 8
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SPLAT(x) _mm256_set1_ps(x)
#define ZERO _mm256_setzero_ps()
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define WIDEN_BF16(p) \
    _mm256_castsi256_ps(_mm256_slli_epi32( \
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p))), 16))
#define WIDEN_F16(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p)))
#define WIDEN_INT8(p) \
    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(p))))
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define NAME(f) f##_avx2
#else
#define V path_four
#define LANES 4
#define LOAD(p) (*(const path_four *)(p))
#define STORE(p, v) (*(path_four *)(p) = (v))
#define SPLAT(x) (((path_four){ 0 }) + (x))
#define ZERO ((path_four){ 0 })
#define FMA(a, b, c) path_fma(a, b, c)
#define WIDEN_BF16(p) path_widen_bf16(p)
#define WIDEN_F16(p) path_widen_f16(p)
#define WIDEN_INT8(p) path_widen_int8(p)
#define TARGET
#define NAME(f) f##_plain
#endif
