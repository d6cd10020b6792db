/* naive.h: a Llama in double, as the formulas stand in the papers: for tests of ml and llm.
 *
 * Loops only, no shared code with src/ml: a mistake must be made twice to go unseen. Because it is
 * double, its central differences are good to about 1e-9, and signed gradients can be checked to
 * the rounding of float. Shapes as in the headers of src/ml.
 */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "llm/batch.h"
#include "llm/model.h"
#include "ml/dropout.h"

/* c (M, N) = a (M, K) b (N, K)'. */
static inline void naive_nt(size_t M, size_t N, size_t K, const double *a, const double *b,
                            double *c)
{
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t k = 0; k < K; k++)
                sum += a[i * K + k] * b[j * K + k];
            c[i * N + j] = sum;
        }
}

static inline void naive_rmsnorm(size_t T, size_t C, double eps, const double *x, const double *g,
                                 double *y)
{
    for (size_t t = 0; t < T; t++) {
        double squares = 0;
        for (size_t c = 0; c < C; c++)
            squares += x[t * C + c] * x[t * C + c];
        for (size_t c = 0; c < C; c++)
            y[t * C + c] = x[t * C + c] / sqrt(squares / (double)C + eps) * g[c];
    }
}

/* Turn `heads` heads of D in each row of stride ld. */
static inline void naive_rope(size_t T, size_t heads, size_t D, double theta, const uint32_t *pos,
                              double *x, size_t ld)
{
    for (size_t t = 0; t < T; t++)
        for (size_t h = 0; h < heads; h++)
            for (size_t j = 0; j < D / 2; j++) {
                double angle = pos[t] * pow(theta, -2.0 * (double)j / (double)D);
                double *a = x + t * ld + h * D + j, *b = a + D / 2, u = *a, v = *b;
                *a = u * cos(angle) - v * sin(angle);
                *b = v * cos(angle) + u * sin(angle);
            }
}

/* One query row against rows first..t of its sequence. */
static inline void naive_attend(size_t D, size_t ld, size_t first, size_t t, const double *q,
                                const double *k, const double *v, double *out)
{
    double p[512], top = -INFINITY, sum = 0;
    REQUIRE(t - first < 512);
    for (size_t s = first; s <= t; s++) {
        double dot = 0;
        for (size_t j = 0; j < D; j++)
            dot += q[t * ld + j] * k[s * ld + j];
        p[s - first] = dot / sqrt((double)D);
        top = fmax(top, p[s - first]);
    }
    for (size_t s = first; s <= t; s++)
        sum += p[s - first] = exp(p[s - first] - top);
    for (size_t j = 0; j < D; j++) {
        out[j] = 0;
        for (size_t s = first; s <= t; s++)
            out[j] += p[s - first] / sum * v[s * ld + j];
    }
}

static inline void naive_attention(size_t H, size_t G, size_t D, size_t n, const uint32_t *start,
                                   const double *qkv, double *out)
{
    size_t ld = (H + 2 * G) * D;
    for (size_t s = 0; s < n; s++)
        for (size_t t = start[s]; t < start[s + 1]; t++)
            for (size_t h = 0; h < H; h++) {
                const double *k = qkv + (H + h / (H / G)) * D;
                naive_attend(D, ld, start[s], t, qkv + h * D, k, k + G * D, out + (t * H + h) * D);
            }
}

static inline void naive_swiglu(size_t T, size_t F, const double *gate_up, double *y)
{
    for (size_t t = 0; t < T; t++)
        for (size_t f = 0; f < F; f++) {
            double z = gate_up[t * 2 * F + f];
            y[t * F + f] = z / (1 + exp(-z)) * gate_up[t * 2 * F + F + f];
        }
}

/* Summed -log softmax at the targets; rows without a target do not count. */
static inline double naive_crossentropy(size_t T, size_t V, const double *logits,
                                        const uint32_t *target)
{
    double loss = 0;
    for (size_t t = 0; t < T; t++, logits += V) {
        double top = -INFINITY, sum = 0;
        for (size_t v = 0; v < V; v++)
            top = fmax(top, logits[v]);
        for (size_t v = 0; v < V; v++)
            sum += exp(logits[v] - top);
        if (target[t] != BATCH_NO_TARGET)
            loss += top + log(sum) - logits[target[t]];
    }
    return loss;
}

/* x through the dropout of a place in the model; the mask is asked of ml/dropout.h. */
static inline void naive_dropout(size_t n, double p, uint64_t key, size_t place, double *x)
{
    float *mask = mem_array(n, sizeof *mask);
    for (size_t i = 0; i < n; i++)
        mask[i] = 1;
    dropout(n, (float)p, hash64_mix(key, place), mask);
    for (size_t i = 0; i < n; i++)
        x[i] *= mask[i] > 0 ? 1 / (1 - p) : 0;
    free(mask);
}

struct naive_room {            /* (T, ...) */
    double *x, *norm, *wide, *att, *add;
};

static inline void naive_layer(const struct model *m, const double *w, const struct batch *b,
                               size_t l, double p, uint64_t key, struct naive_room *r)
{
    const struct llama_config *c = &m->config;
    const struct layer_at *at = &m->layer[l];
    size_t T = b->rows, C = c->d_model, F = c->d_ff, H = c->n_heads, G = c->n_kv_heads;
    size_t D = llama_head_dim(c), W = (H + 2 * G) * D;
    naive_rmsnorm(T, C, c->norm_eps, r->x, w + at->attn_norm, r->norm);
    naive_nt(T, W, C, r->norm, w + at->qkv, r->wide);
    naive_rope(T, H + G, D, c->rope_theta, b->position, r->wide, W);
    naive_attention(H, G, D, b->samples, b->start, r->wide, r->att);
    naive_nt(T, C, C, r->att, w + at->out, r->add);
    naive_dropout(T * C, p, key, 2 * l + 1, r->add);
    for (size_t i = 0; i < T * C; i++)
        r->x[i] += r->add[i];
    naive_rmsnorm(T, C, c->norm_eps, r->x, w + at->mlp_norm, r->norm);
    naive_nt(T, 2 * F, C, r->norm, w + at->gate_up, r->wide);
    naive_swiglu(T, F, r->wide, r->att);
    naive_nt(T, C, F, r->att, w + at->down, r->add);
    naive_dropout(T * C, p, key, 2 * l + 2, r->add);
    for (size_t i = 0; i < T * C; i++)
        r->x[i] += r->add[i];
}

/* Logits (rows, vocab) of a model's shape with the weights w, dropout p with its key. */
static inline void naive_logits(const struct model *m, const double *w, const struct batch *b,
                                double p, uint64_t key, double *logits)
{
    const struct llama_config *c = &m->config;
    size_t T = b->rows, C = c->d_model, wide = 2 * c->d_ff + 3 * C;
    struct naive_room r = { mem_array(T * C, 8), mem_array(T * C, 8), mem_array(T * wide, 8),
                            mem_array(T * wide, 8), mem_array(T * C, 8) };
    for (size_t t = 0; t < T; t++)
        memcpy(r.x + t * C, w + m->embed + b->input[t] * C, C * sizeof *w);
    naive_dropout(T * C, p, key, 0, r.x);
    for (size_t l = 0; l < c->n_layers; l++)
        naive_layer(m, w, b, l, p, key, &r);
    naive_rmsnorm(T, C, c->norm_eps, r.x, w + m->norm, r.norm);
    naive_nt(T, c->vocab, C, r.norm, w + m->head, logits);
    double *all[] = { r.x, r.norm, r.wide, r.att, r.add };
    for (size_t i = 0; i < 5; i++)
        free(all[i]);
}

static inline double naive_loss(const struct model *m, const double *w, const struct batch *b,
                                double p, uint64_t key)
{
    double *logits = mem_array(b->rows * m->config.vocab, sizeof *logits);
    naive_logits(m, w, b, p, key, logits);
    double loss = naive_crossentropy(b->rows, m->config.vocab, logits, b->target);
    free(logits);
    return loss;
}

/* Normal numbers that a float holds exactly, in both forms; free both. */
struct both {
    float *f;
    double *d;
};

static inline struct both both_draw(size_t n, double sd, const char *name)
{
    struct both b = { mem_array(n, sizeof(float)), mem_array(n, sizeof(double)) };
    gsl_rng *rng = rng_stream(7, name, n);
    for (size_t i = 0; i < n; i++) {   /* a sum of uniforms is normal enough */
        double sum = 0;
        for (int k = 0; k < 12; k++)
            sum += rng_unit(rng);
        b.f[i] = (float)(sd * (sum - 6));
        b.d[i] = b.f[i];
    }
    gsl_rng_free(rng);
    return b;
}

static inline void both_free(struct both *b)
{
    free(b->f);
    free(b->d);
}

/* Central differences of loss over x (n) against the gradient g, signs and all. Prints the first
 * element that is off and returns false. */
typedef double (*naive_fn)(void *ctx);

static inline bool gradient_agrees(const char *what, size_t n, double *x, const float *g,
                                   naive_fn loss, void *ctx, double tol)
{
    for (size_t i = 0; i < n; i++) {
        double was = x[i], h = 1e-4;
        x[i] = was + h;
        double up = loss(ctx);
        x[i] = was - h;
        double want = (up - loss(ctx)) / (2 * h);
        x[i] = was;
        if (!(fabs(want - (double)g[i]) <= tol * (1 + fabs(want)))) {
            fprintf(stderr, "gradient of %s [%zu]: got %.9g, want %.9g\n", what, i, (double)g[i],
                    want);
            return false;
        }
    }
    return true;
}

#endif
