/* decode.c: one token a row, with fixed-order products.
 *
 * A weight (N, K) is packed into panels of 32 outputs, k by k:
 *
 *     panel 0:  w[0..31][0]  w[0..31][1] ... w[0..31][K-1]      panel 1: w[32..63][0] ...
 *
 * and out[r][n] = sum over k, in order, of x[r][k] * w[n][k]: every output has a lane of its own
 * and adds its products one after the other. So its bits depend on its row and its weights alone,
 * whatever stands beside it; up to ROWS rows share one pass over a panel. BLAS would choose
 * another order for another number of rows.
 *
 * Keys and values lie as (layer, slot, head, position, D), a static region for each slot.
 */
#include "llm/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "ml/lanes_priv.h"
#include "ml/rmsnorm.h"
#include "ml/rope.h"
#include "ml/swiglu.h"
#include "ml/vec.h"

enum { PANEL = 32, ROWS = 8 };

struct packed {
    size_t N, K;
    float *w;          /* (ceil(N / PANEL), K, PANEL), zeros beyond N */
};

struct packed_layer {
    struct packed qkv, out, gate_up, down;
    float *attn_norm, *mlp_norm;
};

struct weights {       /* shared by twins */
    struct llama_config config;
    struct packed_layer *layer;
    struct packed head;
    float *embed, *norm;
    struct rope *rope;
};

struct decoder {
    struct weights *w;
    bool owner;
    size_t slots, max_len;
    size_t *length;            /* (slots) */
    float *keys, *values;      /* (layers, slots, G, max_len, D) */
    size_t cap;                /* rows the buffers below hold */
    float *x, *norm, *wide, *att, *act, *rstd, *scores;
    uint32_t *position;
};

static struct packed pack(struct weight w)
{
    size_t N = w.out, K = w.in, panels = (N + PANEL - 1) / PANEL;
    struct packed p = { N, K, mem_array(panels * K, PANEL * sizeof *p.w) };
    float *row = mem_array(K, sizeof *row);
    for (size_t n = 0; n < N; n++) {
        weight_rows(&w, n, 1, row);
        for (size_t k = 0; k < K; k++)
            p.w[(n / PANEL * K + k) * PANEL + n % PANEL] = row[k];
    }
    free(row);
    return p;
}

/* R rows, R <= ROWS, against one panel: out[r][0..width). */
INLINE void panel_rows(size_t R, size_t K, const float *x, size_t ldx, const float *w, float *out,
                       size_t ldo, size_t width)
{
    lanes sum[ROWS][2] = { { { 0 } } };
    for (size_t k = 0; k < K; k++, w += PANEL) {
        lanes a = *(const lanes *)w, b = *(const lanes *)(w + 16);
        for (size_t r = 0; r < R; r++) {
            float f = x[r * ldx + k];
            sum[r][0] += a * f;
            sum[r][1] += b * f;
        }
    }
    for (size_t r = 0; r < R; r++)
        memcpy(out + r * ldo, sum[r], width * sizeof *out);
}

/* out (R, N) = x (R, K) p'. */
VECTOR_CLONES static void product(size_t R, const float *x, const struct packed *p, float *out)
{
    size_t panels = (p->N + PANEL - 1) / PANEL;
    for (size_t i = 0; i < panels; i++) {
        const float *w = p->w + i * p->K * PANEL;
        size_t width = p->N - i * PANEL < PANEL ? p->N - i * PANEL : PANEL, r = 0;
        for (; r + ROWS <= R; r += ROWS)
            panel_rows(ROWS, p->K, x + r * p->K, p->K, w, out + r * p->N + i * PANEL, p->N, width);
        for (; r + 2 <= R; r += 2)
            panel_rows(2, p->K, x + r * p->K, p->K, w, out + r * p->N + i * PANEL, p->N, width);
        for (; r < R; r++)
            panel_rows(1, p->K, x + r * p->K, p->K, w, out + r * p->N + i * PANEL, p->N, width);
    }
}

static float *copy(const float *p, size_t n)
{
    float *q = mem_array(n, sizeof *q);
    memcpy(q, p, n * sizeof *q);
    return q;
}

static struct weights *weights_new(const struct model *m)
{
    struct weights *w = mem_alloc(sizeof *w);
    const struct llama_config *c = &m->config;
    size_t C = c->d_model;
    w->config = *c;
    w->layer = mem_array(c->n_layers, sizeof *w->layer);
    for (size_t l = 0; l < c->n_layers; l++) {
        const struct layer_at *at = &m->layer[l];
        w->layer[l] = (struct packed_layer){
            .qkv = pack(model_matrix(m, MATRIX_QKV, l)),
            .out = pack(model_matrix(m, MATRIX_OUT, l)),
            .gate_up = pack(model_matrix(m, MATRIX_GATE_UP, l)),
            .down = pack(model_matrix(m, MATRIX_DOWN, l)),
            .attn_norm = copy(m->weights + at->attn_norm, C),
            .mlp_norm = copy(m->weights + at->mlp_norm, C),
        };
    }
    struct weight embed = model_matrix(m, MATRIX_EMBED, 0);
    w->head = pack(model_matrix(m, MATRIX_HEAD, 0));
    w->embed = mem_array(c->vocab, C * sizeof *w->embed);
    weight_rows(&embed, 0, c->vocab, w->embed);
    w->norm = copy(m->weights + m->norm, C);
    w->rope = rope_new(c->max_len, llama_head_dim(c), c->rope_theta);
    return w;
}

static void weights_free(struct weights *w)
{
    for (size_t l = 0; l < w->config.n_layers; l++) {
        struct packed_layer *p = &w->layer[l];
        float *part[] = { p->qkv.w, p->out.w, p->gate_up.w, p->down.w, p->attn_norm, p->mlp_norm };
        for (size_t i = 0; i < sizeof part / sizeof *part; i++)
            free(part[i]);
    }
    free(w->layer);
    free(w->head.w);
    free(w->embed);
    free(w->norm);
    rope_free(w->rope);
    free(w);
}

static struct decoder *decoder_of(struct weights *w, bool owner, size_t slots, size_t max_len)
{
    const struct llama_config *c = &w->config;
    REQUIRE(slots >= 1 && max_len >= 1 && max_len <= c->max_len);
    struct decoder *d = mem_alloc(sizeof *d);
    size_t cache = c->n_layers * slots * c->n_kv_heads * max_len;
    *d = (struct decoder){ .w = w, .owner = owner, .slots = slots, .max_len = max_len };
    d->length = mem_array(slots, sizeof *d->length);
    d->keys = mem_array(cache, llama_head_dim(c) * sizeof *d->keys);
    d->values = mem_array(cache, llama_head_dim(c) * sizeof *d->values);
    d->scores = mem_array(max_len, sizeof *d->scores);
    return d;
}

struct decoder *decoder_new(const struct model *m, size_t slots, size_t max_len)
{
    return decoder_of(weights_new(m), true, slots, max_len);
}

struct decoder *decoder_twin(const struct decoder *d, size_t slots)
{
    return decoder_of(d->w, false, slots, d->max_len);
}

static void free_rows(struct decoder *d)
{
    float *part[] = { d->x, d->norm, d->wide, d->att, d->act, d->rstd };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    free(d->position);
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    free_rows(d);
    free(d->length);
    free(d->keys);
    free(d->values);
    free(d->scores);
    if (d->owner)
        weights_free(d->w);
    free(d);
}

void decoder_reset(struct decoder *d, size_t slot)
{
    REQUIRE(slot < d->slots);
    d->length[slot] = 0;
}

size_t decoder_length(const struct decoder *d, size_t slot)
{
    REQUIRE(slot < d->slots);
    return d->length[slot];
}

static void make_room(struct decoder *d, size_t n)
{
    if (n <= d->cap)
        return;
    const struct llama_config *c = &d->w->config;
    size_t W = (c->n_heads + 2 * c->n_kv_heads) * llama_head_dim(c), F2 = 2 * c->d_ff;
    free_rows(d);
    d->cap = n;
    d->x = mem_array(n, c->d_model * sizeof(float));
    d->norm = mem_array(n, c->d_model * sizeof(float));
    d->att = mem_array(n, c->d_model * sizeof(float));
    d->wide = mem_array(n, (W > F2 ? W : F2) * sizeof(float));
    d->act = mem_array(n, c->d_ff * sizeof(float));
    d->rstd = mem_array(n, sizeof(float));
    d->position = mem_array(n, sizeof *d->position);
}

/* Where head g of a slot's keys (or values) begins: (position, D). */
static size_t cache_at(const struct decoder *d, size_t layer, size_t slot, size_t g)
{
    const struct llama_config *c = &d->w->config;
    return ((layer * d->slots + slot) * c->n_kv_heads + g) * d->max_len * llama_head_dim(c);
}

/* One query head against the `seen` keys and values of its slot, positions in order. */
VECTOR_CLONES static void attend(size_t seen, size_t D, const float *q, const float *key,
                                 const float *value, float *score, float *out)
{
    float scale = 1.0f / sqrtf((float)D);
    for (size_t t = 0; t < seen; t++)
        score[t] = lanes_dot(q, key + t * D, D) * scale;
    vec_softmax(seen, score);
    size_t j = 0;
    for (; j + 16 <= D; j += 16) {
        lanes sum = { 0 };
        for (size_t t = 0; t < seen; t++)
            sum += *(const lanes *)(value + t * D + j) * score[t];
        memcpy(out + j, &sum, sizeof sum);
    }
    for (; j < D; j++) {
        out[j] = 0;
        for (size_t t = 0; t < seen; t++)
            out[j] += value[t * D + j] * score[t];
    }
}

static void attention(struct decoder *d, size_t layer, size_t n, const uint32_t *slot)
{
    const struct llama_config *c = &d->w->config;
    size_t H = c->n_heads, G = c->n_kv_heads, D = llama_head_dim(c), W = (H + 2 * G) * D;
    rope_turn(d->w->rope, n, H + G, d->position, 1, d->wide, W);
    for (size_t i = 0; i < n; i++)   /* all keys first: rows of one slot see those before them */
        for (size_t g = 0; g < G; g++) {
            size_t at = cache_at(d, layer, slot[i], g) + d->position[i] * D;
            memcpy(d->keys + at, d->wide + i * W + (H + g) * D, D * sizeof(float));
            memcpy(d->values + at, d->wide + i * W + (H + G + g) * D, D * sizeof(float));
        }
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < H; h++) {
            size_t at = cache_at(d, layer, slot[i], h / (H / G));
            attend(d->position[i] + 1, D, d->wide + i * W + h * D, d->keys + at, d->values + at,
                   d->scores, d->att + (i * H + h) * D);
        }
}

void decoder_step(struct decoder *d, size_t n, const uint32_t *slot, const uint32_t *token,
                  float *logits)
{
    const struct weights *w = d->w;
    size_t C = w->config.d_model;
    float eps = (float)w->config.norm_eps;
    make_room(d, n);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(slot[i] < d->slots && token[i] < w->config.vocab);
        REQUIRE(d->length[slot[i]] < d->max_len);
        d->position[i] = (uint32_t)d->length[slot[i]]++;
        memcpy(d->x + i * C, w->embed + token[i] * C, C * sizeof(float));
    }
    for (size_t l = 0; l < w->config.n_layers; l++) {
        const struct packed_layer *p = &w->layer[l];
        rmsnorm_forward(n, C, eps, d->x, p->attn_norm, d->norm, d->rstd);
        product(n, d->norm, &p->qkv, d->wide);
        attention(d, l, n, slot);
        product(n, d->att, &p->out, d->norm);
        vec_add(n * C, d->norm, d->x);
        rmsnorm_forward(n, C, eps, d->x, p->mlp_norm, d->norm, d->rstd);
        product(n, d->norm, &p->gate_up, d->wide);
        swiglu_forward(n, w->config.d_ff, d->wide, d->act);
        product(n, d->act, &p->down, d->norm);
        vec_add(n * C, d->norm, d->x);
    }
    if (!logits)
        return;
    rmsnorm_forward(n, C, eps, d->x, w->norm, d->norm, d->rstd);
    product(n, d->norm, &w->head, logits);
}
