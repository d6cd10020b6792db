/* gguf_priv.h: keys and values, for gguf.c and gguf_tokenizer.c. */
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

/* The tokenizer.ggml.* keys of a tokenizer.json, padded to the model's vocabulary. */
bool gguf_tokenizer(struct gguf_keys *k, const struct llama_config *c,
                    const struct gguf_options *o, struct err *err);

#endif
