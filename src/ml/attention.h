/* attention.h: causal attention within each of several sequences packed in one matrix.
 *
 * Row t of qkv (T, (H + 2 G) D) holds H query heads, G key heads and G value heads of D floats;
 * query head h reads key and value head h / (H / G). Sequence s is rows start[s] to start[s + 1);
 * a row sees its own sequence up to itself and nothing else. Scores are scaled by 1 / sqrt(D).
 * Work is done in tiles of 64 queries, so no (T, T) matrix ever exists; the backward pass makes
 * the scores again from lse, the log of each row's softmax sum.
 */
#ifndef ML_ATTENTION_H
#define ML_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

struct attention {
    size_t n_heads, n_kv_heads, head_dim;
};

/* Floats of scratch for sequences of up to max_len rows. */
size_t attention_work(size_t max_len);

/* out (T, H D); lse (H, T) with T = start[n]. */
void attention_forward(const struct attention *a, size_t n, const uint32_t *start,
                       const float *qkv, float *out, float *lse, float *work);

/* dqkv (T, (H + 2 G) D) is overwritten; dout (T, H D) is the gradient of out. */
void attention_backward(const struct attention *a, size_t n, const uint32_t *start,
                        const float *qkv, const float *out, const float *lse, const float *dout,
                        float *dqkv, float *work);

#endif
