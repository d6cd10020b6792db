/* decode.c: one token a row, through all layers.
 *
 * A team splits every product by panels and attention by (sequence, key-value head). What a member
 * can do again for itself (norms) it does, which is cheaper than meeting: it needs the others four
 * times a layer.
 *
 *     norm, q k v | attention | out, x += | norm, gate, up, act | down, x += |
 */
#include "llm/decode.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "llm/decode_priv.h"
#include "ml/rmsnorm.h"
#include "ml/swiglu.h"
#include "ml/vec.h"

enum { ROWS = DECODE_ROWS };
#define NO_ROW UINT32_MAX

struct scratch {           /* of one member of the team */
    float *norm;           /* (ROWS, C) */
    float *part;           /* (ROWS, its columns of a product; of both gate and up) */
    float *rstd;           /* (ROWS) */
    float *score;          /* (max_len, up to a whole panel) */
    float *room;           /* of decode_product */
};

/* Whether a step is shared. A core that other work takes away stops the team at every meeting, for
 * a time slice: then one is faster alone, and after a step in which somebody fell asleep the next
 * of as many rows tries it. Moves no bit. */
struct pace {
    double together_s;     /* of the last shared step, if somebody slept; else 0: nothing to try */
    size_t rows;           /* of that step */
    size_t alone, shared;  /* steps still to be done so before the question is asked again */
    size_t next;           /* how many steps the next answer is good for */
};

struct decoder {
    struct decode_weights *w;
    bool owner;
    size_t slots, max_len;
    size_t *length;                    /* (slots) */
    struct decode_cache cache;
    struct team *team;
    size_t members;
    struct scratch *scratch;           /* (members) */
    struct pace pace;
    float *x, *wide, *att, *act;       /* (ROWS, C), (ROWS, q k v), (ROWS, q), (ROWS, F) */
    uint32_t *position;                /* (ROWS) */
    uint32_t *next;                    /* (ROWS) the next row of the same slot, or NO_ROW */
    uint32_t *first;                   /* (sequences) first row of each slot in this step */
    size_t sequences;
    uint32_t *last;                    /* (slots) latest row seen of a slot */
    const uint32_t *slot;              /* of the step under way */
    size_t n, silent;                  /* its rows; the first `silent` of them want no logits */
    float *logits;                     /* (n - silent, V) */
};

static struct scratch scratch_new(const struct decoder *d)
{
    const struct llama_config *c = &d->w->config;
    size_t wide = 2 * panels_count(c->d_ff) * PANEL, most = panels_count(c->d_model) * PANEL;
    return (struct scratch){
        .norm = mem_array(ROWS * c->d_model, sizeof(float)),
        .part = mem_array(ROWS * (wide > most ? wide : most), sizeof(float)),
        .rstd = mem_array(ROWS, sizeof(float)),
        .score = mem_array(panels_count(d->max_len) * PANEL, sizeof(float)),
        .room = mem_array(d->w->room, sizeof(float)),
    };
}

static void free_scratch(struct decoder *d)
{
    for (size_t i = 0; i < d->members; i++) {
        free(d->scratch[i].norm);
        free(d->scratch[i].part);
        free(d->scratch[i].rstd);
        free(d->scratch[i].score);
        free(d->scratch[i].room);
    }
    free(d->scratch);
}

void decoder_team(struct decoder *d, struct team *team)
{
    free_scratch(d);
    d->team = team;
    d->members = team_size(team);
    d->pace = (struct pace){ 0 };
    d->scratch = mem_array(d->members, sizeof *d->scratch);
    for (size_t i = 0; i < d->members; i++)
        d->scratch[i] = scratch_new(d);
}

static struct decoder *decoder_of(struct decode_weights *w, bool owner, enum decoder_cache cache,
                                  size_t slots, size_t max_len)
{
    const struct llama_config *c = &w->config;
    REQUIRE(slots >= 1 && slots < NO_ROW && max_len >= 1 && max_len <= c->max_len);
    struct decoder *d = mem_alloc(sizeof *d);
    *d = (struct decoder){ .w = w, .owner = owner, .slots = slots, .max_len = max_len };
    d->length = mem_array(slots, sizeof *d->length);
    d->last = mem_array(slots, sizeof *d->last);
    d->cache = decode_cache_new(cache, c, slots, max_len);
    d->x = mem_array(ROWS * c->d_model, sizeof *d->x);
    d->att = mem_array(ROWS * llama_heads_width(c), sizeof *d->att);
    d->wide = mem_array(ROWS * (c->n_heads + 2 * c->n_kv_heads) * llama_head_dim(c),
                        sizeof *d->wide);
    d->act = mem_array(ROWS * c->d_ff, sizeof *d->act);
    d->position = mem_array(ROWS, sizeof *d->position);
    d->next = mem_array(ROWS, sizeof *d->next);
    d->first = mem_array(ROWS, sizeof *d->first);
    decoder_team(d, NULL);
    return d;
}

struct decoder *decoder_new_as(struct decoder_as as, const struct model *m, size_t slots,
                               size_t max_len)
{
    return decoder_of(decode_weights_new(as.weights, m), true, as.cache, slots, max_len);
}

struct decoder *decoder_new(const struct model *m, size_t slots, size_t max_len)
{
    return decoder_new_as((struct decoder_as){ DECODER_EXACT, DECODER_CACHE_F32 }, m, slots,
                          max_len);
}

struct decoder *decoder_twin(const struct decoder *d, size_t slots)
{
    return decoder_of(d->w, false, d->cache.as, slots, d->max_len);
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    void *part[] = { d->length, d->last, d->x, d->att, d->wide, d->act, d->position, d->next,
                     d->first };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        free(part[i]);
    decode_cache_free(&d->cache);
    free_scratch(d);
    if (d->owner)
        decode_weights_free(d->w);
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

void decoder_copy(struct decoder *d, size_t to, size_t from, size_t n)
{
    const struct llama_config *c = &d->w->config;
    REQUIRE(to < d->slots && from < d->slots && n <= d->length[from]);
    d->length[to] = n;
    for (size_t i = 0; to != from && i < c->n_layers * c->n_kv_heads; i++) {
        size_t l = i / c->n_kv_heads, g = i % c->n_kv_heads;
        decode_cache_copy(&d->cache, decode_cache_head(&d->cache, l, to, g),
                          decode_cache_head(&d->cache, l, from, g), n);
    }
}

/* The share of member m in n things: [share(m), share(m + 1)). */
static size_t share(const struct decoder *d, size_t m, size_t n)
{
    return n * m / d->members;
}

/* This member's columns of the R rows x p': to out with stride ldo, where whole rows begin. */
static void product(const struct decoder *d, size_t m, size_t R, const float *x,
                    const struct decode_matrix *w, float *out)
{
    const struct panels *p = &w->packed;
    size_t first = share(d, m, panels_count(p->N)), end = share(d, m + 1, panels_count(p->N));
    decode_product(w, first, end, R, x, p->K, out + first * PANEL, p->N, d->scratch[m].room);
}

/* x += this member's columns of y p', from row `from` on. */
static void add_product(struct decoder *d, size_t m, size_t from, const float *y,
                        const struct decode_matrix *w)
{
    const struct panels *p = &w->packed;
    size_t first = share(d, m, panels_count(p->N)), end = share(d, m + 1, panels_count(p->N));
    size_t width = (end * PANEL < p->N ? end * PANEL : p->N) - first * PANEL;
    float *part = d->scratch[m].part;
    decode_product(w, first, end, d->n - from, y + from * p->K, p->K, part, width,
                   d->scratch[m].room);
    for (size_t r = from; r < d->n; r++)
        vec_add(width, part + (r - from) * width, d->x + r * p->N + first * PANEL);
}

/* This member's columns of silu(x gate') * (x up') of rows from `from` on, which x begins with. */
static void activate(struct decoder *d, size_t m, size_t from, const float *x,
                     const struct decode_layer *p)
{
    size_t F = p->gate.packed.N, C = p->gate.packed.K;
    size_t first = share(d, m, panels_count(F)), end = share(d, m + 1, panels_count(F));
    size_t width = (end * PANEL < F ? end * PANEL : F) - first * PANEL;
    float *part = d->scratch[m].part, *room = d->scratch[m].room;
    decode_product(&p->gate, first, end, d->n - from, x, C, part, 2 * width, room);
    decode_product(&p->up, first, end, d->n - from, x, C, part + width, 2 * width, room);
    for (size_t r = from; r < d->n; r++)
        swiglu_forward(1, width, part + (r - from) * 2 * width, d->act + r * F + first * PANEL);
}

/* The rows of one sequence, from row i on, through key-value head g and its queries; rows before
 * `from` are only remembered. */
static void attend_sequence(struct decoder *d, size_t layer, size_t from, size_t i, size_t g,
                            float *score)
{
    const struct llama_config *c = &d->w->config;
    size_t H = c->n_heads, G = c->n_kv_heads, D = llama_head_dim(c), W = (H + 2 * G) * D;
    size_t head = decode_cache_head(&d->cache, layer, d->slot[i], g);
    for (; i != NO_ROW; i = d->next[i]) {
        float *row = d->wide + i * W, *q = row + g * (H / G) * D, *k = row + (H + g) * D;
        rope_turn(d->w->rope, 1, 1, d->position + i, 1, k, W);
        decode_cache_put(&d->cache, head, d->position[i], k, k + G * D);
        if (i < from)
            continue;
        rope_turn(d->w->rope, 1, H / G, d->position + i, 1, q, W);
        for (size_t h = 0; h < H / G; h++)
            decode_cache_attend(&d->cache, head, d->position[i] + 1, q + h * D, score,
                                d->att + (i * H + g * (H / G) + h) * D);
    }
}

static void attention(struct decoder *d, size_t layer, size_t from, size_t m)
{
    size_t G = d->w->config.n_kv_heads, all = d->sequences * G;
    for (size_t i = share(d, m, all); i < share(d, m + 1, all); i++)
        attend_sequence(d, layer, from, d->first[i / G], i % G, d->scratch[m].score);
}

/* One layer. Of rows before `from` nothing is needed after it but their keys and values. */
static void layer(struct decoder *d, size_t l, size_t from, size_t m)
{
    const struct decode_layer *p = &d->w->layer[l];
    struct scratch *s = &d->scratch[m];
    size_t C = d->w->config.d_model;
    float eps = (float)d->w->config.norm_eps;
    rmsnorm_forward(d->n, C, eps, d->x, p->attn_norm, s->norm, s->rstd);
    product(d, m, d->n, s->norm, &p->qkv, d->wide);
    team_meet(d->team);
    attention(d, l, from, m);
    if (from == d->n)
        return;
    team_meet(d->team);
    add_product(d, m, from, d->att, &p->out);
    team_meet(d->team);
    rmsnorm_forward(d->n - from, C, eps, d->x + from * C, p->mlp_norm, s->norm, s->rstd);
    activate(d, m, from, s->norm, p);
    team_meet(d->team);
    add_product(d, m, from, d->act, &p->down);
    team_meet(d->team);
}

static void forward(void *ctx, size_t m)
{
    struct decoder *d = ctx;
    const struct decode_weights *w = d->w;
    struct scratch *s = &d->scratch[m];
    size_t C = w->config.d_model, last = w->config.n_layers - 1;
    for (size_t l = 0; l < last; l++)
        layer(d, l, 0, m);
    layer(d, last, d->silent, m);
    if (d->silent == d->n)
        return;
    rmsnorm_forward(d->n - d->silent, C, (float)w->config.norm_eps, d->x + d->silent * C, w->norm,
                    s->norm, s->rstd);
    product(d, m, d->n - d->silent, s->norm, &w->head, d->logits);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double step_alone(struct decoder *d)
{
    struct team *team = d->team;
    size_t members = d->members;
    double start = now_s();
    d->team = NULL;
    d->members = 1;
    forward(d, 0);
    d->team = team;
    d->members = members;
    return now_s() - start;
}

static void step_together(struct decoder *d)
{
    struct pace *p = &d->pace;
    size_t before = team_slept(d->team);
    double start = now_s();
    team_run(d->team, forward, d);
    bool slept = team_slept(d->team) > before && p->shared == 0;
    p->shared -= p->shared > 0;
    p->together_s = slept ? now_s() - start : 0;
    p->rows = d->n;
}

/* An answer is good for twice as many steps as the one before, up to 256. */
static void try_alone(struct decoder *d)
{
    struct pace *p = &d->pace;
    bool better = step_alone(d) < p->together_s;
    p->next = p->next < 4 ? 4 : p->next < 256 ? 2 * p->next : 256;
    p->together_s = 0;
    *(better ? &p->alone : &p->shared) = p->next;
}

static void run_step(struct decoder *d)
{
    struct pace *p = &d->pace;
    if (d->members == 1)
        forward(d, 0);
    else if (p->alone > 0) {
        p->alone--;
        step_alone(d);
    } else if (p->together_s > 0 && p->rows == d->n)
        try_alone(d);
    else
        step_together(d);
}

/* Positions, and the chains of rows that belong to one sequence. */
static void place_rows(struct decoder *d, const uint32_t *token)
{
    size_t C = d->w->config.d_model;
    d->sequences = 0;
    for (size_t i = 0; i < d->n; i++) {
        REQUIRE(d->slot[i] < d->slots && token[i] < d->w->config.vocab);
        d->last[d->slot[i]] = NO_ROW;
    }
    for (size_t i = 0; i < d->n; i++) {
        uint32_t s = d->slot[i], before = d->last[s];
        REQUIRE(d->length[s] < d->max_len);
        d->position[i] = (uint32_t)d->length[s]++;
        d->next[i] = NO_ROW;
        if (before == NO_ROW)
            d->first[d->sequences++] = (uint32_t)i;
        else
            d->next[before] = (uint32_t)i;
        d->last[s] = (uint32_t)i;
        weight_rows(&d->w->table, token[i], 1, d->x + i * C);
    }
}

void decoder_feed(struct decoder *d, size_t n, const uint32_t *slot, const uint32_t *token,
                  size_t silent, float *logits)
{
    REQUIRE(silent <= n);
    for (size_t i = 0; i < n; i += ROWS) {
        d->n = n - i < ROWS ? n - i : ROWS;
        d->silent = silent <= i ? 0 : silent - i < d->n ? silent - i : d->n;
        d->slot = slot + i;
        d->logits = i > silent ? logits + (i - silent) * d->w->config.vocab : logits;
        place_rows(d, token + i);
        run_step(d);
    }
}

void decoder_step(struct decoder *d, size_t n, const uint32_t *slot, const uint32_t *token,
                  float *logits)
{
    decoder_feed(d, n, slot, token, logits ? 0 : n, logits);
}
