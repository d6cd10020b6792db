/* rope.h: rotary positions (Su et al., 2021), rotate-half pairing as Hugging Face's Llama:
 * element j of a head turns with element j + head_dim/2 by position * rate(j),
 * rate(j) = theta^(-2j/head_dim), unless it is scaled for contexts longer than those trained on:
 *
 *     linear    rate / factor
 *     llama3    by the wave length 2 pi / rate: over original_len / low, rate / factor; below
 *               original_len / high, rate; between them a share of both, linear in 1 / length
 *
 * Source of the scalings: transformers, modeling_rope_utils.py (linear, llama3).
 */
#ifndef ML_ROPE_H
#define ML_ROPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rope_kind { ROPE_PLAIN, ROPE_LINEAR, ROPE_LLAMA3 };

struct rope_scaling {
    enum rope_kind kind;
    double factor;           /* >= 1 */
    double low, high;        /* llama3: 0 < low < high */
    double original_len;     /* llama3: positions trained on, > 0 */
};

/* Does it make sense? Of a plain one nothing else is looked at. */
bool rope_scaling_check(const struct rope_scaling *s);

/* Of pair j, radians a position. */
double rope_rate(size_t j, size_t head_dim, double theta, const struct rope_scaling *s);

struct rope {
    size_t max_len, half;    /* half = head_dim / 2 */
    float *cos, *sin;        /* (max_len, half) */
};

struct rope *rope_new(size_t max_len, size_t head_dim, double theta,
                      const struct rope_scaling *s);
void rope_free(struct rope *r);

/* Turn n_heads heads, each head_dim long, in each of T rows of x with stride ld, in place; row t
 * is at position pos[t]. sign 1 is forward, -1 is the backward pass (the transpose). */
void rope_turn(const struct rope *r, size_t T, size_t n_heads, const uint32_t *pos, float sign,
               float *x, size_t ld);

#endif
