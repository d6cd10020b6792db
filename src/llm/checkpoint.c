/* checkpoint.c: a directory becomes a model, in memory or over its mapped files. */
#include "llm/checkpoint.h"

#include <stdlib.h>

#include "base/file.h"
#include "llm/shards.h"

static bool load_config(const char *dir, struct llama_config *c, struct err *err)
{
    char *path = file_join(dir, "config.json");
    struct buf b = { 0 };
    bool good = file_read(path, &b, err) && checkpoint_parse_config(buf_view(&b), path, c, err);
    buf_free(&b);
    free(path);
    return good;
}

static bool load_tokenizer(const char *dir, const struct model *m, struct tokenizer **t,
                           struct err *err)
{
    char *path = file_join(dir, "tokenizer.json");
    *t = tokenizer_load(path, err);
    if (*t && tokenizer_size(*t) > m->config.vocab) {
        err_set(err, EXIT_DATA, "%s: %zu tokens, but the model has %zu", path, tokenizer_size(*t),
                m->config.vocab);
        tokenizer_free(*t);
        *t = NULL;
    }
    free(path);
    return *t != NULL;
}

enum place { IN_MEMORY, IN_FILES };

static struct model *load_weights(const char *dir, const struct llama_config *c, enum place place,
                                  struct err *err)
{
    struct shards s;
    if (!shards_open(&s, dir, err))
        return NULL;
    struct model *m = place == IN_FILES ? model_map(c, &s, err) : model_read(c, &s, err);
    shards_close(&s);
    return m;
}

static bool load(const char *dir, enum place place, struct model **m, struct tokenizer **t,
                 struct err *err)
{
    struct llama_config c;
    if (!load_config(dir, &c, err))
        return false;
    *m = load_weights(dir, &c, place, err);
    if (*m && (!t || load_tokenizer(dir, *m, t, err)))
        return true;
    model_free(*m);
    *m = NULL;
    return false;
}

bool checkpoint_load(const char *dir, struct model **m, struct tokenizer **t, struct err *err)
{
    return load(dir, IN_MEMORY, m, t, err);
}

bool checkpoint_map(const char *dir, struct model **m, struct tokenizer **t, struct err *err)
{
    return load(dir, IN_FILES, m, t, err);
}

bool checkpoint_open(const char *dir, struct model **m, struct tokenizer **t, struct err *err)
{
    struct llama_config c;
    if (!load_config(dir, &c, err))
        return false;
    bool large = llama_matrix_weights(&c) > CHECKPOINT_MAP_FROM;
    return load(dir, large ? IN_FILES : IN_MEMORY, m, t, err);
}

bool checkpoint_meta(const char *dir, const char *key, struct buf *out, struct err *err)
{
    struct shards s;
    if (!shards_open(&s, dir, err))
        return false;
    const char *value = safetensors_meta(&s.shard->file, key);
    if (value)
        buf_str(out, value);
    else
        err_set(err, EXIT_DATA, "%s: __metadata__ has no \"%s\"", s.shard->path, key);
    shards_close(&s);
    return value != NULL;
}
