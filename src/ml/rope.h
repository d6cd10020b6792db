/* rope.h: rotary positions (Su et al., 2021), rotate-half pairing as Hugging Face's Llama:
 * element j of a head turns with element j + head_dim/2 by position * theta^(-2j/head_dim). */
#ifndef ML_ROPE_H
#define ML_ROPE_H

#include <stddef.h>
#include <stdint.h>

struct rope {
    size_t max_len, half;    /* half = head_dim / 2 */
    float *cos, *sin;        /* (max_len, half) */
};

struct rope *rope_new(size_t max_len, size_t head_dim, double theta);
void rope_free(struct rope *r);

/* Turn n_heads heads, each head_dim long, in each of T rows of x with stride ld, in place; row t
 * is at position pos[t]. sign 1 is forward, -1 is the backward pass (the transpose). */
void rope_turn(const struct rope *r, size_t T, size_t n_heads, const uint32_t *pos, float sign,
               float *x, size_t ld);

#endif
