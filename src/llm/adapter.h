/* adapter.h: LoRA adapters as PEFT directories, pinned to what they were trained on.
 *
 *     DIR/adapter_config.json  adapter_model.safetensors
 *
 * Besides its provenance, __metadata__ holds the SHA-256 of the base's weights and tokenizer and
 * of the adapters that lay under it, in order ("base.sha256", "tokenizer.sha256",
 * "under.sha256"): on any other stack it is refused. Directories that PEFT itself wrote have
 * no such keys; of them only the shapes are checked.
 *
 * Reading is strict as in checkpoint.h, but keys of adapter_config.json that we do not know are
 * passed over, as PEFT grows new ones. Known ones that would change what the adapter does and that
 * we do not do (use_dora, bias, modules_to_save, patterns of ranks, ...) are refused by name.
 */
#ifndef LLM_ADAPTER_H
#define LLM_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/meta.h"
#include "base/str.h"
#include "llm/lora.h"

enum { ADAPTERS_MAX = 16 };    /* in a stack */

/* What an adapter stands on: hashes in hexadecimal. */
struct adapter_pins {
    char base[SHA256_HEX];         /* of the weights' file, or of the hashes of its shards */
    char tokenizer[SHA256_HEX];    /* of tokenizer.json */
    char under[ADAPTERS_MAX][SHA256_HEX];   /* of the adapters below, lowest first */
    size_t n_under;
};

/* The pins of a checkpoint directory with nothing on it. */
bool adapter_pins_of(const char *base_dir, struct adapter_pins *pins, struct err *err);

/* Makes the directory; the weights are written last. meta may be NULL. */
bool adapter_save(const char *dir, const struct lora *l, const struct adapter_pins *pins,
                  struct meta *meta, struct err *err);

/* Read the adapter for a model of this shape; on success *l is the caller's to free. With pins,
 * an adapter that was trained on others is refused, and else is added to pins->under. */
bool adapter_load(const char *dir, const struct llama_config *c, struct adapter_pins *pins,
                  struct lora **l, struct err *err);

/* A stack of adapters on a base, all pins checked: stack[0..n) are the caller's to free with
 * adapter_stack_free. *pins, unless NULL, is then what a next adapter would stand on. */
bool adapter_stack_load(const char *base_dir, const struct llama_config *c,
                        const char *const *dir, size_t n, struct lora *stack[ADAPTERS_MAX],
                        struct adapter_pins *pins, struct err *err);
void adapter_stack_free(struct lora *const *stack, size_t n);

/* adapter_config.json from memory; `name` stands for the file in messages. */
bool adapter_parse_config(struct str json, const char *name, struct lora_options *o,
                          struct err *err);

/* The value under `key` in the adapter's __metadata__, appended. False: there is none. */
bool adapter_meta(const char *dir, const char *key, struct buf *out, struct err *err);

#endif
