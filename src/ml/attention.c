/* attention.c: one tile of queries at a time.
 *
 *            keys 0 .. last          S = Q K^T         P = softmax(S / sqrt D), masked
 *      +------------------+          O = P V
 *   64 |##########\       |          dV += P^T dO      dP = dO V^T
 *  rows|###########\      |          dS = P (dP - rowsum(dO O)) / sqrt D
 *      +------------------+          dQ = dS K         dK += dS^T Q
 *                  ^ the diagonal: columns after a row's own position are zero in P
 *
 * A tile reads keys up to its own last row, so half of the square is never made.
 */
#include "ml/attention.h"

#include <math.h>
#include <string.h>

#include "ml/lanes_priv.h"
#include "ml/linalg.h"

enum { TILE = 64 };

size_t attention_work(size_t max_len)
{
    return 2 * TILE * max_len + TILE;
}

/* Rows first..first+m of the tile, scores s (m, n): softmax over columns 0..first+i. */
VECTOR_CLONES static void softmax_rows(size_t m, size_t n, size_t first, float scale, float *s,
                                       float *lse)
{
    for (size_t i = 0; i < m; i++, s += n) {
        size_t seen = first + i + 1;
        float top = lanes_max(s, seen) * scale;
        exp_row(seen, scale, top, s);
        float sum = lanes_sum(s, seen), inverse = 1.0f / sum;
        for (size_t j = 0; j < seen; j++)
            s[j] *= inverse;
        for (size_t j = seen; j < n; j++)
            s[j] = 0;
        lse[i] = top + logf(sum);
    }
}

void attention_forward(const struct attention *a, size_t n, const uint32_t *start,
                       const float *qkv, float *out, float *lse, float *work)
{
    size_t H = a->n_heads, G = a->n_kv_heads, D = a->head_dim, ld = (H + 2 * G) * D, T = start[n];
    float scale = 1.0f / sqrtf((float)D);
    for (size_t s = 0; s < n; s++)
        for (size_t h = 0; h < H; h++) {
            size_t len = start[s + 1] - start[s], g = h / (H / G);
            const float *q = qkv + start[s] * ld + h * D;
            const float *k = qkv + start[s] * ld + (H + g) * D, *v = k + G * D;
            for (size_t i = 0; i < len; i += TILE) {
                size_t m = len - i < TILE ? len - i : TILE, seen = i + m;
                linalg_nt(m, seen, D, q + i * ld, ld, k, ld, 0, work, seen);
                softmax_rows(m, seen, i, scale, work, lse + h * T + start[s] + i);
                linalg_nn(m, D, seen, work, seen, v, ld, 0, out + (start[s] + i) * H * D + h * D,
                          H * D);
            }
        }
}

/* p (m, n) holds scores, dp (m, n) holds dO V^T: p becomes P, dp becomes dS. */
VECTOR_CLONES static void backward_rows(size_t m, size_t n, size_t first, float scale, float *p,
                                        float *dp, const float *lse, const float *sum)
{
    for (size_t i = 0; i < m; i++, p += n, dp += n) {
        size_t seen = first + i + 1, j = 0;
        for (; j + 8 <= seen; j += 8) {
            eight e = eight_exp(load_eight(p + j) * scale - lse[i]);
            store_eight(p + j, e);
            store_eight(dp + j, e * (load_eight(dp + j) - sum[i]) * scale);
        }
        for (; j < seen; j++) {
            p[j] = fast_exp(p[j] * scale - lse[i]);
            dp[j] = p[j] * (dp[j] - sum[i]) * scale;
        }
        for (; j < n; j++)
            p[j] = dp[j] = 0;
    }
}

VECTOR_CLONES static void row_dots(size_t m, size_t D, size_t ld, const float *x, const float *y,
                                   float *sum)
{
    for (size_t i = 0; i < m; i++)
        sum[i] = lanes_dot(x + i * ld, y + i * ld, D);
}

void attention_backward(const struct attention *a, size_t n, const uint32_t *start,
                        const float *qkv, const float *out, const float *lse, const float *dout,
                        float *dqkv, float *work)
{
    size_t H = a->n_heads, G = a->n_kv_heads, D = a->head_dim, ld = (H + 2 * G) * D, T = start[n];
    float scale = 1.0f / sqrtf((float)D);
    memset(dqkv, 0, T * ld * sizeof *dqkv);
    for (size_t s = 0; s < n; s++)
        for (size_t h = 0; h < H; h++) {
            size_t len = start[s + 1] - start[s], g = h / (H / G);
            size_t at_q = start[s] * ld + h * D, at_k = start[s] * ld + (H + g) * D;
            size_t at_v = at_k + G * D;
            float *sum = work, *p = work + TILE, *dp = p + TILE * len;
            for (size_t i = 0; i < len; i += TILE) {
                size_t m = len - i < TILE ? len - i : TILE, seen = i + m;
                size_t at_o = (start[s] + i) * H * D + h * D;
                const float *q = qkv + at_q + i * ld;
                linalg_nt(m, seen, D, q, ld, qkv + at_k, ld, 0, p, seen);
                linalg_nt(m, seen, D, dout + at_o, H * D, qkv + at_v, ld, 0, dp, seen);
                row_dots(m, D, H * D, dout + at_o, out + at_o, sum);
                backward_rows(m, seen, i, scale, p, dp, lse + h * T + start[s] + i, sum);
                linalg_tn(seen, D, m, p, seen, dout + at_o, H * D, 1, dqkv + at_v, ld);
                linalg_tn(seen, D, m, dp, seen, q, ld, 1, dqkv + at_k, ld);
                linalg_nn(m, D, seen, dp, seen, qkv + at_k, ld, 0, dqkv + at_q + i * ld, ld);
            }
        }
}
