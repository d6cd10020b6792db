/* decode_priv.h: the weights of a decoder. Within llm/ only. */
#ifndef LLM_DECODE_PRIV_H
#define LLM_DECODE_PRIV_H

#include "llm/model.h"
#include "ml/panels.h"
#include "ml/rope.h"

struct decode_layer {
    struct panels qkv, out, gate, up, down;
    float *attn_norm, *mlp_norm;       /* (C) */
};

/* Packed copies, read by any number of threads. */
struct decode_weights {
    struct llama_config config;
    struct decode_layer *layer;        /* (n_layers) */
    struct panels head;
    float *embed, *norm;               /* (V, C), (C) */
    struct rope *rope;
};

struct decode_weights *decode_weights_new(const struct model *m);
void decode_weights_free(struct decode_weights *w);

#endif
