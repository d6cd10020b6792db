/* lora.c: two thin products beside every wide one.
 *
 *     x (T, in) --A'--> low (T, rank) --scale B'--> + y (T, out)
 *
 * The way back makes low again rather than keep it: rank columns cost next to nothing. The scale
 * sits on low, so that the gradient of B needs no second one.
 */
#include "llm/lora.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "ml/dropout.h"
#include "ml/linalg.h"
#include "ml/vec.h"

static const char *const words[LORA_TARGETS] = { "q", "k", "v", "o", "gate", "up", "down" };
const char *const lora_modules[LORA_TARGETS] = { "q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                 "gate_proj", "up_proj", "down_proj" };

static bool add_target(struct str word, unsigned *targets, struct err *err)
{
    for (size_t t = 0; t < LORA_TARGETS; t++)
        if (str_is(word, words[t])) {
            *targets |= 1u << t;
            return true;
        }
    return err_set(err, EXIT_USAGE, "\"%.*s\" is no target of LoRA: q k v o gate up down",
                   (int)(word.n < 40 ? word.n : 40), word.p);
}

bool lora_targets_parse(const char *text, unsigned *targets, struct err *err)
{
    *targets = 0;
    for (const char *at = text;; at++) {
        const char *end = at + strcspn(at, ",");
        if (!add_target((struct str){ at, (size_t)(end - at) }, targets, err))
            return false;
        if (!*end)
            return true;
        at = end;
    }
}

bool lora_options_check(const struct lora_options *o, const struct llama_config *c,
                        struct err *err)
{
    if (o->rank < 1 || o->rank > c->d_model)
        return err_set(err, EXIT_DATA, "rank %zu is outside 1 to %zu, the model's width", o->rank,
                       c->d_model);
    if (!(o->alpha > 0) || !isfinite(o->alpha))
        return err_set(err, EXIT_DATA, "alpha %g is not a positive number", o->alpha);
    if (!(o->dropout >= 0) || !(o->dropout < 1))
        return err_set(err, EXIT_DATA, "dropout %g is outside [0, 1)", o->dropout);
    if (!o->targets || o->targets >> LORA_TARGETS)
        return err_set(err, EXIT_DATA, "no matrix is a target");
    return true;
}

static struct lora_pair shape_of(const struct llama_config *c, enum lora_target t)
{
    size_t C = c->d_model, F = c->d_ff, kv = c->n_kv_heads * llama_head_dim(c);
    size_t A = llama_heads_width(c);
    switch (t) {
    case LORA_K:
    case LORA_V:
        return (struct lora_pair){ .in = C, .out = kv };
    case LORA_GATE:
    case LORA_UP:
        return (struct lora_pair){ .in = C, .out = F };
    case LORA_DOWN:
        return (struct lora_pair){ .in = F, .out = C };
    case LORA_O:
        return (struct lora_pair){ .in = A, .out = C };
    default:
        return (struct lora_pair){ .in = C, .out = A };
    }
}

double lora_count(const struct llama_config *c, const struct lora_options *o)
{
    double layer = 0;
    for (size_t t = 0; t < LORA_TARGETS; t++)
        if (o->targets >> t & 1) {
            struct lora_pair p = shape_of(c, (enum lora_target)t);
            layer += (double)(p.in + p.out) * (double)o->rank;
        }
    return layer * (double)c->n_layers;
}

static size_t add(struct lora *l, size_t layer, size_t t, char which, size_t out, size_t in)
{
    struct param *p = &l->param[l->n_params++];
    *p = (struct param){ .dims = { out, in }, .n_dims = 2, .offset = l->n_weights,
                         .count = out * in };
    snprintf(p->name, sizeof p->name, "base_model.model.model.layers.%zu.%s.%s.lora_%c.weight",
             layer, t < LORA_GATE ? "self_attn" : "mlp", lora_modules[t], which);
    l->n_weights += p->count;
    return p->offset;
}

struct lora *lora_new(const struct llama_config *c, const struct lora_options *o)
{
    REQUIRE(lora_options_check(o, c, NULL));
    struct lora *l = mem_alloc(sizeof *l);
    double rank = (double)o->rank;
    l->options = *o;
    l->scale = (float)(o->alpha / (o->rank_stabilised ? sqrt(rank) : rank));
    l->n_layers = c->n_layers;
    l->shape = *c;
    l->pair = mem_array(c->n_layers * LORA_TARGETS, sizeof *l->pair);
    l->param = mem_array(c->n_layers * LORA_TARGETS * 2, sizeof *l->param);
    for (size_t layer = 0; layer < c->n_layers; layer++)
        for (size_t t = 0; t < LORA_TARGETS; t++) {
            struct lora_pair *p = &l->pair[layer * LORA_TARGETS + t];
            if (!(o->targets >> t & 1))
                continue;
            *p = shape_of(c, (enum lora_target)t);
            p->a = add(l, layer, t, 'A', o->rank, p->in);
            p->b = add(l, layer, t, 'B', p->out, o->rank);
        }
    l->weights = mem_array(l->n_weights, sizeof *l->weights);
    for (size_t i = 0; i < l->n_params; i++)
        l->param[i].data = l->weights + l->param[i].offset;
    return l;
}

void lora_init(struct lora *l, uint64_t seed)
{
    memset(l->weights, 0, l->n_weights * sizeof *l->weights);
    for (size_t i = 0; i < l->n_params; i += 2) {   /* A stands before its B */
        const struct param *p = &l->param[i];
        double bound = 1 / sqrt((double)p->dims[1]);
        gsl_rng *rng = rng_stream(seed, "lora/init", i / 2);
        for (size_t k = 0; k < p->count; k++)
            l->weights[p->offset + k] = (float)(bound * (2 * rng_unit(rng) - 1));
        gsl_rng_free(rng);
    }
}

void lora_free(struct lora *l)
{
    if (!l)
        return;
    free(l->pair);
    free(l->param);
    free(l->weights);
    free(l);
}

static const struct lora_pair *pair_at(const struct lora *l, size_t layer, enum lora_target t)
{
    return &l->pair[layer * LORA_TARGETS + t];
}

/* Where the matrix of a target begins in the block: q, k and v lie in one; so do gate and up. */
static size_t matrix_at(const struct model *m, size_t layer, enum lora_target t)
{
    const struct llama_config *c = &m->config;
    const struct layer_at *at = &m->layer[layer];
    size_t C = c->d_model, A = llama_heads_width(c), kv = c->n_kv_heads * llama_head_dim(c);
    const size_t start[LORA_TARGETS] = { at->qkv, at->qkv + A * C, at->qkv + (A + kv) * C, at->out,
                                         at->gate_up, at->gate_up + c->d_ff * C, at->down };
    return start[t];
}

void lora_merge(struct model *m, const struct lora *l)
{
    REQUIRE(l->n_layers == m->config.n_layers && !m->mapped);
    size_t r = l->options.rank;
    for (size_t layer = 0; layer < l->n_layers; layer++)
        for (size_t t = 0; t < LORA_TARGETS; t++) {
            const struct lora_pair *p = pair_at(l, layer, (enum lora_target)t);
            if (!p->in)
                continue;
            float *b = mem_array(p->out * r, sizeof *b);
            memcpy(b, l->weights + p->b, p->out * r * sizeof *b);
            vec_scale(p->out * r, l->scale, b);
            linalg_nn(p->out, p->in, r, b, r, l->weights + p->a, p->in, 1,
                      m->weights + matrix_at(m, layer, (enum lora_target)t), p->in);
            free(b);
        }
}

size_t lora_parts(const struct lora *l, enum matrix which, size_t layer, struct lora_part part[3])
{
    static const struct { enum lora_target first, end; } of[] = {
        [MATRIX_QKV] = { LORA_Q, LORA_O }, [MATRIX_OUT] = { LORA_O, LORA_GATE },
        [MATRIX_GATE_UP] = { LORA_GATE, LORA_DOWN }, [MATRIX_DOWN] = { LORA_DOWN, LORA_TARGETS },
    };
    size_t n = 0, row = 0;
    if (which == MATRIX_EMBED || which == MATRIX_HEAD)
        return 0;
    for (size_t t = of[which].first; t < of[which].end; t++) {
        struct lora_pair shape = shape_of(&l->shape, (enum lora_target)t);
        const struct lora_pair *p = pair_at(l, layer, (enum lora_target)t);
        if (p->in)
            part[n++] = (struct lora_part){ row, p->out, l->options.rank, l->scale,
                                            l->weights + p->a, l->weights + p->b };
        row += shape.out;
    }
    return n;
}

/* What A reads: x, or x through the dropout of this place. */
static const float *read_by(const struct lora_pair *p, size_t place, size_t T, const float *x,
                            const struct lora_room *r)
{
    if (r->dropout <= 0)
        return x;
    memcpy(r->wide, x, T * p->in * sizeof *x);
    dropout(T * p->in, r->dropout, hash64_mix(r->key, place), r->wide);
    return r->wide;
}

/* low (T, rank) = scale x A'. */
static void go_low(const struct lora *l, const struct lora_pair *p, size_t T, const float *x,
                   float *low)
{
    size_t r = l->options.rank;
    linalg_nt(T, r, p->in, x, p->in, l->weights + p->a, p->in, 0, low, r);
    vec_scale(T * r, l->scale, low);
}

void lora_forward(const struct lora *l, size_t layer, enum lora_target t, size_t T, const float *x,
                  float *y, size_t ldy, const struct lora_room *room)
{
    const struct lora_pair *p = pair_at(l, layer, t);
    size_t r = l->options.rank;
    if (!p->in)
        return;
    go_low(l, p, T, read_by(p, layer * LORA_TARGETS + t, T, x, room), room->low);
    linalg_nt(T, p->out, r, room->low, r, l->weights + p->b, r, 1, y, ldy);
}

void lora_backward(const struct lora *l, size_t layer, enum lora_target t, size_t T,
                   const float *x, const float *dy, size_t ldy, float *dx, float *g,
                   const struct lora_room *room)
{
    const struct lora_pair *p = pair_at(l, layer, t);
    size_t r = l->options.rank, place = layer * LORA_TARGETS + t;
    if (!p->in)
        return;
    /* y = low B'; low = scale read A' */
    linalg_nn(T, r, p->out, dy, ldy, l->weights + p->b, r, 0, room->dlow, r);
    vec_scale(T * r, l->scale, room->dlow);
    if (g) {
        const float *read = read_by(p, place, T, x, room);
        go_low(l, p, T, read, room->low);
        linalg_tn(p->out, r, T, dy, ldy, room->low, r, 0, g + p->b, r);
        linalg_tn(r, p->in, T, room->dlow, r, read, p->in, 0, g + p->a, p->in);
    }
    /* read = dropout(x) */
    if (room->dropout > 0) {
        linalg_nn(T, p->in, r, room->dlow, r, l->weights + p->a, p->in, 0, room->wide, p->in);
        dropout_add(T * p->in, room->dropout, hash64_mix(room->key, place), room->wide, dx);
    } else
        linalg_nn(T, p->in, r, room->dlow, r, l->weights + p->a, p->in, 1, dx, p->in);
}
