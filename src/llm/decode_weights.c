/* decode_weights.c: the one place where a decoder looks at a model.
 *
 * A model in a mapped file is too large to be copied: of it a panel at a time is widened to rows
 * and turned into place, by every step anew, and forgotten. Its adapters make two thin products:
 *
 *     low (R, ranks) = scale x A'        once a product;        out += low B'       panel by panel
 *
 * All packed matrices lie in one room, in the order in which a step reads them: a matrix is too
 * small for large pages (base/mem.h), all of them are not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/decode_priv.h"
#include "ml/halves.h"
#include "ml/vec.h"

static float *copy(const float *p, size_t n)
{
    float *q = mem_array(n, sizeof *q);
    memcpy(q, p, n * sizeof *q);
    return q;
}

/* Rows (n, K) of one panel to (K, PANEL); in blocks, so that what is written stays near. */
static void turn(size_t n, size_t K, const float *rows, float *panel)
{
    enum { BLOCK = 32 };
    for (size_t k0 = 0; k0 < K; k0 += BLOCK)
        for (size_t i = 0; i < n; i++)
            for (size_t k = k0; k < k0 + BLOCK && k < K; k++)
                panel[k * PANEL + i] = rows[i * K + k];
}

static void go_low(const struct decode_matrix *m, size_t R, const float *x, size_t ldx, float *low)
{
    size_t K = m->packed.K, at = 0;
    for (size_t i = 0; i < m->n_low; at += m->low[i++].rank)
        for (size_t r = 0; r < R; r++)
            for (size_t k = 0; k < m->low[i].rank; k++)
                low[r * m->ranks + at + k] =
                    m->low[i].scale * vec_dot(K, x + r * ldx, m->low[i].a + k * K);
}

/* To out (R, n; ldo): rows [first, first + n) of the matrix, of those that it has. */
static void add_low(const struct decode_matrix *m, size_t first, size_t n, size_t R,
                    const float *low, float *out, size_t ldo)
{
    size_t at = 0;
    for (size_t i = 0; i < m->n_low; at += m->low[i++].rank) {
        const struct lora_part *p = &m->low[i];
        size_t from = first > p->row ? first : p->row, end = p->row + p->rows;
        for (size_t j = from; j < first + n && j < end; j++)
            for (size_t r = 0; r < R; r++)
                out[r * ldo + j - first] +=
                    vec_dot(p->rank, low + r * m->ranks + at, p->b + (j - p->row) * p->rank);
    }
}

void decode_product(const struct decode_matrix *m, size_t first, size_t end, size_t R,
                    const float *x, size_t ldx, float *out, size_t ldo, float *room)
{
    const struct panels *p = &m->packed;
    if (p->w) {
        panels_product(p, first, end, R, x, ldx, out, ldo);
        go_low(m, R, x, ldx, room);
        add_low(m, first * PANEL, (end - first) * PANEL, R, room, out, ldo);
        return;
    }
    float *rows = room, *panel = room + PANEL * p->K, *low = panel + PANEL * p->K;
    REQUIRE(R <= DECODE_ROWS);
    go_low(m, R, x, ldx, low);
    for (size_t i = first; i < end; i++) {
        size_t n = p->N - i * PANEL < PANEL ? p->N - i * PANEL : PANEL;
        struct panels one = { .N = n, .K = p->K, .stride = p->K * PANEL, .w = panel };
        weight_rows(&m->weight, m->from + i * PANEL, n, rows);
        turn(n, p->K, rows, panel);
        panels_product(&one, 0, 1, R, x, ldx, out + (i - first) * PANEL, ldo);
        add_low(m, i * PANEL, n, R, low, out + (i - first) * PANEL, ldo);
    }
}

/* What the model's adapters add to rows [from, from + n) of a matrix. */
static void find_low(const struct model *m, enum matrix which, size_t layer, size_t n,
                     struct decode_matrix *x)
{
    size_t cap = 0;
    for (size_t i = 0; i < m->n_adapters; i++) {
        struct lora_part part[3];
        size_t parts = lora_parts(m->adapter[i], which, layer, part);
        for (size_t k = 0; k < parts; k++)
            if (part[k].row >= x->from && part[k].row < x->from + n) {
                MEM_GROW(x->low, x->n_low, cap);
                part[k].row -= x->from;
                x->ranks += part[k].rank;
                x->low[x->n_low++] = part[k];
            }
    }
}

/* Rows [from, from + n) of a matrix: are they bf16 numbers, all of them? */
static bool is_bf16(const struct weight *w, size_t from, size_t n, float *rows)
{
    for (size_t i = 0; i < n; i += PANEL) {
        size_t some = n - i < PANEL ? n - i : PANEL;
        weight_rows(w, from + i, some, rows);
        if (!bf16_exact(some * w->in, rows))
            return false;
    }
    return true;
}

/* The packed matrices so far. */
struct packer {
    enum decoder_weights as;
    const struct model *m;
    float *next;                       /* free room */
};

/* Rows [from, from + n) of a matrix. */
static struct decode_matrix pack(struct packer *p, enum matrix which, size_t layer, size_t from,
                                 size_t n)
{
    const struct model *m = p->m;
    enum decoder_weights as = p->as;
    struct weight w = model_matrix(m, which, layer);
    struct decode_matrix x = { .packed = { .N = n, .K = w.in }, .weight = w, .from = from };
    if (m->mapped)
        find_low(m, which, layer, n, &x);
    if (m->mapped && as == DECODER_EXACT)
        return x;
    float *rows = mem_array(PANEL * w.in, sizeof *rows);
    x.packed = panels_at(p->next, n, w.in, as == DECODER_INT8            ? PANELS_INT8
                                           : is_bf16(&w, from, n, rows) ? PANELS_BF16
                                                                         : PANELS_F32);
    p->next += panels_floats(n, w.in, x.packed.type);
    for (size_t i = 0; i < n; i += PANEL) {
        size_t some = n - i < PANEL ? n - i : PANEL;
        weight_rows(&w, from + i, some, rows);
        panels_fill(&x.packed, i, some, rows);
    }
    free(rows);
    return x;
}

static struct decode_matrix pack_all(struct packer *p, enum matrix which, size_t layer)
{
    return pack(p, which, layer, 0, model_matrix(p->m, which, layer).out);
}

/* Floats of room that all packed matrices take at most: those that turn out to be bf16 take half,
 * and what is never touched costs nothing. */
static size_t packed_most(enum decoder_weights as, const struct model *m)
{
    enum panels_type type = as == DECODER_INT8 ? PANELS_INT8 : PANELS_F32;
    size_t n = 0, F = m->config.d_ff;
    if (m->mapped && as == DECODER_EXACT)
        return 0;
    for (size_t l = 0; l < m->config.n_layers; l++) {
        const enum matrix whole[] = { MATRIX_QKV, MATRIX_OUT, MATRIX_DOWN };
        for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
            struct weight w = model_matrix(m, whole[i], l);
            n += panels_floats(w.out, w.in, type);
        }
        n += 2 * panels_floats(F, model_matrix(m, MATRIX_GATE_UP, l).in, type);
    }
    struct weight head = model_matrix(m, MATRIX_HEAD, 0);
    return n + panels_floats(head.out, head.in, type);
}

static void keep_embedding(struct decode_weights *w, const struct model *m)
{
    const struct llama_config *c = &m->config;
    w->table = model_matrix(m, MATRIX_EMBED, 0);
    if (m->mapped)
        return;
    w->embed = mem_array(c->vocab, c->d_model * sizeof *w->embed);
    weight_rows(&w->table, 0, c->vocab, w->embed);
    w->table = weight_f32(w->embed, c->vocab, c->d_model);
}

static size_t ranks_of(const struct decode_weights *w)
{
    size_t most = 0;
    for (size_t l = 0; l < w->config.n_layers; l++) {
        const struct decode_layer *p = &w->layer[l];
        const size_t ranks[] = { p->qkv.ranks, p->out.ranks, p->gate.ranks, p->up.ranks,
                                 p->down.ranks };
        for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
            most = ranks[i] > most ? ranks[i] : most;
    }
    return most;
}

struct decode_weights *decode_weights_new(enum decoder_weights as, const struct model *m)
{
    struct decode_weights *w = mem_alloc(sizeof *w);
    const struct llama_config *c = &m->config;
    size_t C = c->d_model, F = c->d_ff, A = llama_heads_width(c), most = C > A ? C : A;
    w->config = *c;
    w->packed = panels_room(packed_most(as, m));
    struct packer p = { as, m, w->packed.at };
    w->layer = mem_array(c->n_layers, sizeof *w->layer);
    for (size_t l = 0; l < c->n_layers; l++) {
        const struct layer_at *at = &m->layer[l];
        w->layer[l] = (struct decode_layer){
            .qkv = pack_all(&p, MATRIX_QKV, l),
            .out = pack_all(&p, MATRIX_OUT, l),
            .gate = pack(&p, MATRIX_GATE_UP, l, 0, F),
            .up = pack(&p, MATRIX_GATE_UP, l, F, F),
            .down = pack_all(&p, MATRIX_DOWN, l),
            .attn_norm = copy(m->weights + at->attn_norm, C),
            .mlp_norm = copy(m->weights + at->mlp_norm, C),
        };
    }
    w->head = pack_all(&p, MATRIX_HEAD, 0);
    w->room = m->mapped && as == DECODER_EXACT ? 2 * PANEL * (most > F ? most : F) : 0;
    w->room += DECODE_ROWS * ranks_of(w);
    keep_embedding(w, m);
    w->norm = copy(m->weights + m->norm, C);
    w->rope = rope_new(c->max_len, llama_head_dim(c), c->rope_theta, &c->rope);
    return w;
}

void decode_weights_free(struct decode_weights *w)
{
    for (size_t l = 0; l < w->config.n_layers; l++) {
        struct decode_layer *p = &w->layer[l];
        struct decode_matrix *part[] = { &p->qkv, &p->out, &p->gate, &p->up, &p->down };
        for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
            panels_free(&part[i]->packed);
            free(part[i]->low);
        }
        free(p->attn_norm);
        free(p->mlp_norm);
    }
    free(w->layer);
    panels_free(&w->head.packed);
    free(w->packed.base);
    free(w->embed);
    free(w->norm);
    rope_free(w->rope);
    free(w);
}
