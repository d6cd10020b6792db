/* gguf_adapter.c: an adapter alone, as llama.cpp's own converter writes it.
 *
 *     blk.N.attn_q.weight.lora_a (rank, in)      .lora_b (out, rank), rows of q and k turned
 *
 * A reader adds alpha / rank times B A. A rank-stabilised scale is alpha / sqrt(rank): its alpha is
 * written larger by sqrt(rank).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llm/gguf.h"
#include "llm/gguf_priv.h"

/* "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" is
 * "blk.0.attn_q.weight.lora_a". */
static struct gguf_tensor tensor_of(const struct lora *l, const struct param *p)
{
    static const char prefix[] = "base_model.model.";
    const char *end = strstr(p->name, ".lora_");
    bool b = end[6] == 'B';
    char hf[sizeof p->name], base[GGUF_NAME];
    snprintf(hf, sizeof hf, "%.*s.weight", (int)(end - p->name - (long)strlen(prefix)),
             p->name + strlen(prefix));
    gguf_name(hf, base);
    struct gguf_tensor t = { .n_dims = 2, .dims = { p->dims[0], p->dims[1] }, .data = p->data,
                             .heads = b ? gguf_turned_heads(&l->shape, hf) : 0 };
    REQUIRE((size_t)snprintf(t.name, sizeof t.name, "%s.lora_%c", base, b ? 'b' : 'a') <
            sizeof t.name);
    return t;
}

bool gguf_write_adapter(const char *path, const struct lora *l, const char *name, struct err *err)
{
    struct gguf_keys k = { 0 };
    struct gguf_tensor *t = mem_array(l->n_params, sizeof *t);
    gguf_key_string(&k, "general.architecture", "llama");
    gguf_key_string(&k, "general.type", "adapter");
    gguf_key_string(&k, "general.name", name);
    gguf_key_u32(&k, "general.file_type", 0);
    gguf_key_u32(&k, "general.alignment", GGUF_ALIGNMENT);
    gguf_key_string(&k, "adapter.type", "lora");
    gguf_key_f32(&k, "adapter.lora.alpha", l->scale * (float)l->options.rank);
    for (size_t i = 0; i < l->n_params; i++)
        t[i] = tensor_of(l, &l->param[i]);
    bool good = gguf_file(path, &k, t, l->n_params, err);
    buf_free(&k.b);
    free(t);
    return good;
}
