/* model.c: the table is built once, in block order; every offset comes from it.
 *
 *     embed | layer 0: norm q k v o norm gate up down | layer 1 ... | norm | head unless tied
 */
#include "llm/lora.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

#define WEIGHTS_MAX 0x1p40

const char llama_presets[] = "tiny|small|medium|base|S|M|L";

bool llama_preset(const char *name, struct llama_config *c)
{
    static const struct {
        const char *name;
        size_t layers, d_model, heads, d_ff;
    } preset[] = {
        { "tiny", 2, 64, 2, 176 },    { "small", 3, 96, 3, 256 }, { "medium", 4, 128, 4, 352 },
        { "base", 4, 192, 6, 512 },   { "S", 4, 256, 4, 704 },    { "M", 6, 384, 6, 1024 },
        { "L", 8, 512, 8, 1408 },
    };
    for (size_t i = 0; i < sizeof preset / sizeof *preset; i++)
        if (strcmp(preset[i].name, name) == 0) {
            *c = (struct llama_config){
                .d_model = preset[i].d_model, .n_layers = preset[i].layers,
                .n_heads = preset[i].heads, .n_kv_heads = preset[i].heads, .d_ff = preset[i].d_ff,
                .rope_theta = 10000, .norm_eps = 1e-6, .tied = true,
            };
            return true;
        }
    return false;
}

double llama_matrix_weights(const struct llama_config *c)
{
    double C = (double)c->d_model, kv = (double)(c->n_kv_heads * llama_head_dim(c));
    double layer = 2 * (double)llama_heads_width(c) * C + 2 * kv * C + 3 * C * (double)c->d_ff;
    return (double)c->vocab * C * (c->tied ? 1 : 2) + (double)c->n_layers * layer;
}

static bool in_range(const char *what, size_t x, size_t most, struct err *err)
{
    return (x >= 1 && x <= most) ||
           err_set(err, EXIT_DATA, "%s %zu is outside 1 to %zu", what, x, most);
}

bool llama_config_check(const struct llama_config *c, struct err *err)
{
    if (!in_range("vocab_size", c->vocab, 1u << 24, err) ||
        !in_range("hidden_size", c->d_model, 1u << 16, err) ||
        !in_range("num_hidden_layers", c->n_layers, 1024, err) ||
        !in_range("num_attention_heads", c->n_heads, c->d_model, err) ||
        !in_range("num_key_value_heads", c->n_kv_heads, c->n_heads, err) ||
        !in_range("intermediate_size", c->d_ff, 1u << 18, err) ||
        !in_range("max_position_embeddings", c->max_len, 1u << 20, err))
        return false;
    if (!c->head_dim && (c->d_model % c->n_heads || (c->d_model / c->n_heads) % 2))
        return err_set(err, EXIT_DATA, "hidden_size %zu does not give %zu heads of an even size",
                       c->d_model, c->n_heads);
    if (c->head_dim % 2 || c->head_dim > 1u << 16 || llama_heads_width(c) > 1u << 18)
        return err_set(err, EXIT_DATA, "head_dim %zu is odd, or %zu heads of it are too wide",
                       c->head_dim, c->n_heads);
    if (c->n_heads % c->n_kv_heads)
        return err_set(err, EXIT_DATA, "num_attention_heads %zu is no multiple of "
                       "num_key_value_heads %zu", c->n_heads, c->n_kv_heads);
    if (!(c->rope_theta > 0) || !isfinite(c->rope_theta))
        return err_set(err, EXIT_DATA, "rope_theta %g is not a positive number", c->rope_theta);
    if (!rope_scaling_check(&c->rope))
        return err_set(err, EXIT_DATA, "rotary positions are scaled by %g, bands %g and %g of %g: "
                       "no such scaling", c->rope.factor, c->rope.low, c->rope.high,
                       c->rope.original_len);
    if (!(c->norm_eps >= 0) || !(c->norm_eps < 1))
        return err_set(err, EXIT_DATA, "rms_norm_eps %g is outside [0, 1)", c->norm_eps);
    if (llama_matrix_weights(c) > WEIGHTS_MAX)
        return err_set(err, EXIT_DATA, "%.0f weights are over %.0f", llama_matrix_weights(c),
                       WEIGHTS_MAX);
    return true;
}

/* Append a tensor to the table; n_dims 1 when in is 0. Returns its offset. */
static size_t add(struct model *m, size_t *cap, size_t out, size_t in, const char *fmt,
                  size_t layer)
{
    MEM_GROW(m->param, m->n_params, *cap);
    struct param *p = &m->param[m->n_params++];
    bool away = m->mapped && in;
    *p = (struct param){ .dims = { out, in }, .n_dims = in ? 2 : 1,
                         .offset = away ? SIZE_MAX : m->n_weights, .count = in ? out * in : out };
    if (layer == SIZE_MAX)
        snprintf(p->name, sizeof p->name, "model.%s.weight", fmt);
    else
        snprintf(p->name, sizeof p->name, "model.layers.%zu.%s.weight", layer, fmt);
    m->n_weights += away ? 0 : p->count;
    return p->offset;
}

static void build_table(struct model *m)
{
    const struct llama_config *c = &m->config;
    size_t C = c->d_model, F = c->d_ff, A = llama_heads_width(c), cap = 0;
    size_t kv = c->n_kv_heads * llama_head_dim(c);
    m->layer = mem_array(c->n_layers, sizeof *m->layer);
    m->embed = add(m, &cap, c->vocab, C, "embed_tokens", SIZE_MAX);
    for (size_t l = 0; l < c->n_layers; l++) {
        struct layer_at *at = &m->layer[l];
        at->attn_norm = add(m, &cap, C, 0, "input_layernorm", l);
        at->qkv = add(m, &cap, A, C, "self_attn.q_proj", l);
        add(m, &cap, kv, C, "self_attn.k_proj", l);
        add(m, &cap, kv, C, "self_attn.v_proj", l);
        at->out = add(m, &cap, C, A, "self_attn.o_proj", l);
        at->mlp_norm = add(m, &cap, C, 0, "post_attention_layernorm", l);
        at->gate_up = add(m, &cap, F, C, "mlp.gate_proj", l);
        add(m, &cap, F, C, "mlp.up_proj", l);
        at->down = add(m, &cap, C, F, "mlp.down_proj", l);
    }
    m->norm = add(m, &cap, C, 0, "norm", SIZE_MAX);
    m->head = m->embed;
    if (!c->tied) {
        m->head = add(m, &cap, c->vocab, C, "", SIZE_MAX);
        snprintf(m->param[m->n_params - 1].name, sizeof m->param->name, "lm_head.weight");
    }
}

static struct model *new_model(const struct llama_config *c, bool mapped)
{
    struct model *m = mem_alloc(sizeof *m);
    m->config = *c;
    m->mapped = mapped;
    build_table(m);
    m->weights = mem_large(m->n_weights, sizeof *m->weights);
    for (size_t i = 0; i < m->n_params; i++)
        if (m->param[i].offset != SIZE_MAX)
            m->param[i].data = m->weights + m->param[i].offset;
    return m;
}

struct model *model_new(const struct llama_config *c)
{
    REQUIRE(llama_config_check(c, NULL) && llama_matrix_weights(c) <= LLAMA_WEIGHTS_MAX);
    return new_model(c, false);
}

struct model *model_frame(const struct llama_config *c)
{
    REQUIRE(llama_config_check(c, NULL));
    return new_model(c, true);
}

void model_free(struct model *m)
{
    if (!m)
        return;
    free(m->param);
    free(m->layer);
    free(m->weights);
    shards_close(&m->file);
    for (size_t i = 0; i < m->n_adapters; i++)
        lora_free(m->adapter[i]);
    free(m->adapter);
    free(m);
}

void model_take_adapters(struct model *m, struct lora *const *adapter, size_t n)
{
    REQUIRE(m->mapped && !m->n_adapters);
    m->adapter = mem_array(n, sizeof *m->adapter);
    m->n_adapters = n;
    for (size_t i = 0; i < n; i++)
        m->adapter[i] = adapter[i];
}

/* Norms are 1. Matrices are normal with sd .02; what writes to the residual stream (o_proj,
 * down_proj) is scaled by 1/sqrt(2 layers), so that the stream's variance does not grow with depth
 * (GPT-2). Every tensor has its own stream. */
void model_init(struct model *m, uint64_t seed)
{
    double residual = 1 / sqrt(2.0 * (double)m->config.n_layers);
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        float *w = m->weights + p->offset;
        bool adds = strstr(p->name, "o_proj") || strstr(p->name, "down_proj");
        gsl_rng *rng = rng_stream(seed, "model/init", i);
        double sd = adds ? 0.02 * residual : 0.02;
        for (size_t k = 0; k < p->count; k++)
            w[k] = p->n_dims == 1 ? 1.0f : (float)gsl_ran_gaussian_ziggurat(rng, sd);
        gsl_rng_free(rng);
    }
}

const struct param *model_param(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (strcmp(m->param[i].name, name) == 0)
            return &m->param[i];
    return NULL;
}

/* Where a matrix begins in the table, and of how many tensors it is made. */
static const struct param *find_matrix(const struct model *m, enum matrix which, size_t layer,
                                       size_t *n)
{
    enum { OF_LAYER = 9, Q = 1, O = 4, GATE = 6, DOWN = 8 };
    static const struct { size_t at, n; } place[] = {
        [MATRIX_QKV] = { Q, 3 }, [MATRIX_OUT] = { O, 1 }, [MATRIX_GATE_UP] = { GATE, 2 },
        [MATRIX_DOWN] = { DOWN, 1 },
    };
    *n = 1;
    if (which == MATRIX_EMBED || (which == MATRIX_HEAD && m->config.tied))
        return &m->param[0];
    if (which == MATRIX_HEAD)
        return &m->param[m->n_params - 1];
    REQUIRE(layer < m->config.n_layers);
    *n = place[which].n;
    return &m->param[1 + OF_LAYER * layer + place[which].at];
}

struct weight model_matrix(const struct model *m, enum matrix which, size_t layer)
{
    size_t n, rows = 0;
    const struct param *p = find_matrix(m, which, layer, &n);
    struct weight w = { .in = p->dims[1] };
    if (m->mapped) {
        for (size_t i = 0; i < n; i++)
            weight_add(&w, p[i].data, p[i].type, p[i].dims[0]);
        return w;
    }
    for (size_t i = 0; i < n; i++)
        rows += p[i].dims[0];
    return weight_f32(p->data, rows, p->dims[1]);
}
