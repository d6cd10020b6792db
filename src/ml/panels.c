/* panels.c: the template panels_path_priv.h on each path, and the choice among them. */
#include "ml/panels.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/err.h"
#include "base/mem.h"
#include "ml/lanes_priv.h"
#include "ml/path.h"

enum { PIECE = 128 };

typedef float path_four __attribute__((vector_size(16), aligned(4), may_alias));

#if defined(__FP_FAST_FMAF) || !defined(__x86_64__)
INLINE path_four path_fma(path_four a, path_four b, path_four c)
{
    for (int j = 0; j < 4; j++)
        c[j] = __builtin_fmaf(a[j], b[j], c[j]);
    return c;
}
#else
typedef double path_pair __attribute__((vector_size(16)));
typedef int64_t path_bits __attribute__((vector_size(16)));

/* a b + c rounded to odd: where the sum was not exact and its last bit is 0, its neighbour on the
 * side of what was lost. */
INLINE path_pair fma_odd(path_pair a, path_pair b, path_pair c)
{
    path_pair p = a * b, s = p + c, t = s - p;
    path_pair lost = (p - (s - t)) + (c - t);      /* exactly p + c - s (Knuth) */
    path_bits bits;
    memcpy(&bits, &s, sizeof bits);
    path_bits even = (bits & 1) - 1, up = (lost > 0) == (s > 0);
    path_bits inexact = (lost > 0) | (lost < 0);   /* not where s is infinite: lost is NaN */
    bits += inexact & even & ((up & 2) - 1);
    memcpy(&s, &bits, sizeof s);
    return s;
}

INLINE path_four path_fma(path_four a, path_four b, path_four c)
{
    path_pair lo = fma_odd((path_pair){ (double)a[0], (double)a[1] },
                           (path_pair){ (double)b[0], (double)b[1] },
                           (path_pair){ (double)c[0], (double)c[1] });
    path_pair hi = fma_odd((path_pair){ (double)a[2], (double)a[3] },
                           (path_pair){ (double)b[2], (double)b[3] },
                           (path_pair){ (double)c[2], (double)c[3] });
    return (path_four){ (float)lo[0], (float)lo[1], (float)hi[0], (float)hi[1] };
}
#endif

#define BLOCK_ROWS 3
#define FEW_ROWS 2
#define BLOCK_PANELS 2
#define PATH PATH_PLAIN
#include "ml/path_priv.h"
#include "ml/panels_path_priv.h"
#if defined(__x86_64__)
#undef PATH
#define PATH PATH_AVX2
#include "ml/path_priv.h"
#include "ml/panels_path_priv.h"
#undef PATH
#undef BLOCK_ROWS
#undef FEW_ROWS
#undef BLOCK_PANELS
#define BLOCK_ROWS 12
#define FEW_ROWS 4
#define BLOCK_PANELS 4
#define PATH PATH_AVX512
#include "ml/path_priv.h"
#include "ml/panels_path_priv.h"
#endif

struct kernel {
    size_t row_panels;                 /* that `row` does at once */
    void (*panel)(size_t R, size_t K, const float *x, size_t ldx, const float *w, float *out,
                  size_t ldo);
    void (*row)(size_t K, const float *x, const float *w, size_t stride, float *out);
};

static const struct kernel kernels[PATHS] = {
    [PATH_PLAIN] = { 2, panel_plain, row_plain },
#if defined(__x86_64__)
    [PATH_AVX2] = { 2, panel_avx2, row_avx2 },
    [PATH_AVX512] = { 4, panel_avx512, row_avx512 },
#endif
};

struct panels_room panels_room(size_t floats)
{
    REQUIRE(floats < SIZE_MAX / sizeof(float) - PANEL);
    struct panels_room r = { .base = mem_array(floats + PANEL, sizeof *r.base) };
    size_t over = (uintptr_t)r.base / sizeof *r.base % PANEL;
    r.at = r.base + (over ? PANEL - over : 0);
    return r;
}

struct panels panels_new(size_t N, size_t K)
{
    struct panels_room room = panels_room(panels_count(N) * K * PANEL);
    return (struct panels){ N, K, K * PANEL, room.at, room.base };
}

void panels_fill(struct panels *p, size_t from, size_t n_rows, const float *rows)
{
    REQUIRE(p->own && from + n_rows <= p->N);
    for (size_t n = from; n < from + n_rows; n++, rows += p->K) {
        float *to = p->own + (p->w - p->own) + n / PANEL * p->stride + n % PANEL;
        for (size_t k = 0; k < p->K; k++)
            to[k * PANEL] = rows[k];
    }
}

void panels_free(struct panels *p)
{
    free(p->own);
    *p = (struct panels){ 0 };
}

/* The last panel, of which only `width` outputs exist: into a row of its own first. */
static void last_panel(const struct kernel *k, const struct panels *p, const float *w, size_t R,
                       const float *x, size_t ldx, float *out, size_t ldo, size_t width)
{
    float whole[PANEL];
    for (size_t r = 0; r < R; r++) {
        k->panel(1, p->K, x + r * ldx, ldx, w, whole, PANEL);
        memcpy(out + r * ldo, whole, width * sizeof *out);
    }
}

void panels_product(const struct panels *p, size_t first, size_t end, size_t R, const float *x,
                    size_t ldx, float *out, size_t ldo)
{
    const struct kernel *k = &kernels[path_now()];
    size_t whole = p->N / PANEL, i = first;
    REQUIRE(first <= end && end <= panels_count(p->N));
    if (R == 1)
        for (; i + k->row_panels <= (end < whole ? end : whole); i += k->row_panels)
            k->row(p->K, x, p->w + i * p->stride, p->stride, out + (i - first) * PANEL);
    for (; i < end && i < whole; i++)
        k->panel(R, p->K, x, ldx, p->w + i * p->stride, out + (i - first) * PANEL, ldo);
    if (i < end)
        last_panel(k, p, p->w + i * p->stride, R, x, ldx, out + (i - first) * PANEL, ldo,
                   p->N % PANEL);
}
