/* panels.c: the template panels_path_priv.h on each path, and the choice among them. */
#include "ml/panels.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/err.h"
#include "base/mem.h"
#include "ml/halves.h"
#include "ml/lanes_priv.h"
#include "ml/path.h"

static const size_t panels_sizes[] = {
    [PANELS_F32] = sizeof(float), [PANELS_BF16] = sizeof(uint16_t),
    [PANELS_F16] = sizeof(uint16_t), [PANELS_INT8] = 1,
};

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

INLINE path_four path_widen_bf16(const uint16_t *p)
{
    path_four v = { 0 };
    for (int j = 0; j < 4; j++) {
        uint32_t bits = (uint32_t)p[j] << 16;
        float f;
        memcpy(&f, &bits, sizeof f);
        v[j] = f;
    }
    return v;
}

INLINE path_four path_widen_f16(const uint16_t *p)
{
    path_four v = { 0 };
    for (int j = 0; j < 4; j++)
        v[j] = f16_float(p[j]);
    return v;
}

INLINE path_four path_widen_int8(const int8_t *p)
{
    return (path_four){ p[0], p[1], p[2], p[3] };
}

#define BLOCK_ROWS 3
#define FEW_ROWS 2
#define BLOCK_PANELS 2
#define PIECE 64
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
#undef PIECE
#define BLOCK_ROWS 12
#define FEW_ROWS 4
#define BLOCK_PANELS 4
#define PIECE 128
#define PATH PATH_AVX512
#include "ml/path_priv.h"
#include "ml/panels_path_priv.h"
#endif

struct kernel {
    size_t row_panels;                 /* that `row` does at once */
    void (*panel)(size_t R, size_t K, enum panels_type type, const float *x, size_t ldx,
                  const void *w, float *out, size_t ldo);
    void (*row)(size_t K, enum panels_type type, const float *x, const void *w, size_t stride,
                float *out);
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
    struct panels_room r = { .base = mem_large(floats + PANEL, sizeof *r.base) };
    size_t over = (uintptr_t)r.base / sizeof *r.base % PANEL;
    r.at = r.base + (over ? PANEL - over : 0);
    return r;
}

size_t panels_floats(size_t N, size_t K, enum panels_type type)
{
    size_t floats = (panels_count(N) * K * PANEL * panels_sizes[type] + 3) / sizeof(float);
    return (floats + PANEL - 1) / PANEL * PANEL;
}

struct panels panels_at(float *room, size_t N, size_t K, enum panels_type type)
{
    float *scale = type == PANELS_INT8 ? mem_array(N, sizeof *scale) : NULL;
    return (struct panels){ N, K, K * PANEL, type, room, scale, NULL };
}

struct panels panels_new(size_t N, size_t K, enum panels_type type)
{
    struct panels_room room = panels_room(panels_floats(N, K, type));
    struct panels p = panels_at(room.at, N, K, type);
    p.own = room.base;
    return p;
}

/* Row n's weights as integers; its scale to *scale. */
static void fill_int8(size_t K, const float *row, int8_t *to, float *scale)
{
    float most = 0;
    for (size_t k = 0; k < K; k++)
        most = fabsf(row[k]) > most ? fabsf(row[k]) : most;
    float per = most > 1e-35f ? 127 / most : 0;      /* what is smaller has no inverse */
    *scale = per > 0 ? most / 127 : 0;
    for (size_t k = 0; k < K; k++)
        to[k * PANEL] = (int8_t)lrintf(row[k] * per);
}

static void fill_row(struct panels *p, size_t n, const float *row)
{
    size_t at = n / PANEL * p->stride + n % PANEL;
    if (p->type == PANELS_INT8) {
        fill_int8(p->K, row, (int8_t *)p->w + at, p->scale + n);
    } else if (p->type == PANELS_BF16) {
        for (size_t k = 0; k < p->K; k++)
            ((uint16_t *)p->w)[at + k * PANEL] = bf16_of_exact(row[k]);
    } else if (p->type == PANELS_F16) {
        for (size_t k = 0; k < p->K; k++)
            f16_narrow(1, row + k, (uint16_t *)p->w + at + k * PANEL);
    } else {
        for (size_t k = 0; k < p->K; k++)
            ((float *)p->w)[at + k * PANEL] = row[k];
    }
}

void panels_fill(struct panels *p, size_t from, size_t n_rows, const float *rows)
{
    REQUIRE(p->w && from + n_rows <= p->N);
    for (size_t n = from; n < from + n_rows; n++, rows += p->K)
        fill_row(p, n, rows);
}

void panels_free(struct panels *p)
{
    free(p->own);
    free(p->scale);
    *p = (struct panels){ 0 };
}

static const void *panel_at(const struct panels *p, size_t i)
{
    return (const char *)p->w + i * p->stride * panels_sizes[p->type];
}

/* The last panel, of which only `width` outputs exist: into a row of its own first. */
static void last_panel(const struct kernel *k, const struct panels *p, size_t i, size_t R,
                       const float *x, size_t ldx, float *out, size_t ldo)
{
    float whole[PANEL];
    for (size_t r = 0; r < R; r++) {
        k->panel(1, p->K, p->type, x + r * ldx, ldx, panel_at(p, i), whole, PANEL);
        memcpy(out + r * ldo, whole, p->N % PANEL * sizeof *out);
    }
}

/* Sums of integers to sums of weights: columns from the n-th of the matrix on. */
static void scale_columns(const struct panels *p, size_t n, size_t width, size_t R, float *out,
                          size_t ldo)
{
    for (size_t r = 0; r < R; r++)
        for (size_t i = 0; i < width; i++)
            out[r * ldo + i] *= p->scale[n + i];
}

void panels_product(const struct panels *p, size_t first, size_t end, size_t R, const float *x,
                    size_t ldx, float *out, size_t ldo)
{
    const struct kernel *k = &kernels[path_now()];
    size_t whole = p->N / PANEL, i = first;
    REQUIRE(first <= end && end <= panels_count(p->N));
    if (R == 1)
        for (; i + k->row_panels <= (end < whole ? end : whole); i += k->row_panels)
            k->row(p->K, p->type, x, panel_at(p, i), p->stride, out + (i - first) * PANEL);
    for (; i < end && i < whole; i++)
        k->panel(R, p->K, p->type, x, ldx, panel_at(p, i), out + (i - first) * PANEL, ldo);
    if (i < end)
        last_panel(k, p, i, R, x, ldx, out + (i - first) * PANEL, ldo);
    if (p->type == PANELS_INT8)
        scale_columns(p, first * PANEL, (end <= whole ? end * PANEL : p->N) - first * PANEL, R,
                      out, ldo);
}
