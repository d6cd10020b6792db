/* gguf.c: keys in a buffer first, for their count stands before them; tensors straight to the file.
 *
 * The two orders of a head's rows, for head_dim 8:
 *
 *     Hugging Face  0 1 2 3 | 4 5 6 7      j turns with j + 4
 *     GGUF          0 4 1 5 2 6 3 7        neighbours turn
 */
#include "llm/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/gguf_priv.h"

enum { VERSION = 3, NAME_MAX_BYTES = 64 };

void gguf_raw(struct buf *b, const void *p, size_t n)
{
    buf_add(b, p, n);
}

void gguf_u32(struct buf *b, uint32_t x)
{
    buf_add(b, &x, sizeof x);
}

void gguf_u64(struct buf *b, uint64_t x)
{
    buf_add(b, &x, sizeof x);
}

void gguf_string(struct buf *b, const char *s)
{
    gguf_u64(b, strlen(s));
    buf_str(b, s);
}

static void key(struct gguf_keys *k, const char *name, enum gguf_type type)
{
    gguf_string(&k->b, name);
    gguf_u32(&k->b, type);
    k->n++;
}

void gguf_key_u32(struct gguf_keys *k, const char *name, uint32_t x)
{
    key(k, name, GGUF_U32);
    gguf_u32(&k->b, x);
}

void gguf_key_f32(struct gguf_keys *k, const char *name, float x)
{
    key(k, name, GGUF_F32);
    buf_add(&k->b, &x, sizeof x);
}

void gguf_key_bool(struct gguf_keys *k, const char *name, bool x)
{
    key(k, name, GGUF_BOOL);
    buf_char(&k->b, x);
}

void gguf_key_string(struct gguf_keys *k, const char *name, const char *s)
{
    key(k, name, GGUF_STRING);
    gguf_string(&k->b, s);
}

void gguf_key_array(struct gguf_keys *k, const char *name, enum gguf_type type, uint64_t n)
{
    key(k, name, GGUF_ARRAY);
    gguf_u32(&k->b, type);
    gguf_u64(&k->b, n);
}

static uint32_t ggml_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? 0 : type == TENSOR_F16 ? 1 : 30;
}

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
static void tensor_name(const struct param *p, char name[NAME_MAX_BYTES])
{
    static const struct { const char *hf, *ggml; } pair[] = {
        { "input_layernorm", "attn_norm" }, { "self_attn.q_proj", "attn_q" },
        { "self_attn.k_proj", "attn_k" }, { "self_attn.v_proj", "attn_v" },
        { "self_attn.o_proj", "attn_output" }, { "post_attention_layernorm", "ffn_norm" },
        { "mlp.gate_proj", "ffn_gate" }, { "mlp.up_proj", "ffn_up" },
        { "mlp.down_proj", "ffn_down" },
    };
    size_t layer;
    char part[NAME_MAX_BYTES] = "";
    if (sscanf(p->name, "model.layers.%zu.%63s", &layer, part) != 2) {
        bool embed = strcmp(p->name, "model.embed_tokens.weight") == 0;
        bool norm = strcmp(p->name, "model.norm.weight") == 0;
        snprintf(name, NAME_MAX_BYTES, "%s.weight",
                 embed ? "token_embd" : norm ? "output_norm" : "output");
        return;
    }
    *strrchr(part, '.') = '\0';
    size_t i = 0;
    while (strcmp(pair[i].hf, part) != 0)
        i++;
    snprintf(name, NAME_MAX_BYTES, "blk.%zu.%s.weight", layer, pair[i].ggml);
}

static enum tensor_type type_in_file(const struct param *p, enum tensor_type type)
{
    return p->n_dims == 1 ? TENSOR_F32 : type;
}

static size_t padded(size_t n)
{
    return (n + GGUF_ALIGNMENT - 1) / GGUF_ALIGNMENT * GGUF_ALIGNMENT;
}

/* llama3's scaling is a tensor first of all: what each pair's rate is divided by. */
static bool has_rates(const struct llama_config *c)
{
    return c->rope.kind == ROPE_LLAMA3;
}

static void add_infos(struct buf *b, const struct model *m, enum tensor_type type)
{
    uint64_t at = 0;
    if (has_rates(&m->config)) {
        gguf_string(b, "rope_freqs.weight");
        gguf_u32(b, 1);
        gguf_u64(b, llama_head_dim(&m->config) / 2);
        gguf_u32(b, ggml_type(TENSOR_F32));
        gguf_u64(b, at);
        at += padded(llama_head_dim(&m->config) / 2 * sizeof(float));
    }
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        enum tensor_type as = type_in_file(p, type);
        char name[NAME_MAX_BYTES];
        tensor_name(p, name);
        gguf_string(b, name);
        gguf_u32(b, (uint32_t)p->n_dims);
        for (size_t k = p->n_dims; k-- > 0;)
            gguf_u64(b, p->dims[k]);
        gguf_u32(b, ggml_type(as));
        gguf_u64(b, at);
        at += padded(p->count * tensor_type_size(as));
    }
}

/* Heads of a tensor whose rows change their order; 0: they stay. */
static size_t turned_heads(const struct llama_config *c, const struct param *p)
{
    return strstr(p->name, "q_proj") ? c->n_heads : strstr(p->name, "k_proj") ? c->n_kv_heads : 0;
}

/* The rows of q or k, a head at a time. */
static void write_turned(const struct param *p, size_t heads, enum tensor_type as, FILE *f)
{
    size_t row = p->dims[1] * tensor_type_size(p->type), D = p->dims[0] / heads;
    char *head = mem_array(D, row);
    struct tensor t = { .type = p->type, .data = head, .bytes = D * row };
    for (size_t h = 0; h < heads; h++) {
        const char *from = (const char *)p->data + h * D * row;
        for (size_t j = 0; j < D / 2; j++) {
            memcpy(head + 2 * j * row, from + j * row, row);
            memcpy(head + (2 * j + 1) * row, from + (D / 2 + j) * row, row);
        }
        tensor_write(&t, as, f);
    }
    free(head);
}

static void pad(FILE *f, size_t n)
{
    for (size_t i = n; i < padded(n); i++)
        fputc(0, f);
}

static void write_rates(const struct llama_config *c, FILE *f)
{
    const struct rope_scaling plain = { .kind = ROPE_PLAIN };
    size_t D = llama_head_dim(c);
    for (size_t j = 0; j < D / 2; j++) {
        float by = (float)(rope_rate(j, D, c->rope_theta, &plain) /
                           rope_rate(j, D, c->rope_theta, &c->rope));
        fwrite(&by, sizeof by, 1, f);
    }
    pad(f, D / 2 * sizeof(float));
}

static void write_tensors(const struct model *m, enum tensor_type type, FILE *f)
{
    if (has_rates(&m->config))
        write_rates(&m->config, f);
    for (size_t i = 0; i < m->n_params && !ferror(f); i++) {
        const struct param *p = &m->param[i];
        enum tensor_type as = type_in_file(p, type);
        size_t heads = turned_heads(&m->config, p);
        struct tensor t = { .type = p->type, .data = p->data,
                            .bytes = p->count * tensor_type_size(p->type) };
        if (heads)
            write_turned(p, heads, as, f);
        else
            tensor_write(&t, as, f);
        pad(f, p->count * tensor_type_size(as));
    }
}

static bool write_file(const char *path, const struct model *m, enum tensor_type type,
                       const struct gguf_keys *k, struct err *err)
{
    struct buf head = { 0 };
    struct outfile o;
    gguf_raw(&head, "GGUF", 4);
    gguf_u32(&head, VERSION);
    gguf_u64(&head, m->n_params + has_rates(&m->config));
    gguf_u64(&head, k->n);
    gguf_raw(&head, k->b.p, k->b.n);
    add_infos(&head, m, type);
    bool good = outfile_open(&o, path, err);
    if (good) {
        fwrite(head.p, 1, head.n, o.f);
        pad(o.f, head.n);
        write_tensors(m, type, o.f);
        good = outfile_commit(&o, err);
    }
    buf_free(&head);
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
