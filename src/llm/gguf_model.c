/* gguf_model.c: a model as keys and tensors. */
#include "llm/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/gguf_priv.h"

/* "mostly": norms are F32. */
static uint32_t file_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? 0 : type == TENSOR_F16 ? 1 : 32;
}

static void add_shape(struct gguf_keys *k, const struct llama_config *c)
{
    uint32_t D = (uint32_t)llama_head_dim(c);
    gguf_key_u32(k, "llama.vocab_size", (uint32_t)c->vocab);
    gguf_key_u32(k, "llama.context_length", (uint32_t)c->max_len);
    gguf_key_u32(k, "llama.embedding_length", (uint32_t)c->d_model);
    gguf_key_u32(k, "llama.block_count", (uint32_t)c->n_layers);
    gguf_key_u32(k, "llama.feed_forward_length", (uint32_t)c->d_ff);
    gguf_key_u32(k, "llama.attention.head_count", (uint32_t)c->n_heads);
    gguf_key_u32(k, "llama.attention.head_count_kv", (uint32_t)c->n_kv_heads);
    gguf_key_u32(k, "llama.attention.key_length", D);
    gguf_key_u32(k, "llama.attention.value_length", D);
    gguf_key_f32(k, "llama.attention.layer_norm_rms_epsilon", (float)c->norm_eps);
    gguf_key_u32(k, "llama.rope.dimension_count", D);
    gguf_key_f32(k, "llama.rope.freq_base", (float)c->rope_theta);
    if (c->rope.kind == ROPE_LINEAR) {
        gguf_key_string(k, "llama.rope.scaling.type", "linear");
        gguf_key_f32(k, "llama.rope.scaling.factor", (float)c->rope.factor);
    }
}

/* "model.layers.3.self_attn.q_proj.weight" is "blk.3.attn_q.weight". */
void gguf_name(const char *hf, char name[GGUF_NAME])
{
    static const struct { const char *hf, *ggml; } pair[] = {
        { "input_layernorm", "attn_norm" }, { "self_attn.q_proj", "attn_q" },
        { "self_attn.k_proj", "attn_k" }, { "self_attn.v_proj", "attn_v" },
        { "self_attn.o_proj", "attn_output" }, { "post_attention_layernorm", "ffn_norm" },
        { "mlp.gate_proj", "ffn_gate" }, { "mlp.up_proj", "ffn_up" },
        { "mlp.down_proj", "ffn_down" },
    };
    size_t layer;
    char part[GGUF_NAME] = "";
    if (sscanf(hf, "model.layers.%zu.%63s", &layer, part) != 2) {
        bool embed = strcmp(hf, "model.embed_tokens.weight") == 0;
        bool norm = strcmp(hf, "model.norm.weight") == 0;
        snprintf(name, GGUF_NAME, "%s.weight",
                 embed ? "token_embd" : norm ? "output_norm" : "output");
        return;
    }
    *strrchr(part, '.') = '\0';
    size_t i = 0;
    while (strcmp(pair[i].hf, part) != 0)
        i++;
    snprintf(name, GGUF_NAME, "blk.%zu.%s.weight", layer, pair[i].ggml);
}

/* Heads of a tensor whose rows change their order; 0: they stay. */
size_t gguf_turned_heads(const struct llama_config *c, const char *hf)
{
    return strstr(hf, "q_proj") ? c->n_heads : strstr(hf, "k_proj") ? c->n_kv_heads : 0;
}

/* llama3's scaling is a tensor first of all: what each pair's rate is divided by. */
static float *rates_of(const struct llama_config *c)
{
    const struct rope_scaling plain = { .kind = ROPE_PLAIN };
    size_t D = llama_head_dim(c);
    float *by = mem_array(D / 2, sizeof *by);
    for (size_t j = 0; j < D / 2; j++)
        by[j] = (float)(rope_rate(j, D, c->rope_theta, &plain) /
                        rope_rate(j, D, c->rope_theta, &c->rope));
    return by;
}

static struct gguf_tensor tensor_of(const struct llama_config *c, const struct param *p,
                                    enum tensor_type type)
{
    struct gguf_tensor t = { .n_dims = p->n_dims, .dims = { p->dims[0], p->dims[1] },
                             .type = p->type, .as = p->n_dims == 1 ? TENSOR_F32 : type,
                             .data = p->data, .heads = gguf_turned_heads(c, p->name) };
    gguf_name(p->name, t.name);
    return t;
}

static bool write_file(const char *path, const struct model *m, enum tensor_type type,
                       const struct gguf_keys *k, struct err *err)
{
    const struct llama_config *c = &m->config;
    struct gguf_tensor *t = mem_array(m->n_params + 1, sizeof *t);
    float *rates = c->rope.kind == ROPE_LLAMA3 ? rates_of(c) : NULL;
    size_t n = 0;
    if (rates)
        t[n++] = (struct gguf_tensor){ .name = "rope_freqs.weight", .n_dims = 1,
                                       .dims = { llama_head_dim(c) / 2 }, .data = rates };
    for (size_t i = 0; i < m->n_params; i++)
        t[n++] = tensor_of(c, &m->param[i], type);
    bool good = gguf_file(path, k, t, n, err);
    free(rates);
    free(t);
    return good;
}

bool gguf_write(const char *path, const struct model *m, const struct gguf_options *o,
                struct err *err)
{
    struct gguf_keys k = { 0 };
    gguf_key_string(&k, "general.architecture", "llama");
    gguf_key_string(&k, "general.type", "model");
    gguf_key_string(&k, "general.name", o->name);
    if (o->license)
        gguf_key_string(&k, "general.license", o->license);
    gguf_key_u32(&k, "general.file_type", file_type(o->type));
    gguf_key_u32(&k, "general.alignment", GGUF_ALIGNMENT);
    add_shape(&k, &m->config);
    bool good = gguf_tokenizer(&k, &m->config, o, err) && write_file(path, m, o->type, &k, err);
    buf_free(&k.b);
    return good;
}
