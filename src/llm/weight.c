/* weight.c: a product over parts, and over tiles of a part.
 *
 *     y = x W':   each tile of rows makes columns of y        dx = dy W:  each tile adds to dx
 */
#include "llm/weight.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "ml/linalg.h"

struct weight weight_f32(const float *p, size_t out, size_t in)
{
    return (struct weight){ .out = out, .in = in, .n_parts = 1,
                            .part = { { p, TENSOR_F32, out } } };
}

void weight_add(struct weight *w, const void *data, enum tensor_type type, size_t rows)
{
    REQUIRE(w->n_parts < WEIGHT_PARTS && type != TENSOR_OTHER);
    w->part[w->n_parts++] = (struct weight_part){ data, type, rows };
    w->out += rows;
}

static bool is_ready(const struct weight_part *p)
{
    return p->type == TENSOR_F32 && (uintptr_t)p->data % sizeof(float) == 0;
}

static void widen_rows(const struct weight_part *p, size_t in, size_t from, size_t n, float *rows)
{
    size_t size = tensor_type_size(p->type);
    struct tensor t = { .type = p->type, .data = (const char *)p->data + from * in * size,
                        .bytes = n * in * size };
    tensor_floats(&t, rows);
}

/* What is used at once: a part as it lies, or a tile of it in scratch. */
struct tile {
    const float *w;            /* (n, in) */
    size_t row, n;             /* of the whole matrix */
};

struct walk {
    const struct weight *w;
    size_t part, row, above;   /* row: next of its part; above: rows of the parts before */
    float *scratch;
};

static bool next_tile(struct walk *k, struct tile *t)
{
    const struct weight *w = k->w;
    while (k->part < w->n_parts && k->row == w->part[k->part].rows) {
        k->above += w->part[k->part++].rows;
        k->row = 0;
    }
    if (k->part == w->n_parts)
        return false;
    const struct weight_part *p = &w->part[k->part];
    size_t n = p->rows - k->row, most = w->in < WEIGHT_TILE ? WEIGHT_TILE / w->in : 1;
    *t = (struct tile){ p->data, k->above + k->row, n };
    if (!is_ready(p)) {
        t->n = n < most ? n : most;
        if (!k->scratch)
            k->scratch = mem_array(most, w->in * sizeof *k->scratch);
        widen_rows(p, w->in, k->row, t->n, k->scratch);
        t->w = k->scratch;
    }
    k->row += t->n;
    return true;
}

void weight_nt(size_t T, const float *x, size_t ldx, const struct weight *w, float beta, float *y,
               size_t ldy)
{
    struct walk k = { .w = w };
    for (struct tile t; next_tile(&k, &t);)
        linalg_nt(T, t.n, w->in, x, ldx, t.w, w->in, beta, y + t.row, ldy);
    free(k.scratch);
}

void weight_nn(size_t T, const float *dy, size_t ldy, const struct weight *w, float beta, float *dx,
               size_t ldx)
{
    struct walk k = { .w = w };
    for (struct tile t; next_tile(&k, &t); beta = 1)
        linalg_nn(T, w->in, t.n, dy + t.row, ldy, t.w, w->in, beta, dx, ldx);
    free(k.scratch);
}

void weight_rows(const struct weight *w, size_t from, size_t n, float *rows)
{
    REQUIRE(from <= w->out && n <= w->out - from);
    size_t above = 0;
    for (size_t i = 0; i < w->n_parts && n > 0; above += w->part[i++].rows) {
        const struct weight_part *p = &w->part[i];
        if (from >= above + p->rows)
            continue;
        size_t first = from - above, some = p->rows - first < n ? p->rows - first : n;
        widen_rows(p, w->in, first, some, rows);
        rows += some * w->in;
        from += some;
        n -= some;
    }
}

void weight_gather(size_t T, const struct weight *w, const uint32_t *id, float *x)
{
    for (size_t t = 0; t < T; t++)
        weight_rows(w, id[t], 1, x + t * w->in);
}
