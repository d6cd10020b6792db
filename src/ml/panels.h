/* panels.h: rows times a packed matrix, in bits that depend on the row alone.
 *
 * A matrix (N, K) lies in panels of 32 outputs, k by k:
 *
 *     panel 0:  w[0..31][0]  w[0..31][1] ... w[0..31][K-1]      panel 1: w[32..63][0] ...
 *
 * and out[r][n] = fma over k, in order, of x[r][k] and w[n][k], from 0: every output has a lane of
 * its own and takes its products one after the other. So its bits do not depend on how many rows
 * go together, on which panels a thread does, or on the width of the processor's vectors. BLAS
 * would choose another order for another number of rows.
 *
 * Weights lie as floats, or narrower, to be widened when they are used:
 *
 *     PANELS_BF16   upper halves of floats: of weights that are such, the same bits
 *     PANELS_F16    IEEE binary16, as ml/halves.h has it
 *     PANELS_INT8   w[n][k] = scale[n] q, q in [-127, 127]: rounded to 1/254 of the row's largest;
 *                   the sum runs over x[r][k] q, and is multiplied by scale[n] once, in the end
 */
#ifndef ML_PANELS_H
#define ML_PANELS_H

#include <stddef.h>

enum { PANEL = 32 };
enum panels_type { PANELS_F32, PANELS_BF16, PANELS_F16, PANELS_INT8 };

struct panels {
    size_t N, K;
    size_t stride;       /* weights from a panel to the next, at least K * PANEL */
    enum panels_type type;
    const void *w;       /* (ceil(N / PANEL), stride); columns beyond N are only read */
    float *scale;        /* (N) of PANELS_INT8, owned */
    void *own;           /* what panels_free frees; NULL: w is somebody else's */
};

/* Floats of room that N, K and type take, in whole rows of a panel, so that what lies side by side
 * in a panels_room stays aligned. */
size_t panels_floats(size_t N, size_t K, enum panels_type type);

/* Zeros, to be filled by rows (n_rows, K) of the matrix, from row `from` on, which are copied;
 * panels_free it. As PANELS_BF16 rows must be bf16_exact (ml/halves.h), as PANELS_F16 they are
 * rounded. panels_at: in zeroed room of panels_floats, which is the caller's and stays. */
struct panels panels_new(size_t N, size_t K, enum panels_type type);
struct panels panels_at(float *room, size_t N, size_t K, enum panels_type type);
void panels_fill(struct panels *p, size_t from, size_t n_rows, const float *rows);
void panels_free(struct panels *p);

static inline size_t panels_count(size_t N)
{
    return (N + PANEL - 1) / PANEL;
}

/* Zeroed memory whose `at` is aligned to a panel's row, so that no vector straddles two lines of
 * the cache; free(base). Pages that are never touched cost nothing. */
struct panels_room {
    float *base, *at;
};
struct panels_room panels_room(size_t floats);

/* x (R, K) with stride ldx; out (R, outputs of panels [first, end)) with stride ldo. */
void panels_product(const struct panels *p, size_t first, size_t end, size_t R, const float *x,
                    size_t ldx, float *out, size_t ldo);

#endif
