/* bench_plain.c: one sequence, written as llama2.c's run.c writes it, for batch 1 to stand beside.
 *
 * Weights as they are stored, [out, in]; a product is a dot product a row, rows shared out over the
 * threads, which meet after every matrix; the cache is rows too. What run.c leaves to -Ofast, 16
 * lanes do (ml/vec.h), and threads wait as ours do (base/team.h) instead of as OpenMP's.
 *
 * Source: llama2.c, run.c, forward().
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/team.h"
#include "cli/bench.h"
#include "llm/model.h"
#include "llm/sample.h"
#include "ml/rmsnorm.h"
#include "ml/rope.h"
#include "ml/swiglu.h"
#include "ml/vec.h"

enum { LENGTH = 256, LEAST_S = 1 };   /* tokens of the sequence; seconds the clock runs at least */

struct plain {
    const struct model *m;
    struct team *team;
    struct rope *rope;
    float *x, *norm, *att, *score;     /* (C), (C), (H D), (H, LENGTH) */
    float *gate_up, *act, *logits;     /* (2 F), (F), (V) */
    float *qkv;                        /* (layer, LENGTH, q k v): the cache, where they are made */
    size_t position, layer;
    const float *in, *w;               /* of the product under way */
    float *out;
    size_t rows, width;
};

static size_t wide(const struct plain *p)
{
    const struct llama_config *c = &p->m->config;
    return (c->n_heads + 2 * c->n_kv_heads) * llama_head_dim(c);
}

static void some_rows(void *ctx, size_t member)
{
    struct plain *p = ctx;
    size_t n = team_size(p->team), end = p->rows * (member + 1) / n;
    for (size_t i = p->rows * member / n; i < end; i++)
        p->out[i] = vec_dot(p->width, p->in, p->w + i * p->width);
}

static void product(struct plain *p, enum matrix which, const float *in, float *out)
{
    struct weight w = model_matrix(p->m, which, p->layer);
    p->in = in;
    p->out = out;
    p->w = w.part[0].data;
    p->rows = w.out;
    p->width = w.in;
    team_run(p->team, some_rows, p);
}

static float *row_of(const struct plain *p, size_t t)
{
    return p->qkv + (p->layer * LENGTH + t) * wide(p);
}

static void some_heads(void *ctx, size_t member)
{
    struct plain *p = ctx;
    const struct llama_config *c = &p->m->config;
    size_t D = llama_head_dim(c), H = c->n_heads, G = c->n_kv_heads, n = team_size(p->team);
    for (size_t h = H * member / n; h < H * (member + 1) / n; h++) {
        float *score = p->score + h * LENGTH, *out = p->att + h * D;
        size_t key = (H + h / (H / G)) * D, seen = p->position + 1;
        for (size_t t = 0; t < seen; t++)
            score[t] = vec_dot(D, row_of(p, p->position) + h * D, row_of(p, t) + key);
        vec_scale(seen, 1 / sqrtf((float)D), score);
        vec_softmax(seen, score);
        memset(out, 0, D * sizeof *out);
        for (size_t t = 0; t < seen; t++) {
            const float *value = row_of(p, t) + key + G * D;
            for (size_t j = 0; j < D; j++)
                out[j] += score[t] * value[j];
        }
    }
}

static void one_layer(struct plain *p)
{
    const struct model *m = p->m;
    const struct llama_config *c = &m->config;
    const struct layer_at *at = &m->layer[p->layer];
    uint32_t position = (uint32_t)p->position;
    float eps = (float)c->norm_eps, rstd, *row = row_of(p, p->position);
    rmsnorm_forward(1, c->d_model, eps, p->x, m->weights + at->attn_norm, p->norm, &rstd);
    product(p, MATRIX_QKV, p->norm, row);
    rope_turn(p->rope, 1, c->n_heads + c->n_kv_heads, &position, 1, row, wide(p));
    team_run(p->team, some_heads, p);
    product(p, MATRIX_OUT, p->att, p->norm);
    vec_add(c->d_model, p->norm, p->x);
    rmsnorm_forward(1, c->d_model, eps, p->x, m->weights + at->mlp_norm, p->norm, &rstd);
    product(p, MATRIX_GATE_UP, p->norm, p->gate_up);
    swiglu_forward(1, c->d_ff, p->gate_up, p->act);
    product(p, MATRIX_DOWN, p->act, p->norm);
    vec_add(c->d_model, p->norm, p->x);
}

/* The token's logits, to p->logits. */
static void forward(struct plain *p, uint32_t token)
{
    const struct model *m = p->m;
    const struct llama_config *c = &m->config;
    float rstd;
    memcpy(p->x, m->weights + m->embed + token * c->d_model, c->d_model * sizeof *p->x);
    for (p->layer = 0; p->layer < c->n_layers; p->layer++)
        one_layer(p);
    rmsnorm_forward(1, c->d_model, (float)c->norm_eps, p->x, m->weights + m->norm, p->norm, &rstd);
    p->layer = 0;
    product(p, MATRIX_HEAD, p->norm, p->logits);
}

static void write_sequence(struct plain *p, gsl_rng *rng)
{
    size_t V = p->m->config.vocab;
    uint32_t token = (uint32_t)rng_below(rng, V);
    for (p->position = 0; p->position < LENGTH; p->position++) {
        forward(p, token);
        token = sample_draw(p->logits, V, NULL, &sample_standard, rng).token;
    }
}

static struct plain plain_new(const struct bench_ask *ask, const struct model *m)
{
    const struct llama_config *c = &m->config;
    struct plain p = { .m = m, .team = team_new(ask->threads) };
    p.rope = rope_new(LENGTH, llama_head_dim(c), c->rope_theta, &c->rope);
    p.x = mem_array(c->d_model, sizeof *p.x);
    p.norm = mem_array(c->d_model, sizeof *p.norm);
    p.att = mem_array(llama_heads_width(c), sizeof *p.att);
    p.score = mem_array(c->n_heads * LENGTH, sizeof *p.score);
    p.gate_up = mem_array(2 * c->d_ff, sizeof *p.gate_up);
    p.act = mem_array(c->d_ff, sizeof *p.act);
    p.logits = mem_array(c->vocab, sizeof *p.logits);
    p.qkv = mem_array(c->n_layers * LENGTH, wide(&p) * sizeof *p.qkv);
    return p;
}

static void plain_free(struct plain *p)
{
    float *part[] = { p->x, p->norm, p->att, p->score, p->gate_up, p->act, p->logits, p->qkv };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    rope_free(p->rope);
    team_free(p->team);
}

static bool plain(const struct bench_ask *ask, struct bench_done *done, struct err *err)
{
    if (ask->batch != 1 || ask->weights != BENCH_F32 || ask->cache != BENCH_CACHE_F32)
        return err_set(err, EXIT_USAGE, "bench plain writes one sequence, all in f32");
    struct model *m = model_new(&ask->config);
    model_init(m, ask->seed);
    struct plain p = plain_new(ask, m);
    gsl_rng *rng = rng_stream(ask->seed, "bench/plain", 0);
    *done = (struct bench_done){ .flops_per_token = 2 * llama_matrix_weights(&ask->config) };
    write_sequence(&p, rng);           /* every page touched */
    double start = bench_now_s();
    do {
        write_sequence(&p, rng);
        done->tokens += LENGTH;
        done->seconds = bench_now_s() - start;
    } while (done->seconds < LEAST_S);
    gsl_rng_free(rng);
    plain_free(&p);
    model_free(m);
    return true;
}

const struct bench_kind bench_plain = {
    .name = "plain",
    .what = "writing one sequence of 256 tokens with a dot product a row, as llama2.c's run.c does",
    .batch = 1,
    .run = plain,
};
