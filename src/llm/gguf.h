/* gguf.h: a model and its tokenizer as one GGUF file, version 3, for llama.cpp and its kin.
 *
 *     "GGUF" | u32 3 | u64 tensors | u64 keys | keys | tensor infos | pad to 32 | data
 *
 * Architecture "llama", which pairs element 2j of a head with 2j + 1 where Hugging Face pairs j
 * with j + head_dim/2: rows of q and k are put in that order. Norms are F32 whatever the type of
 * the matrices. Dimensions are reversed: the fastest first.
 *
 * The tokenizer comes from tokenizer.json: byte-level BPE as "gpt2" with its merges, Llama-2 style
 * (byte_fallback) as "llama" with scores that fall with the rank of the merge that makes a token.
 * GGUF has no place for a pre-tokenizer's own pattern: tokenizer.ggml.pre names the nearest that is
 * known ("llama-bpe" where whole words pass by the merges, "gpt-2" for GPT-2's pattern, else
 * "default"). A reader's token ids of a text agree where its pattern cuts as ours does.
 */
#ifndef LLM_GGUF_H
#define LLM_GGUF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "llm/lora.h"
#include "llm/model.h"

enum { GGUF_ALIGNMENT = 32 };

struct gguf_options {
    enum tensor_type type;         /* of the matrices */
    const char *name;              /* general.name */
    const char *license;           /* general.license; NULL: not said */
    struct str tokenizer;          /* tokenizer.json; name for messages below */
    const char *tokenizer_name;
};

/* Write aside and rename. m in memory or mapped. False: the tokenizer cannot be put into GGUF, or
 * the file cannot be written. */
bool gguf_write(const char *path, const struct model *m, const struct gguf_options *o,
                struct err *err);

/* An adapter alone, for the GGUF of its base: general.type "adapter", adapter.type "lora". */
bool gguf_write_adapter(const char *path, const struct lora *l, const char *name, struct err *err);

#endif
