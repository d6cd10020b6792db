/* weight.h: a weight matrix wherever it lies: f32 in memory, or f32, bf16 or f16 in a mapped file.
 *
 * W is (out, in), as stored. What products see as one matrix may be up to three tensors one below
 * the other (q, k and v; gate and up), each of its own type and place. An f32 tensor that is
 * aligned is used where it lies; any other is widened to f32 tile by tile, some rows at a time, in
 * scratch of at most WEIGHT_TILE floats: a 7B model in bf16 is never in memory as f32.
 *
 * The bits of a product depend on its shape, its numbers and the type alone. Tiles split its rows
 * (nt) or its sum (nn), so between types bits differ by rounding.
 */
#ifndef LLM_WEIGHT_H
#define LLM_WEIGHT_H

#include <stddef.h>

#include "llm/safetensors.h"

enum { WEIGHT_PARTS = 3, WEIGHT_TILE = 1 << 20 };

struct weight_part {
    const void *data;          /* (rows, in), little-endian; borrowed */
    enum tensor_type type;
    size_t rows;
};

struct weight {
    size_t out, in;            /* out: the sum of the parts' rows */
    size_t n_parts;
    struct weight_part part[WEIGHT_PARTS];
};

/* One f32 matrix (out, in) in memory. */
struct weight weight_f32(const float *p, size_t out, size_t in);

/* Add a tensor below; `in` must be the same. */
void weight_add(struct weight *w, const void *data, enum tensor_type type, size_t rows);

/* y (T, out) = x (T, in) W' + beta y; ld are row strides in floats. */
void weight_nt(size_t T, const float *x, size_t ldx, const struct weight *w, float beta, float *y,
               size_t ldy);

/* dx (T, in) = dy (T, out) W + beta dx: the gradient of what went in. */
void weight_nn(size_t T, const float *dy, size_t ldy, const struct weight *w, float beta, float *dx,
               size_t ldx);

/* Rows [from, from + n) as f32, to rows (n, in). */
void weight_rows(const struct weight *w, size_t from, size_t n, float *rows);

/* x (T, in) = rows id[0..T): an embedding. */
void weight_gather(size_t T, const struct weight *w, const uint32_t *id, float *x);

#endif
