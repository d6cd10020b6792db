/* decode_weights.c: the one place where a decoder looks at a model. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/decode_priv.h"

static float *copy(const float *p, size_t n)
{
    float *q = mem_array(n, sizeof *q);
    memcpy(q, p, n * sizeof *q);
    return q;
}

/* Rows [from, from + n) of a matrix, packed. */
static struct panels pack(struct weight w, size_t from, size_t n)
{
    struct panels p = panels_new(n, w.in);
    float *rows = mem_array(PANEL * w.in, sizeof *rows);
    for (size_t i = 0; i < n; i += PANEL) {
        size_t some = n - i < PANEL ? n - i : PANEL;
        weight_rows(&w, from + i, some, rows);
        panels_fill(&p, i, some, rows);
    }
    free(rows);
    return p;
}

static struct panels pack_all(struct weight w)
{
    return pack(w, 0, w.out);
}

struct decode_weights *decode_weights_new(const struct model *m)
{
    struct decode_weights *w = mem_alloc(sizeof *w);
    const struct llama_config *c = &m->config;
    size_t C = c->d_model, F = c->d_ff;
    w->config = *c;
    w->layer = mem_array(c->n_layers, sizeof *w->layer);
    for (size_t l = 0; l < c->n_layers; l++) {
        const struct layer_at *at = &m->layer[l];
        w->layer[l] = (struct decode_layer){
            .qkv = pack_all(model_matrix(m, MATRIX_QKV, l)),
            .out = pack_all(model_matrix(m, MATRIX_OUT, l)),
            .gate = pack(model_matrix(m, MATRIX_GATE_UP, l), 0, F),
            .up = pack(model_matrix(m, MATRIX_GATE_UP, l), F, F),
            .down = pack_all(model_matrix(m, MATRIX_DOWN, l)),
            .attn_norm = copy(m->weights + at->attn_norm, C),
            .mlp_norm = copy(m->weights + at->mlp_norm, C),
        };
    }
    struct weight embed = model_matrix(m, MATRIX_EMBED, 0);
    w->head = pack_all(model_matrix(m, MATRIX_HEAD, 0));
    w->embed = mem_array(c->vocab, C * sizeof *w->embed);
    weight_rows(&embed, 0, c->vocab, w->embed);
    w->norm = copy(m->weights + m->norm, C);
    w->rope = rope_new(c->max_len, llama_head_dim(c), c->rope_theta);
    return w;
}

void decode_weights_free(struct decode_weights *w)
{
    for (size_t l = 0; l < w->config.n_layers; l++) {
        struct decode_layer *p = &w->layer[l];
        struct panels *part[] = { &p->qkv, &p->out, &p->gate, &p->up, &p->down };
        for (size_t i = 0; i < sizeof part / sizeof *part; i++)
            panels_free(part[i]);
        free(p->attn_norm);
        free(p->mlp_norm);
    }
    free(w->layer);
    panels_free(&w->head);
    free(w->embed);
    free(w->norm);
    rope_free(w->rope);
    free(w);
}
