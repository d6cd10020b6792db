/* checkpoint_save.c: six files, the weights last.
 *
 * Shards are filled in the order of the model's table, each to the bound; what is said about them
 * (the index) is written after them, and taken away before any is replaced.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/checkpoint_priv.h"
#include "llm/safetensors.h"
#include "llm/tokenizer_priv.h"

#define INDEX "model.safetensors.index.json"

bool checkpoint_write_json(const char *dir, const char *name, json_t *o, struct err *err)
{
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    char *path = file_join(dir, name);
    struct buf b = { 0 };
    REQUIRE(text);
    buf_printf(&b, "%s\n", text);
    bool good = file_write(path, b.p, b.n, err);
    buf_free(&b);
    free(path);
    free(text);
    json_decref(o);
    return good;
}

/* The name of a special token, if it has one. */
static void put_name(json_t *o, const char *key, const struct tokenizer *t, uint32_t id)
{
    if (id < t->n && t->token[id].content)
        json_object_set_new(o, key, json_string(t->token[id].content));
}

static bool save_small_files(const char *dir, const struct llama_config *c, enum tensor_type type,
                             const struct tokenizer *t, struct err *err)
{
    char *path = file_join(dir, "tokenizer.json");
    bool good = tokenizer_save(t, path, err);
    free(path);
    json_t *g = json_pack("{s:b, s:f}", "do_sample", 1, "temperature", 1.0);
    checkpoint_put_count(g, "bos_token_id", c->bos);
    checkpoint_put_count(g, "eos_token_id", c->eos);
    checkpoint_put_count(g, "pad_token_id", c->pad);
    checkpoint_put_count(g, "max_length", c->max_len);
    json_t *s = json_object();
    put_name(s, "bos_token", t, tokenizer_bos(t));
    put_name(s, "eos_token", t, tokenizer_eos(t));
    put_name(s, "pad_token", t, tokenizer_pad(t));
    json_t *k = json_pack("{s:s, s:b}", "tokenizer_class", "PreTrainedTokenizerFast",
                          "clean_up_tokenization_spaces", 0);
    checkpoint_put_count(k, "model_max_length", c->max_len);
    json_object_update(k, s);
    good = checkpoint_write_json(dir, "generation_config.json", g, good ? err : NULL) && good;
    good = checkpoint_write_json(dir, "tokenizer_config.json", k, good ? err : NULL) && good;
    good = checkpoint_write_json(dir, "special_tokens_map.json", s, good ? err : NULL) && good;
    json_t *o = checkpoint_config_json(c, type);
    return checkpoint_write_json(dir, "config.json", o, good ? err : NULL) && good;
}

/* What weights hang on: the tokenizer and the config that are there, one after the other. */
static struct buf what_stands(const char *dir)
{
    static const char *const name[] = { "tokenizer.json", "config.json" };
    struct buf all = { 0 }, one = { 0 };
    for (size_t i = 0; i < 2; i++) {
        char *path = file_join(dir, name[i]);
        if (file_read(path, &one, NULL))
            buf_add(&all, one.p, one.n);
        free(path);
    }
    buf_free(&one);
    return all;
}

static void forget(const char *dir, const char *name)
{
    char *path = file_join(dir, name);
    unlink(path);
    free(path);
}

/* Old weights do not stay beside a tokenizer or a config that are not theirs. */
static bool replace_small_files(const char *dir, const struct llama_config *c,
                                enum tensor_type type, const struct tokenizer *t, struct err *err)
{
    struct buf was = what_stands(dir);
    bool good = save_small_files(dir, c, type, t, err);
    struct buf is = what_stands(dir);
    if (!str_eq(buf_view(&was), buf_view(&is))) {
        forget(dir, "model.safetensors");
        forget(dir, INDEX);
    }
    buf_free(&was);
    buf_free(&is);
    return good;
}

static struct tensor *tensors_of(const struct model *m)
{
    struct tensor *at = mem_array(m->n_params, sizeof *at);
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        at[i] = (struct tensor){ .name = p->name, .type = p->type, .n_dims = p->n_dims,
                                 .dims = { p->dims[0], p->dims[1] }, .data = p->data,
                                 .bytes = p->count * tensor_type_size(p->type) };
    }
    return at;
}

/* How many tensors from the first on fit into `most` bytes; at least one, at most n. */
static size_t shard_of(const struct tensor *t, size_t n, enum tensor_type type, size_t most)
{
    size_t k = 0, bytes = 0;
    for (; k < n; k++) {
        bytes += t[k].bytes / tensor_type_size(t[k].type) * tensor_type_size(type);
        if (k > 0 && bytes > most)
            break;
    }
    return k;
}

struct shard_plan {
    struct tensor *t;
    size_t n, n_shards;
    size_t *first;             /* (n_shards + 1): tensors of shard i are first[i] to first[i+1] */
    struct checkpoint_format format;
};

static void shard_name(const struct shard_plan *p, size_t i, char name[64])
{
    snprintf(name, 64, "model-%05zu-of-%05zu.safetensors", i + 1, p->n_shards);
}

static bool write_index(const char *dir, const struct shard_plan *p, struct err *err)
{
    json_t *map = json_object();
    size_t bytes = 0;
    for (size_t i = 0; i < p->n_shards; i++) {
        char name[64];
        shard_name(p, i, name);
        for (size_t k = p->first[i]; k < p->first[i + 1]; k++) {
            json_object_set_new(map, p->t[k].name, json_string(name));
            bytes += p->t[k].bytes / tensor_type_size(p->t[k].type) *
                     tensor_type_size(p->format.type);
        }
    }
    return checkpoint_write_json(dir, INDEX, json_pack("{s:{s:I}, s:o}", "metadata", "total_size",
                                            (json_int_t)bytes, "weight_map", map), err);
}

/* Nothing says that these weights are there until the index does. */
static bool write_shards(const char *dir, const struct shard_plan *p, const struct meta *meta,
                         struct err *err)
{
    forget(dir, INDEX);
    for (size_t i = 0; i < p->n_shards; i++) {
        char name[64];
        shard_name(p, i, name);
        char *path = file_join(dir, name);
        bool good = safetensors_write_as(path, p->t + p->first[i], p->first[i + 1] - p->first[i],
                                         p->format.type, meta, err);
        free(path);
        if (!good)
            return false;
    }
    forget(dir, "model.safetensors");
    return write_index(dir, p, err);
}

static bool write_one(const char *dir, const struct shard_plan *p, const struct meta *meta,
                      struct err *err)
{
    char *path = file_join(dir, "model.safetensors");
    bool good = safetensors_write_as(path, p->t, p->n, p->format.type, meta, err);
    free(path);
    if (good)
        forget(dir, INDEX);
    return good;
}

bool checkpoint_save_as(const char *dir, const struct model *m, const struct tokenizer *t,
                        const struct checkpoint_format *f, const struct meta *meta,
                        struct err *err)
{
    if (!file_mkdirs(dir, err) || !replace_small_files(dir, &m->config, f->type, t, err))
        return false;
    struct shard_plan p = { .t = tensors_of(m), .n = m->n_params, .format = *f };
    p.first = mem_array(p.n + 1, sizeof *p.first);
    while (f->shard_bytes && p.first[p.n_shards] < p.n) {
        size_t at = p.first[p.n_shards++];
        p.first[p.n_shards] = at + shard_of(p.t + at, p.n - at, f->type, f->shard_bytes);
    }
    bool good = p.n_shards > 1 ? write_shards(dir, &p, meta, err) : write_one(dir, &p, meta, err);
    free(p.first);
    free(p.t);
    return good;
}

bool checkpoint_save(const char *dir, const struct model *m, const struct tokenizer *t,
                     const struct meta *meta, struct err *err)
{
    static const struct checkpoint_format plain = { TENSOR_F32, 0 };
    return checkpoint_save_as(dir, m, t, &plain, meta, err);
}
