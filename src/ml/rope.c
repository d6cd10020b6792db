/* rope.c: a table of angles, made once in double; a turn is four products a pair. */
#include "ml/rope.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "ml/lanes_priv.h"

bool rope_scaling_check(const struct rope_scaling *s)
{
    bool scaled = s->factor >= 1 && isfinite(s->factor);
    bool bands = s->low > 0 && s->high > s->low && isfinite(s->high) && s->original_len > 0 &&
                 isfinite(s->original_len);
    return s->kind == ROPE_PLAIN || (scaled && (s->kind == ROPE_LINEAR || bands));
}

double rope_rate(size_t j, size_t head_dim, double theta, const struct rope_scaling *s)
{
    double rate = pow(theta, -2.0 * (double)j / (double)head_dim);
    if (s->kind == ROPE_PLAIN)
        return rate;
    if (s->kind == ROPE_LINEAR)
        return rate / s->factor;
    double turns = s->original_len * rate / (2 * acos(-1.0));   /* within the original context */
    double keep = (turns - s->low) / (s->high - s->low);
    keep = keep < 0 ? 0 : keep > 1 ? 1 : keep;
    return (1 - keep) * rate / s->factor + keep * rate;
}

struct rope *rope_new(size_t max_len, size_t head_dim, double theta,
                      const struct rope_scaling *s)
{
    REQUIRE(head_dim % 2 == 0 && rope_scaling_check(s));
    struct rope *r = mem_alloc(sizeof *r);
    r->max_len = max_len;
    r->half = head_dim / 2;
    r->cos = mem_array(max_len * r->half, sizeof *r->cos);
    r->sin = mem_array(max_len * r->half, sizeof *r->sin);
    for (size_t j = 0; j < r->half; j++) {
        double rate = rope_rate(j, head_dim, theta, s);
        for (size_t p = 0; p < max_len; p++) {
            r->cos[p * r->half + j] = (float)cos((double)p * rate);
            r->sin[p * r->half + j] = (float)sin((double)p * rate);
        }
    }
    return r;
}

void rope_free(struct rope *r)
{
    if (!r)
        return;
    free(r->cos);
    free(r->sin);
    free(r);
}

VECTOR_CLONES void rope_turn(const struct rope *r, size_t T, size_t n_heads, const uint32_t *pos,
                             float sign, float *x, size_t ld)
{
    size_t half = r->half;
    for (size_t t = 0; t < T; t++, x += ld) {
        const float *restrict co = r->cos + pos[t] * half, *restrict si = r->sin + pos[t] * half;
        for (size_t h = 0; h < n_heads; h++) {
            float *restrict a = x + h * 2 * half, *restrict b = a + half;
            for (size_t j = 0; j < half; j++) {
                float u = a[j], v = b[j], s = sign * si[j];
                a[j] = u * co[j] - v * s;
                b[j] = v * co[j] + u * s;
            }
        }
    }
}
