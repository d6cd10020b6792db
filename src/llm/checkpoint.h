/* checkpoint.h: a model and its tokenizer as a Hugging Face directory.
 *
 *     DIR/config.json  model.safetensors  tokenizer.json  generation_config.json
 *         tokenizer_config.json  special_tokens_map.json
 *
 * Weights are written as f32; f32, bf16 and f16 are read. model.safetensors is written last: a
 * directory that has it is complete. Provenance goes to its __metadata__ beside {"format": "pt"}.
 * Reading is strict: whatever is malformed, missing, left over or of another shape is refused in
 * one line that names file, tensor or key, and reason.
 */
#ifndef LLM_CHECKPOINT_H
#define LLM_CHECKPOINT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/meta.h"
#include "base/str.h"
#include "llm/model.h"
#include "llm/tokenizer.h"

/* Makes the directory. meta may be NULL. On failure old weights are still there, unless the
 * tokenizer or the config beside them are new: then they are gone, and loading says so. */
bool checkpoint_save(const char *dir, const struct model *m, const struct tokenizer *t,
                     const struct meta *meta, struct err *err);

/* On success *m and *t are the caller's to free. t may be NULL. */
bool checkpoint_load(const char *dir, struct model **m, struct tokenizer **t, struct err *err);

/* config.json from memory; `name` stands for the file in messages. */
bool checkpoint_parse_config(struct str json, const char *name, struct llama_config *c,
                             struct err *err);

/* The provenance of a checkpoint: the value under `key` in __metadata__, appended to out.
 * False when there is no such key. */
bool checkpoint_meta(const char *dir, const char *key, struct buf *out, struct err *err);

#endif
