/* decode_priv.h: the weights of a decoder, and its keys and values. Within llm/ only. */
#ifndef LLM_DECODE_PRIV_H
#define LLM_DECODE_PRIV_H

#include "llm/decode.h"
#include "llm/lora.h"
#include "llm/model.h"
#include "ml/panels.h"
#include "ml/rope.h"

/* A matrix to multiply by: packed once, or, of a mapped model that is to be exact, packed panel by
 * panel when it is needed. The bits are the same. What adapters add to a mapped one is added to
 * every product. */
struct decode_matrix {
    struct panels packed;              /* w is NULL: not packed */
    struct weight weight;              /* rows [from, from + packed.N) */
    size_t from;
    struct lora_part *low;             /* (n_low), owned; their rows are of this matrix */
    size_t n_low, ranks;               /* ranks: their sum */
};

/* Rows at once: a whole number of the kernels' blocks; buffers stay small. */
enum { DECODE_ROWS = 96 };

struct decode_layer {
    struct decode_matrix qkv, out, gate, up, down;
    float *attn_norm, *mlp_norm;       /* (C) */
};

/* Read by any number of threads. Packed copies; of a mapped model the map, which must stay. */
struct decode_weights {
    struct llama_config config;
    struct decode_layer *layer;        /* (n_layers) */
    struct decode_matrix head;
    struct panels_room packed;         /* where what is packed lies */
    struct weight table;               /* (V, C): the embedding */
    float *embed, *norm;               /* (V, C) what table is of, unless mapped; (C) */
    struct rope *rope;
    size_t room;                       /* floats a decode_product needs, 0 when all is packed */
};

/* panels_product, whatever the matrix is. room (w->room) is the caller's alone. */
void decode_product(const struct decode_matrix *m, size_t first, size_t end, size_t R,
                    const float *x, size_t ldx, float *out, size_t ldo, float *room);

/* The keys and values of all slots. */
struct decode_cache {
    enum decoder_cache as;
    enum panels_type type;
    size_t slots, heads, D, max_len;   /* heads: of keys, of one layer */
    size_t size;                       /* bytes of a number */
    size_t keys_head, values_head;     /* floats of room of one head of one slot */
    struct panels_room keys, values;
};

struct decode_cache decode_cache_new(enum decoder_cache as, const struct llama_config *c,
                                     size_t slots, size_t max_len);
void decode_cache_free(struct decode_cache *c);

/* The number of head g of a slot at a layer, which the others are asked for. */
size_t decode_cache_head(const struct decode_cache *c, size_t layer, size_t slot, size_t g);

/* Positions [0, n) of one head are another's. */
void decode_cache_copy(const struct decode_cache *c, size_t to, size_t from, size_t n);

/* Remember a key (D) and a value (D) at their position. */
void decode_cache_put(const struct decode_cache *c, size_t head, size_t position, const float *key,
                      const float *value);

/* One query (D) against the positions [0, seen) of a head; score: room for them, up to a whole
 * panel; out (D). */
void decode_cache_attend(const struct decode_cache *c, size_t head, size_t seen, const float *q,
                         float *score, float *out);

struct decode_weights *decode_weights_new(enum decoder_weights as, const struct model *m);
void decode_weights_free(struct decode_weights *w);

#endif
