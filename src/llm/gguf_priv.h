/* gguf_priv.h: keys, values and tensors, and the file of them. Within llm/ only. */
#ifndef LLM_GGUF_PRIV_H
#define LLM_GGUF_PRIV_H

#include "llm/gguf.h"

enum gguf_type { GGUF_U32 = 4, GGUF_I32 = 5, GGUF_F32 = 6, GGUF_BOOL = 7, GGUF_STRING = 8,
                 GGUF_ARRAY = 9 };

struct gguf_keys {                 /* the keys so far, as they go to the file */
    struct buf b;
    uint64_t n;
};

void gguf_raw(struct buf *b, const void *p, size_t n);
void gguf_u32(struct buf *b, uint32_t x);
void gguf_u64(struct buf *b, uint64_t x);
void gguf_string(struct buf *b, const char *s);

void gguf_key_u32(struct gguf_keys *k, const char *key, uint32_t x);
void gguf_key_f32(struct gguf_keys *k, const char *key, float x);
void gguf_key_bool(struct gguf_keys *k, const char *key, bool x);
void gguf_key_string(struct gguf_keys *k, const char *key, const char *s);
void gguf_key_array(struct gguf_keys *k, const char *key, enum gguf_type type, uint64_t n);

enum { GGUF_NAME = 64 };

struct gguf_tensor {
    char name[GGUF_NAME];
    size_t n_dims, dims[2];        /* as in memory: the slowest first */
    enum tensor_type type, as;     /* of data; in the file */
    const void *data;              /* borrowed */
    size_t heads;                  /* whose rows change to GGUF's order; 0: rows stay */
};

/* Write aside and rename. */
bool gguf_file(const char *path, const struct gguf_keys *k, const struct gguf_tensor *t, size_t n,
               struct err *err);

/* GGUF's name of a tensor of model.h's table; heads of its rows that change their order, or 0. */
void gguf_name(const char *hf, char name[GGUF_NAME]);
size_t gguf_turned_heads(const struct llama_config *c, const char *hf);

/* The tokenizer.ggml.* keys of a tokenizer.json, padded to the model's vocabulary. */
bool gguf_tokenizer(struct gguf_keys *k, const struct llama_config *c,
                    const struct gguf_options *o, struct err *err);

#endif
