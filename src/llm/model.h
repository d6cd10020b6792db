/* model.h: a Llama-type transformer as one block of weights and one table.
 *
 * RMSNorm, rotary positions (rotate-half pairing, j with j + head_dim/2), SwiGLU, grouped-query
 * attention, no biases; output head tied to the embedding or not. Tensor names and shapes
 * are Hugging Face's, weights [out, in]. Allocation, checkpoint, optimizer and gradient check
 * all walk the same table; gradients and moments are blocks of the same layout.
 *
 * Within a layer q, k and v follow each other, and so do gate and up, so that one product
 * makes all three, or both.
 *
 * The matrices of a mapped model stay in their file, in the file's type, and cannot be trained:
 * only its norms are in the block. What reads weights through model_matrix runs either. Adapters,
 * which are merged into weights in memory, stay beside mapped ones.
 */
#ifndef LLM_MODEL_H
#define LLM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/shards.h"
#include "llm/weight.h"
#include "ml/rope.h"

struct llama_config {
    size_t vocab, d_model, n_layers;
    size_t n_heads;
    size_t n_kv_heads;             /* divides n_heads */
    size_t head_dim;               /* even; 0: d_model / n_heads */
    size_t d_ff;
    size_t max_len;                /* positions */
    double rope_theta, norm_eps;
    bool tied;                     /* lm_head is the embedding */
    uint32_t bos, eos, pad;
    struct rope_scaling rope;      /* zeros: plain */
};

static inline size_t llama_head_dim(const struct llama_config *c)
{
    return c->head_dim ? c->head_dim : c->d_model / c->n_heads;
}

/* What all query heads are wide together: d_model, unless head_dim says otherwise. */
static inline size_t llama_heads_width(const struct llama_config *c)
{
    return c->n_heads * llama_head_dim(c);
}

struct lora;

struct param {
    char name[80];                 /* "model.layers.0.self_attn.q_proj.weight" */
    size_t dims[2], n_dims;        /* [out, in], or [n] for a norm */
    size_t offset, count;          /* in floats, within the block; SIZE_MAX: in a file */
    const void *data;              /* where it lies, and as what: weights + offset, or mapped */
    enum tensor_type type;
};

struct layer_at {                  /* offsets within the block */
    size_t attn_norm;              /* (C) */
    size_t qkv;                    /* ((n_heads + 2 n_kv_heads) head_dim, C) */
    size_t out;                    /* (C, C) */
    size_t mlp_norm;               /* (C) */
    size_t gate_up;                /* (2 F, C) */
    size_t down;                   /* (C, F) */
};

struct model {
    struct llama_config config;
    struct param *param;           /* the table, in block order */
    size_t n_params;               /* its length */
    bool mapped;                   /* matrices are in `file`; the block holds the norms */
    struct shards file;            /* owned */
    size_t n_weights;              /* floats in the block */
    float *weights;                /* the block */
    size_t embed, norm, head;      /* (V, C), (C), (V, C): head == embed when tied */
    struct layer_at *layer;
    struct lora **adapter;         /* (n_adapters) owned: what passes add to every product */
    size_t n_adapters;
};

#define LLAMA_WEIGHTS_MAX 0x1p32     /* of a model in memory: 16 GiB of floats */

/* False, with the reason, when the shape makes no sense or has over 2^40 weights. */
bool llama_config_check(const struct llama_config *c, struct err *err);

/* Weights in all matrices: all but the norms. */
double llama_matrix_weights(const struct llama_config *c);

/* Presets by name: d_model, layers, heads, d_ff set; vocab, ids and max_len are the caller's.
 * "tiny" .1M, "small" .4M, "medium" .8M, "base" 2M (without the embedding), "S", "M", "L" (the
 * sizes our speed is quoted for). False when there is no such preset. */
bool llama_preset(const char *name, struct llama_config *c);
extern const char llama_presets[];   /* "tiny|small|medium|base|S|M|L" */

/* The matrices that products see; `layer` says whose, for all but the first two. */
enum matrix { MATRIX_EMBED, MATRIX_HEAD, MATRIX_QKV, MATRIX_OUT, MATRIX_GATE_UP, MATRIX_DOWN };

struct model *model_new(const struct llama_config *c);       /* weights are zero */
struct model *model_frame(const struct llama_config *c);     /* mapped, but to nothing yet */

/* A model over mapped files, which it takes: *s is empty afterwards. Every tensor of the table must
 * be in them, in its shape and as f32, f16 or bf16, and no other (but a tied head, and the
 * rotary_emb.inv_freq that old checkpoints carry). NULL: the message names what is wrong; *s stays
 * the caller's. */
struct model *model_map(const struct llama_config *c, struct shards *s, struct err *err);

/* The same with all weights copied to memory; s is only read. */
struct model *model_read(const struct llama_config *c, const struct shards *s, struct err *err);
void model_init(struct model *m, uint64_t seed);             /* draw them */
void model_free(struct model *m);                            /* NULL is fine */

/* From now on m has these n adapters, in order, and frees them: passes begun later (llm/backprop,
 * llm/decode) add them. For mapped models; into others they are merged (llm/lora.h). */
void model_take_adapters(struct model *m, struct lora *const *adapter, size_t n);
const struct param *model_param(const struct model *m, const char *name);   /* NULL: no such */
struct weight model_matrix(const struct model *m, enum matrix which, size_t layer);

#endif
