/* checkpoint.h: a model and its tokenizer as a Hugging Face directory.
 *
 *     DIR/config.json  model.safetensors  tokenizer.json  generation_config.json
 *         tokenizer_config.json  special_tokens_map.json
 *
 * f32, bf16 and f16 are read and written (narrowed to the nearest, ties to even), in one file or in
 * shards with their index (llm/shards.h). The weights are written last, of shards the index: a
 * directory that has it is complete. Provenance goes to __metadata__ beside {"format": "pt"}.
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

struct checkpoint_format {
    enum tensor_type type;   /* of all tensors; TENSOR_F32 is 0 */
    size_t shard_bytes;      /* most data in a file, but always a tensor; 0: one file */
};

/* Makes the directory. meta may be NULL. On failure old weights are still there, unless the
 * tokenizer or the config beside them are new, or shards take their place: then they are gone, and
 * loading says so. Of another type than f32, config.json says so. */
bool checkpoint_save(const char *dir, const struct model *m, const struct tokenizer *t,
                     const struct meta *meta, struct err *err);
bool checkpoint_save_as(const char *dir, const struct model *m, const struct tokenizer *t,
                        const struct checkpoint_format *f, const struct meta *meta,
                        struct err *err);

/* On success *m and *t are the caller's to free. t may be NULL. Weights are f32 in memory. */
bool checkpoint_load(const char *dir, struct model **m, struct tokenizer **t, struct err *err);

/* The same, but matrices stay in the files, as they are: for reading alone (llm/model.h). */
bool checkpoint_map(const char *dir, struct model **m, struct tokenizer **t, struct err *err);

/* For those who only read: in memory up to CHECKPOINT_MAP_FROM weights, mapped above. */
bool checkpoint_open(const char *dir, struct model **m, struct tokenizer **t, struct err *err);
#define CHECKPOINT_MAP_FROM 0x1p28

/* config.json from memory; `name` stands for the file in messages. */
bool checkpoint_parse_config(struct str json, const char *name, struct llama_config *c,
                             struct err *err);

/* The provenance of a checkpoint: the value under `key` in __metadata__ (of the first shard),
 * appended to out. False when there is no such key. */
bool checkpoint_meta(const char *dir, const char *key, struct buf *out, struct err *err);

#endif
