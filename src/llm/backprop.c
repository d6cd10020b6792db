/* backprop.c: the model forward and backward, told straight through.
 *
 *   x0 = embed(id)                                      kept a layer:
 *   n = norm(x)   qkv = n Wqkv'  turn  a = attention    x, rstd, qkv (turned), a, lse
 *   y = x + a Wo'                                       y, rstd
 *   n = norm(y)   gu = n Wgu'    s = silu(g) u          gu
 *   x = y + s Wd'
 *   loss = crossentropy(norm(x) Whead', target)
 *
 * Norm outputs and SwiGLU outputs are made again on the way back: cheaper than memory. Without
 * dropout a residual sum is the product's own beta = 1. Every weight gradient is one product with
 * beta = 0, so gradients need no zeroing; a tied embedding adds to the head's.
 *
 * With adapters every product has their low-rank ones added, and the base is frozen: its
 * gradients are neither computed nor held, only handed on.
 */
#include "llm/backprop.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ml/attention.h"
#include "ml/crossentropy.h"
#include "ml/dropout.h"
#include "ml/embedding.h"
#include "ml/linalg.h"
#include "ml/rmsnorm.h"
#include "ml/rope.h"
#include "ml/swiglu.h"

struct kept {              /* what a layer keeps for the way back; (T, ...) each */
    float *x, *rstd_x, *qkv, *att, *lse, *y, *rstd_y, *gate_up;
};

struct backprop {
    const struct model *m;
    struct rope *rope;
    struct kept *layer;
    float *x, *norm, *add, *dx;  /* (T, C) */
    float *rstd, *act, *dwide;   /* (T), (T, F), (T, wide) */
    float *picked, *logits;      /* (targets, C), (targets, V) */
    uint32_t *row, *target;      /* (targets): rows that have a target, and it */
    float *work;
    size_t cap_rows, cap_work;
    struct lora *const *adapter; /* (n_adapters), borrowed; the last is trained */
    size_t n_adapters, rank;     /* the highest */
    float *low, *dlow, *read;    /* (T, rank), (T, rank), (T, C or F): with adapters */
    float *frozen;               /* (C): a norm's gradient that nobody wants */
};

struct backprop *backprop_new(const struct model *m)
{
    struct backprop *b = mem_alloc(sizeof *b);
    b->m = m;
    b->rope = rope_new(m->config.max_len, llama_head_dim(&m->config), m->config.rope_theta,
                       &m->config.rope);
    b->layer = mem_array(m->config.n_layers, sizeof *b->layer);
    b->frozen = mem_array(m->config.d_model, sizeof *b->frozen);
    if (m->n_adapters)
        backprop_adapt(b, m->adapter, m->n_adapters);
    return b;
}

/* A buffer and its floats a row, to: make it for ctx rows, free it, or add to the count at ctx. */
typedef void (*buffer_fn)(float **p, size_t n, void *ctx);

static void each_buffer(struct backprop *b, buffer_fn fn, void *ctx)
{
    const struct llama_config *c = &b->m->config;
    size_t C = c->d_model, F = c->d_ff, A = llama_heads_width(c), most = C > A ? C : A;
    size_t W = (c->n_heads + 2 * c->n_kv_heads) * llama_head_dim(c), wide = W > F ? W : F;
    for (size_t l = 0; l < c->n_layers; l++) {
        struct kept *k = &b->layer[l];
        fn(&k->x, C, ctx);
        fn(&k->rstd_x, 1, ctx);
        fn(&k->qkv, W, ctx);
        fn(&k->att, A, ctx);
        fn(&k->lse, c->n_heads, ctx);
        fn(&k->y, C, ctx);
        fn(&k->rstd_y, 1, ctx);
        fn(&k->gate_up, 2 * F, ctx);
    }
    fn(&b->x, C, ctx);
    fn(&b->rstd, 1, ctx);
    fn(&b->norm, most, ctx);
    fn(&b->act, F, ctx);
    fn(&b->add, C, ctx);
    fn(&b->dx, C, ctx);
    fn(&b->dwide, wide, ctx);
    fn(&b->picked, C, ctx);
    fn(&b->logits, c->vocab, ctx);
    if (b->n_adapters) {
        fn(&b->low, b->rank, ctx);
        fn(&b->dlow, b->rank, ctx);
        fn(&b->read, most > F ? most : F, ctx);
    }
}

static void buffer_free(float **p, size_t n, void *ctx)
{
    (void)n;
    (void)ctx;
    free(*p);
    *p = NULL;
}

static void buffer_new(float **p, size_t n, void *ctx)
{
    *p = mem_large(*(size_t *)ctx * n, sizeof **p);
}

static void buffer_count(float **p, size_t n, void *ctx)
{
    (void)p;
    *(size_t *)ctx += n;
}

static size_t with_room_to_grow(size_t rows)
{
    return rows + rows / 8;
}

void backprop_adapt(struct backprop *b, struct lora *const *adapter, size_t n)
{
    REQUIRE(n >= 1);
    each_buffer(b, buffer_free, NULL);
    b->cap_rows = 0;
    b->adapter = adapter;
    b->n_adapters = n;
    b->rank = 0;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(adapter[i]->n_layers == b->m->config.n_layers);
        b->rank = adapter[i]->options.rank > b->rank ? adapter[i]->options.rank : b->rank;
    }
}

void backprop_free(struct backprop *b)
{
    if (!b)
        return;
    each_buffer(b, buffer_free, NULL);
    rope_free(b->rope);
    free(b->layer);
    free(b->row);
    free(b->target);
    free(b->work);
    free(b->frozen);
    free(b);
}

static void make_room(struct backprop *b, const struct batch *x)
{
    REQUIRE(x->longest <= b->m->config.max_len);
    for (size_t t = 0; t < x->rows; t++)
        REQUIRE(x->input[t] < b->m->config.vocab &&
                (x->target[t] < b->m->config.vocab || x->target[t] == BATCH_NO_TARGET));
    if (x->rows > b->cap_rows) {
        each_buffer(b, buffer_free, NULL);
        b->cap_rows = with_room_to_grow(x->rows);
        each_buffer(b, buffer_new, &b->cap_rows);
        b->row = mem_resize(b->row, b->cap_rows, sizeof *b->row);
        b->target = mem_resize(b->target, b->cap_rows, sizeof *b->target);
    }
    size_t work = attention_work(x->longest);
    if (work > b->cap_work) {
        b->work = mem_resize(b->work, work, sizeof *b->work);
        b->cap_work = work;
    }
}

size_t backprop_bytes(const struct backprop *b, size_t rows, size_t longest)
{
    const struct llama_config *c = &b->m->config;
    size_t row = 2;                /* row and target: integers as wide as a float */
    each_buffer((struct backprop *)b, buffer_count, &row);
    return sizeof *b + c->n_layers * sizeof *b->layer + sizeof *b->rope +
           sizeof(float) * (with_room_to_grow(rows) * row + attention_work(longest) + c->d_model +
                            2 * b->rope->max_len * b->rope->half);
}

static struct attention shape_of(const struct llama_config *c)
{
    return (struct attention){ c->n_heads, c->n_kv_heads, llama_head_dim(c) };
}

/* The dropout key of a place in the model: 0 is the embedding, 2 l + 1 and 2 l + 2 layer l. */
static uint64_t key_at(const struct backprop_options *o, size_t place)
{
    return hash64_mix(o->key, place);
}

/* What adapter i needs; only the last one drops, and draws from places that the model has not. */
static struct lora_room room_for(const struct backprop *b, size_t i,
                                 const struct backprop_options *o)
{
    bool last = i + 1 == b->n_adapters;
    return (struct lora_room){ b->low, b->dlow, b->read, last ? o->lora_dropout : 0,
                               key_at(o, 2 * b->m->config.n_layers + 1) };
}

/* Add to y (T, ld) what the adapters of matrix t of layer l make of x. */
static void adapt(const struct backprop *b, size_t l, enum lora_target t, size_t T, const float *x,
                  float *y, size_t ld, const struct backprop_options *o)
{
    for (size_t i = 0; i < b->n_adapters; i++) {
        struct lora_room room = room_for(b, i, o);
        lora_forward(b->adapter[i], l, t, T, x, y, ld, &room);
    }
}

/* Add to dx what dy (T, ld) gives it through the adapters; gradients of the last to g. */
static void adapt_back(const struct backprop *b, size_t l, enum lora_target t, size_t T,
                       const float *x, const float *dy, size_t ld, float *dx, float *g,
                       const struct backprop_options *o)
{
    for (size_t i = 0; i < b->n_adapters; i++) {
        struct lora_room room = room_for(b, i, o);
        lora_backward(b->adapter[i], l, t, T, x, dy, ld, dx, i + 1 == b->n_adapters ? g : NULL,
                      &room);
    }
}

/* out (T, C) = x + dropout(a (T, K) w(C, K)' and adapters): what matrix t of layer l adds. */
static void add_residual(struct backprop *b, size_t l, enum lora_target t, size_t T,
                         const float *a, struct weight w, const float *x,
                         const struct backprop_options *o, float *out)
{
    size_t C = b->m->config.d_model;
    memcpy(out, x, T * C * sizeof *out);
    if (o->dropout > 0) {
        weight_nt(T, a, w.in, &w, 0, b->add, C);
        adapt(b, l, t, T, a, b->add, C, o);
        dropout_add(T * C, o->dropout, key_at(o, 2 * l + (t == LORA_O ? 1 : 2)), b->add, out);
    } else {
        weight_nt(T, a, w.in, &w, 1, out, C);
        adapt(b, l, t, T, a, out, C, o);
    }
}

/* Up to the last norm: b->norm (T, C), with what the way back needs in b->layer and b->x. */
static void forward(struct backprop *b, const struct batch *x, const struct backprop_options *o)
{
    const struct model *m = b->m;
    const struct llama_config *c = &m->config;
    const float *w = m->weights;
    struct attention shape = shape_of(c);
    size_t T = x->rows, C = c->d_model, F = c->d_ff, L = c->n_layers, D = llama_head_dim(c);
    size_t A = c->n_heads * D, kv = c->n_kv_heads * D, W = A + 2 * kv;
    float eps = (float)c->norm_eps;
    float *in = b->layer[0].x;
    struct weight embed = model_matrix(m, MATRIX_EMBED, 0);
    weight_gather(T, &embed, x->input, in);
    dropout(T * C, o->dropout, key_at(o, 0), in);
    for (size_t l = 0; l < L; l++) {
        const struct layer_at *at = &m->layer[l];
        struct weight qkv = model_matrix(m, MATRIX_QKV, l);
        struct weight gate_up = model_matrix(m, MATRIX_GATE_UP, l);
        struct kept *k = &b->layer[l];
        rmsnorm_forward(T, C, eps, k->x, w + at->attn_norm, b->norm, k->rstd_x);
        weight_nt(T, b->norm, C, &qkv, 0, k->qkv, W);
        adapt(b, l, LORA_Q, T, b->norm, k->qkv, W, o);
        adapt(b, l, LORA_K, T, b->norm, k->qkv + A, W, o);
        adapt(b, l, LORA_V, T, b->norm, k->qkv + A + kv, W, o);
        rope_turn(b->rope, T, c->n_heads + c->n_kv_heads, x->position, 1, k->qkv, W);
        attention_forward(&shape, x->samples, x->start, k->qkv, k->att, k->lse, b->work);
        add_residual(b, l, LORA_O, T, k->att, model_matrix(m, MATRIX_OUT, l), k->x, o, k->y);
        rmsnorm_forward(T, C, eps, k->y, w + at->mlp_norm, b->norm, k->rstd_y);
        weight_nt(T, b->norm, C, &gate_up, 0, k->gate_up, 2 * F);
        adapt(b, l, LORA_GATE, T, b->norm, k->gate_up, 2 * F, o);
        adapt(b, l, LORA_UP, T, b->norm, k->gate_up + F, 2 * F, o);
        swiglu_forward(T, F, k->gate_up, b->act);
        add_residual(b, l, LORA_DOWN, T, b->act, model_matrix(m, MATRIX_DOWN, l), k->y, o,
                     l + 1 < L ? b->layer[l + 1].x : b->x);
    }
    rmsnorm_forward(T, C, eps, b->x, w + m->norm, b->norm, b->rstd);
}

/* The rows that have a target, gathered: how many. */
static size_t pick_rows(struct backprop *b, const struct batch *x)
{
    size_t R = 0, C = b->m->config.d_model;
    for (size_t t = 0; t < x->rows; t++)
        if (x->target[t] != BATCH_NO_TARGET) {
            b->row[R] = (uint32_t)t;
            b->target[R] = x->target[t];
            memcpy(b->picked + R++ * C, b->norm + t * C, C * sizeof *b->picked);
        }
    return R;
}

/* Where the gradient of a norm's gain goes: zeroed. g NULL: nowhere. */
static float *gain_of(struct backprop *b, float *g, size_t at)
{
    float *gain = g ? g + at : b->frozen;
    memset(gain, 0, b->m->config.d_model * sizeof *gain);
    return gain;
}

/* From b->logits, the gradient of the logits, to b->dx, that of the last residual. */
static void backward_head(struct backprop *b, size_t T, size_t R, float *g)
{
    const struct model *m = b->m;
    struct weight head = model_matrix(m, MATRIX_HEAD, 0);
    size_t C = m->config.d_model, V = m->config.vocab;
    if (g)
        linalg_tn(V, C, R, b->logits, V, b->picked, C, 0, g + m->head, C);
    weight_nn(R, b->logits, V, &head, 0, b->picked, C);
    memset(b->norm, 0, T * C * sizeof *b->norm);
    for (size_t i = 0; i < R; i++)
        memcpy(b->norm + b->row[i] * C, b->picked + i * C, C * sizeof *b->norm);
    memset(b->dx, 0, T * C * sizeof *b->dx);
    rmsnorm_backward(T, C, b->x, m->weights + m->norm, b->rstd, b->norm, b->dx,
                     gain_of(b, g, m->norm));
}

/* The gradient that a residual branch sees: dx through its dropout. */
static const float *through_dropout(struct backprop *b, size_t n, const struct backprop_options *o,
                                    size_t place)
{
    if (o->dropout <= 0)
        return b->dx;
    memcpy(b->add, b->dx, n * sizeof *b->add);
    dropout(n, o->dropout, key_at(o, place), b->add);
    return b->add;
}

/* g: of the base, or NULL when it is frozen; low: of the last adapter, or NULL without one. */
static void backward_layer(struct backprop *b, const struct batch *x, size_t l,
                           const struct backprop_options *o, float *g, float *low)
{
    const struct model *m = b->m;
    const struct llama_config *c = &m->config;
    const struct layer_at *at = &m->layer[l];
    const float *w = m->weights;
    struct weight qkv = model_matrix(m, MATRIX_QKV, l), out = model_matrix(m, MATRIX_OUT, l);
    struct weight gate_up = model_matrix(m, MATRIX_GATE_UP, l);
    struct weight down = model_matrix(m, MATRIX_DOWN, l);
    struct attention shape = shape_of(c);
    struct kept *k = &b->layer[l];
    size_t T = x->rows, C = c->d_model, F = c->d_ff, A = llama_heads_width(c);
    size_t kv = c->n_kv_heads * llama_head_dim(c), W = A + 2 * kv;
    float eps = (float)c->norm_eps;

    /* x' = y + s Wd' */
    const float *dy = through_dropout(b, T * C, o, 2 * l + 2);
    swiglu_forward(T, F, k->gate_up, b->act);
    if (g)
        linalg_tn(C, F, T, dy, C, b->act, F, 0, g + at->down, F);
    weight_nn(T, dy, C, &down, 0, b->dwide, F);
    adapt_back(b, l, LORA_DOWN, T, b->act, dy, C, b->dwide, low, o);
    /* s = silu(gate) up; gate, up = norm(y) Wgu' */
    swiglu_backward(T, F, k->gate_up, b->dwide);
    rmsnorm_forward(T, C, eps, k->y, w + at->mlp_norm, b->norm, k->rstd_y);
    if (g)
        linalg_tn(2 * F, C, T, k->gate_up, 2 * F, b->norm, C, 0, g + at->gate_up, C);
    weight_nn(T, k->gate_up, 2 * F, &gate_up, 0, b->add, C);
    adapt_back(b, l, LORA_GATE, T, b->norm, k->gate_up, 2 * F, b->add, low, o);
    adapt_back(b, l, LORA_UP, T, b->norm, k->gate_up + F, 2 * F, b->add, low, o);
    rmsnorm_backward(T, C, k->y, w + at->mlp_norm, k->rstd_y, b->add, b->dx,
                     gain_of(b, g, at->mlp_norm));

    /* y = x + a Wo' */
    dy = through_dropout(b, T * C, o, 2 * l + 1);
    if (g)
        linalg_tn(C, A, T, dy, C, k->att, A, 0, g + at->out, A);
    weight_nn(T, dy, C, &out, 0, b->norm, A);
    adapt_back(b, l, LORA_O, T, k->att, dy, C, b->norm, low, o);
    /* a = attention(turn(norm(x) Wqkv')) */
    attention_backward(&shape, x->samples, x->start, k->qkv, k->att, k->lse, b->norm, b->dwide,
                       b->work);
    rope_turn(b->rope, T, c->n_heads + c->n_kv_heads, x->position, -1, b->dwide, W);
    rmsnorm_forward(T, C, eps, k->x, w + at->attn_norm, b->norm, k->rstd_x);
    if (g)
        linalg_tn(W, C, T, b->dwide, W, b->norm, C, 0, g + at->qkv, C);
    weight_nn(T, b->dwide, W, &qkv, 0, b->add, C);
    adapt_back(b, l, LORA_Q, T, b->norm, b->dwide, W, b->add, low, o);
    adapt_back(b, l, LORA_K, T, b->norm, b->dwide + A, W, b->add, low, o);
    adapt_back(b, l, LORA_V, T, b->norm, b->dwide + A + kv, W, b->add, low, o);
    rmsnorm_backward(T, C, k->x, w + at->attn_norm, k->rstd_x, b->add, b->dx,
                     gain_of(b, g, at->attn_norm));
}

static void backward_embedding(struct backprop *b, const struct batch *x,
                               const struct backprop_options *o, float *g)
{
    const struct model *m = b->m;
    size_t C = m->config.d_model;
    if (m->embed != m->head)
        memset(g + m->embed, 0, m->config.vocab * C * sizeof *g);
    dropout(x->rows * C, o->dropout, key_at(o, 0), b->dx);
    embedding_backward(x->rows, C, b->dx, x->input, g + m->embed);
}

static size_t trained_weights(const struct backprop *b)
{
    return b->n_adapters ? b->adapter[b->n_adapters - 1]->n_weights : b->m->n_weights;
}

double backprop_run(struct backprop *b, const struct batch *x, const struct backprop_options *o,
                    float *g)
{
    const struct model *m = b->m;
    size_t C = m->config.d_model, V = m->config.vocab;
    REQUIRE(!g || !m->mapped || b->n_adapters);
    if (g && !x->targets)
        memset(g, 0, trained_weights(b) * sizeof *g);
    if (!x->targets)
        return 0;
    make_room(b, x);
    forward(b, x, o);
    struct weight head = model_matrix(m, MATRIX_HEAD, 0);
    size_t R = pick_rows(b, x);
    weight_nt(R, b->picked, C, &head, 0, b->logits, V);
    double loss = crossentropy(R, V, b->logits, b->target, o->scale, o->smoothing);
    if (!g)
        return loss;
    float *base = b->n_adapters ? NULL : g, *low = b->n_adapters ? g : NULL;
    backward_head(b, x->rows, R, base);
    for (size_t l = m->config.n_layers; l-- > 0;)
        backward_layer(b, x, l, o, base, low);
    if (base)
        backward_embedding(b, x, o, base);
    return loss;
}

void backprop_logits(struct backprop *b, const struct batch *x, float *logits)
{
    static const struct backprop_options plain = { .scale = 1 };
    size_t C = b->m->config.d_model, V = b->m->config.vocab;
    make_room(b, x);
    struct weight head = model_matrix(b->m, MATRIX_HEAD, 0);
    forward(b, x, &plain);
    weight_nt(x->rows, b->norm, C, &head, 0, logits, V);
}
