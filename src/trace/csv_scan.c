/* csv_scan.c: 64 bytes at a time become two bit masks, commas-or-LFs and LFs, and the bits become
 * offsets. Eight offsets are written at once whether or not there are so many: a branch per bit
 * would be mispredicted at every field.
 *
 * The masks come from AVX-512, AVX2 or, elsewhere, from eight bytes at a time in a word; which is
 * decided when the program runs.
 */
#include "trace/csv_scan_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct masks { uint64_t cut, lf; };
typedef struct masks (*mask_fn)(const char *p);

/* A high bit in every byte of w that equals b, exact: no carry crosses bytes. */
static inline uint64_t equal_bytes(uint64_t w, unsigned char b)
{
    uint64_t x = w ^ 0x0101010101010101u * b;
    uint64_t y = ((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7F7F7F7F7F7F7F7Fu) | x;
    return ~y & 0x8080808080808080u;
}

static inline uint64_t gather(uint64_t high)   /* bit 8i + 7 -> bit i */
{
    return (high >> 7) * 0x0102040810204080u >> 56;
}

static inline struct masks masks_plain(const char *p)
{
    struct masks m = { 0, 0 };
    for (int i = 0; i < 8; i++) {
        uint64_t w;
        memcpy(&w, p + 8 * i, 8);
        uint64_t lf = gather(equal_bytes(w, '\n'));
        m.lf |= lf << 8 * i;
        m.cut |= (lf | gather(equal_bytes(w, ','))) << 8 * i;
    }
    return m;
}

/* The bits of the masks of 64 bytes at offset `base`, appended. */
#define APPEND(x, base, m, count, low)                                                  \
    do {                                                                                \
        uint32_t *to = (x)->cut + (x)->n;                                               \
        uint64_t bits = (m).cut;                                                        \
        size_t k = (size_t)count(bits);                                                 \
        for (uint64_t lf = (m).lf; lf; lf &= lf - 1)                                    \
            (x)->line[(x)->lines++] = (uint32_t)((x)->n + (size_t)count(bits & ((lf & -lf) - 1))); \
        for (size_t done = 0; done < k; done += 8)                                      \
            for (int j = 0; j < 8; j++) {                                               \
                to[done + (size_t)j] = (base) + (uint32_t)low(bits | (uint64_t)1 << 63); \
                bits &= bits - 1;                                                       \
            }                                                                           \
        (x)->n += k;                                                                    \
    } while (0)

static inline struct masks first_bytes(struct masks m, size_t n)
{
    uint64_t keep = n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
    return (struct masks){ m.cut & keep, m.lf & keep };
}

static void scan_plain(const char *p, size_t n, struct csv_index *x)
{
    for (size_t i = 0; i < n; i += 64) {
        struct masks m = first_bytes(masks_plain(p + i), n - i);
        APPEND(x, (uint32_t)i, m, __builtin_popcountll, __builtin_ctzll);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
static void scan_avx2(const char *p, size_t n, struct csv_index *x)
{
    const __m256i comma = _mm256_set1_epi8(','), end = _mm256_set1_epi8('\n');
    for (size_t i = 0; i < n; i += 64) {
        __m256i a = _mm256_loadu_si256((const void *)(p + i));
        __m256i b = _mm256_loadu_si256((const void *)(p + i + 32));
        __m256i la = _mm256_cmpeq_epi8(a, end), lb = _mm256_cmpeq_epi8(b, end);
        __m256i ca = _mm256_or_si256(_mm256_cmpeq_epi8(a, comma), la);
        __m256i cb = _mm256_or_si256(_mm256_cmpeq_epi8(b, comma), lb);
        struct masks m = {
            (uint32_t)_mm256_movemask_epi8(ca) | (uint64_t)(uint32_t)_mm256_movemask_epi8(cb) << 32,
            (uint32_t)_mm256_movemask_epi8(la) | (uint64_t)(uint32_t)_mm256_movemask_epi8(lb) << 32
        };
        m = first_bytes(m, n - i);
        APPEND(x, (uint32_t)i, m, __builtin_popcountll, __builtin_ctzll);
    }
}

__attribute__((target("avx512f,avx512bw,bmi,bmi2,popcnt,lzcnt")))
static void scan_avx512(const char *p, size_t n, struct csv_index *x)
{
    const __m512i comma = _mm512_set1_epi8(','), end = _mm512_set1_epi8('\n');
    for (size_t i = 0; i < n; i += 64) {
        __m512i a = _mm512_loadu_si512((const void *)(p + i));
        uint64_t l = _mm512_cmpeq_epi8_mask(a, end);
        struct masks m = { _mm512_cmpeq_epi8_mask(a, comma) | l, l };
        m = first_bytes(m, n - i);
        APPEND(x, (uint32_t)i, m, __builtin_popcountll, __builtin_ctzll);
    }
}
#endif

struct way {
    const char *name;
    bool there;
    void (*scan)(const char *p, size_t n, struct csv_index *x);
};

/* Way i of doing it, the best first; the last is always there. */
static struct way way_at(size_t i)
{
#if defined(__x86_64__)
    bool bits = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    if (i == 0)
        return (struct way){ "avx512", bits && __builtin_cpu_supports("avx512bw"), scan_avx512 };
    if (i == 1)
        return (struct way){ "avx2", bits && __builtin_cpu_supports("avx2"), scan_avx2 };
#endif
    return (struct way){ "plain", true, scan_plain };
}

static void scan(const struct way *w, const char *p, size_t n, struct csv_index *x)
{
    if (x->cap < n + 2 * SCAN_SLACK) {
        x->cap = n + 2 * SCAN_SLACK;   /* every byte may be a comma */
        x->cut = mem_resize(x->cut, x->cap, sizeof *x->cut);
        x->line = mem_resize(x->line, x->cap, sizeof *x->line);
    }
    x->n = x->lines = 0;
    w->scan(p, n, x);
}

void csv_scan(const char *p, size_t n, struct csv_index *x)
{
    size_t i = 0;
    while (!way_at(i).there)
        i++;
    struct way w = way_at(i);
    scan(&w, p, n, x);
}

bool csv_scan_by(const char *name, const char *p, size_t n, struct csv_index *x)
{
    for (size_t i = 0; i < 3; i++) {
        struct way w = way_at(i);
        if (w.there && strcmp(w.name, name) == 0) {
            scan(&w, p, n, x);
            return true;
        }
    }
    return false;
}

void csv_index_free(struct csv_index *x)
{
    free(x->cut);
    free(x->line);
    *x = (struct csv_index){ 0 };
}
