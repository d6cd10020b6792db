/* shards.h: the tensors of a checkpoint directory, in one file or in several.
 *
 *     DIR/model.safetensors                       or, where there is none,
 *     DIR/model.safetensors.index.json            {"weight_map": {tensor: file, ...}, "metadata"}
 *     DIR/model-00001-of-00003.safetensors ...
 *
 * Files are mapped, not read. Reading is strict: the index names plain files of its own directory;
 * every tensor it lists lies in the file it says, and no file holds one it does not list.
 */
#ifndef LLM_SHARDS_H
#define LLM_SHARDS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "llm/safetensors.h"

struct shard {
    char *path;
    struct safetensors file;
};

struct shards {
    struct shard *shard;     /* (n), in the order of their names */
    size_t n;
    size_t bytes;            /* of all files */
};

bool shards_open(struct shards *s, const char *dir, struct err *err);
void shards_close(struct shards *s);

/* The tensor, and in *path (may be NULL) the file that holds it; NULL: no such. */
const struct tensor *shards_find(const struct shards *s, const char *name, const char **path);

/* A model.safetensors.index.json in memory; `name` stands for the file in messages. */
struct shard_entry {
    char *tensor, *file;
};

struct shard_index {
    struct shard_entry *entry;   /* (n), by file, then tensor */
    size_t n, n_files;
};

bool shard_index_parse(struct str json, const char *name, struct shard_index *x, struct err *err);
void shard_index_free(struct shard_index *x);

#endif
