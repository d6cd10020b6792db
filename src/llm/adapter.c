/* adapter.c: two files; the pins are compared before a weight is read. */
#include "llm/adapter.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/checkpoint_priv.h"
#include "llm/safetensors.h"
#include "ml/vec.h"

#define WEIGHTS "adapter_model.safetensors"
#define CONFIG "adapter_config.json"

/* ---- pins ---- */

static bool hash_in(const char *dir, const char *name, char hex[SHA256_HEX], struct err *err)
{
    char *path = file_join(dir, name);
    bool good = hash_sha256_file(path, hex, err);
    free(path);
    return good;
}

static int is_shard(const struct dirent *e)
{
    struct str name = str_of(e->d_name);
    return str_starts(name, "model-") && str_ends(name, ".safetensors");
}

/* The hash of the shards' hashes, in the order of their names. */
static bool hash_shards(const char *dir, char hex[SHA256_HEX], struct err *err)
{
    struct dirent **shard = NULL;
    int n = scandir(dir, &shard, is_shard, alphasort);
    struct buf all = { 0 };
    bool good = n > 0 || err_set(err, EXIT_NOINPUT, "%s: no model.safetensors", dir);
    for (int i = 0; i < n; i++) {
        good = good && hash_in(dir, shard[i]->d_name, hex, err);
        buf_str(&all, hex);
        free(shard[i]);
    }
    free(shard);
    if (good)
        hash_sha256(all.p, all.n, hex);
    buf_free(&all);
    return good;
}

bool adapter_pins_of(const char *base_dir, struct adapter_pins *pins, struct err *err)
{
    char *whole = file_join(base_dir, "model.safetensors");
    bool one = file_exists(whole);
    free(whole);
    *pins = (struct adapter_pins){ 0 };
    return (one ? hash_in(base_dir, "model.safetensors", pins->base, err)
                : hash_shards(base_dir, pins->base, err)) &&
           hash_in(base_dir, "tokenizer.json", pins->tokenizer, err);
}

static void put_under(const struct adapter_pins *pins, struct buf *b)
{
    for (size_t i = 0; i < pins->n_under; i++)
        buf_printf(b, "%s%s", i ? " " : "", pins->under[i]);
    buf_str(b, "");
}

/* Each pin that the file has must be the one that is there. */
static bool pins_hold(const struct safetensors *s, const struct adapter_pins *pins,
                      const char *path, struct err *err)
{
    struct buf under = { 0 };
    put_under(pins, &under);
    const char *base = safetensors_meta(s, "base.sha256");
    const char *words = safetensors_meta(s, "tokenizer.sha256");
    const char *below = safetensors_meta(s, "under.sha256");
    bool good = true;
    if (base && strcmp(base, pins->base) != 0)
        good = err_set(err, EXIT_DATA, "%s: trained on another base (%.12s..., not %.12s...)", path,
                       base, pins->base);
    else if (words && strcmp(words, pins->tokenizer) != 0)
        good = err_set(err, EXIT_DATA, "%s: trained with another tokenizer "
                       "(%.12s..., not %.12s...)", path, words, pins->tokenizer);
    else if (below && strcmp(below, under.p) != 0)
        good = err_set(err, EXIT_DATA, "%s: trained on top of %s, not of %s", path,
                       *below ? "other adapters" : "the base alone",
                       pins->n_under ? "those given before it" : "the base alone");
    buf_free(&under);
    return good;
}

/* ---- writing ---- */

static json_t *config_json(const struct lora_options *o)
{
    json_t *modules = json_array();
    for (size_t t = 0; t < LORA_TARGETS; t++)
        if (o->targets >> t & 1)
            json_array_append_new(modules, json_string(lora_modules[t]));
    json_t *alpha = o->alpha == floor(o->alpha) ? json_integer((json_int_t)o->alpha)
                                                : json_real(o->alpha);
    json_t *j = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:f, s:n, s:I, s:o, s:o}",
                          "peft_type", "LORA", "task_type", "CAUSAL_LM", "bias", "none",
                          "fan_in_fan_out", 0, "inference_mode", 1, "use_rslora",
                          (int)o->rank_stabilised, "lora_dropout", o->dropout,
                          "base_model_name_or_path", "r", (json_int_t)o->rank, "lora_alpha", alpha,
                          "target_modules", modules);
    REQUIRE(j);
    return j;
}

static bool save_weights(const char *dir, const struct lora *l, const struct meta *meta,
                         struct err *err)
{
    struct tensor *at = mem_array(l->n_params, sizeof *at);
    for (size_t i = 0; i < l->n_params; i++) {
        const struct param *p = &l->param[i];
        at[i] = (struct tensor){ .name = p->name, .type = TENSOR_F32, .n_dims = 2,
                                 .dims = { p->dims[0], p->dims[1] },
                                 .data = l->weights + p->offset,
                                 .bytes = p->count * sizeof(float) };
    }
    char *path = file_join(dir, WEIGHTS);
    bool good = safetensors_write(path, at, l->n_params, meta, err);
    free(path);
    free(at);
    return good;
}

bool adapter_save(const char *dir, const struct lora *l, const struct adapter_pins *pins,
                  struct meta *meta, struct err *err)
{
    struct meta *own = meta ? NULL : meta_new("train");
    struct meta *m = meta ? meta : own;
    struct buf under = { 0 };
    put_under(pins, &under);
    meta_text(m, "base.sha256", pins->base);
    meta_text(m, "tokenizer.sha256", pins->tokenizer);
    meta_text(m, "under.sha256", under.p);
    bool good = file_mkdirs(dir, err) &&
                checkpoint_write_json(dir, CONFIG, config_json(&l->options), err) &&
                save_weights(dir, l, m, err);
    buf_free(&under);
    meta_free(own);
    return good;
}

/* ---- reading ---- */

static bool take_tensor(struct lora *l, const struct param *p, const struct safetensors *s,
                        const char *path, struct err *err)
{
    const struct tensor *t = safetensors_find(s, p->name);
    if (!t)
        return err_set(err, EXIT_DATA, "%s: tensor \"%s\" is missing", path, p->name);
    if (t->n_dims != 2 || t->dims[0] != p->dims[0] || t->dims[1] != p->dims[1])
        return err_set(err, EXIT_DATA, "%s: tensor \"%s\": shape is not (%zu, %zu)", path, p->name,
                       p->dims[0], p->dims[1]);
    if (t->type == TENSOR_OTHER)
        return err_set(err, EXIT_DATA, "%s: tensor \"%s\": neither F32, F16 nor BF16", path,
                       p->name);
    tensor_floats(t, l->weights + p->offset);
    return vec_find_bad(p->count, l->weights + p->offset) == p->count ||
           err_set(err, EXIT_DATA, "%s: tensor \"%s\" has a value that is not finite", path,
                   p->name);
}

static bool has_place(const struct lora *l, const char *name)
{
    for (size_t i = 0; i < l->n_params; i++)
        if (strcmp(l->param[i].name, name) == 0)
            return true;
    return false;
}

static bool take_weights(struct lora *l, const struct safetensors *s, const char *path,
                         struct err *err)
{
    for (size_t i = 0; i < l->n_params; i++)
        if (!take_tensor(l, &l->param[i], s, path, err))
            return false;
    for (size_t i = 0; i < s->n; i++)
        if (!has_place(l, s->tensor[i].name))
            return err_set(err, EXIT_DATA, "%s: tensor \"%.80s\" has no place in an adapter "
                           "like this", path, s->tensor[i].name);
    return true;
}

static bool load_config(const char *dir, const struct llama_config *c, struct lora_options *o,
                        struct err *err)
{
    char *path = file_join(dir, CONFIG);
    struct buf b = { 0 };
    bool good = file_read(path, &b, err) && adapter_parse_config(buf_view(&b), path, o, err) &&
                (lora_options_check(o, c, err) || err_add(err, "%s", path));
    buf_free(&b);
    free(path);
    return good;
}

static bool load_weights(const char *path, const struct llama_config *c,
                         const struct lora_options *o, const struct adapter_pins *pins,
                         struct lora **l, struct err *err)
{
    struct safetensors s;
    if (!safetensors_open(&s, path, err))
        return false;
    bool good = !pins || pins_hold(&s, pins, path, err);
    if (good && 2 * lora_count(c, o) > (double)s.size)   /* before a config's word is taken */
        good = err_set(err, EXIT_DATA, "%s: %zu bytes cannot hold the %.0f weights of " CONFIG,
                       path, s.size, lora_count(c, o));
    if (good) {
        *l = lora_new(c, o);
        good = take_weights(*l, &s, path, err);
    }
    safetensors_close(&s);
    return good;
}

bool adapter_load(const char *dir, const struct llama_config *c, struct adapter_pins *pins,
                  struct lora **l, struct err *err)
{
    struct lora_options o;
    char *path = file_join(dir, WEIGHTS);
    *l = NULL;
    bool good = load_config(dir, c, &o, err) && load_weights(path, c, &o, pins, l, err);
    if (good && pins) {
        good = pins->n_under < ADAPTERS_MAX ||
               err_set(err, EXIT_USAGE, "%s: a stack holds %d adapters at most", dir, ADAPTERS_MAX);
        good = good && hash_sha256_file(path, pins->under[pins->n_under], err);
        pins->n_under += good;
    }
    if (!good) {
        lora_free(*l);
        *l = NULL;
    }
    free(path);
    return good;
}

bool adapter_stack_load(const char *base_dir, const struct llama_config *c,
                        const char *const *dir, size_t n, struct lora *stack[ADAPTERS_MAX],
                        struct adapter_pins *pins, struct err *err)
{
    struct adapter_pins own = { 0 };
    size_t i = 0;
    pins = pins ? pins : &own;
    bool good = adapter_pins_of(base_dir, pins, err);
    while (good && i < n && (good = adapter_load(dir[i], c, pins, &stack[i], err)))
        i++;
    if (!good)
        adapter_stack_free(stack, i);
    return good;
}

void adapter_stack_free(struct lora *const *stack, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lora_free(stack[i]);
}

bool adapter_meta(const char *dir, const char *key, struct buf *out, struct err *err)
{
    char *path = file_join(dir, WEIGHTS);
    struct safetensors s;
    bool good = safetensors_open(&s, path, err);
    if (good) {
        const char *value = safetensors_meta(&s, key);
        good = value || err_set(err, EXIT_DATA, "%s: __metadata__ has no \"%s\"", path, key);
        if (value)
            buf_str(out, value);
        safetensors_close(&s);
    }
    free(path);
    return good;
}
