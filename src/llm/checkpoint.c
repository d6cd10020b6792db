/* checkpoint.c: six files, the weights last; config.json is read strictly, by key. */
#include "llm/checkpoint.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/safetensors.h"

static bool write_json(const char *dir, const char *name, json_t *o, struct err *err)
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

static void put_count(json_t *o, const char *key, size_t x)
{
    json_object_set_new(o, key, json_integer((json_int_t)x));
}

static json_t *config_json(const struct llama_config *c)
{
    json_t *o = json_pack("{s:[s], s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:f, s:f, s:f, s:{s:s, s:f}}",
        "architectures", "LlamaForCausalLM", "model_type", "llama", "hidden_act", "silu",
        "torch_dtype", "float32", "attention_bias", 0, "mlp_bias", 0, "use_cache", 1,
        "tie_word_embeddings", (int)c->tied, "initializer_range", 0.02,
        "rms_norm_eps", c->norm_eps, "rope_theta", c->rope_theta,
        "rope_parameters", "rope_type", "default", "rope_theta", c->rope_theta);
    REQUIRE(o);
    put_count(o, "vocab_size", c->vocab);
    put_count(o, "hidden_size", c->d_model);
    put_count(o, "intermediate_size", c->d_ff);
    put_count(o, "num_hidden_layers", c->n_layers);
    put_count(o, "num_attention_heads", c->n_heads);
    put_count(o, "num_key_value_heads", c->n_kv_heads);
    put_count(o, "head_dim", llama_head_dim(c));
    put_count(o, "max_position_embeddings", c->max_len);
    put_count(o, "bos_token_id", c->bos);
    put_count(o, "eos_token_id", c->eos);
    put_count(o, "pad_token_id", c->pad);
    return o;
}

static bool save_small_files(const char *dir, const struct llama_config *c,
                             const struct tokenizer *t, struct err *err)
{
    char *path = file_join(dir, "tokenizer.json");
    bool good = tokenizer_save(t, path, err);
    free(path);
    json_t *g = json_pack("{s:b, s:f}", "do_sample", 1, "temperature", 1.0);
    put_count(g, "bos_token_id", c->bos);
    put_count(g, "eos_token_id", c->eos);
    put_count(g, "pad_token_id", c->pad);
    put_count(g, "max_length", c->max_len);
    json_t *k = json_pack("{s:s, s:s, s:s, s:s, s:b}", "tokenizer_class", "PreTrainedTokenizerFast",
                          "bos_token", "<|begin|>", "eos_token", "<|end|>", "pad_token", "<|pad|>",
                          "clean_up_tokenization_spaces", 0);
    put_count(k, "model_max_length", c->max_len);
    json_t *s = json_pack("{s:s, s:s, s:s}", "bos_token", "<|begin|>", "eos_token", "<|end|>",
                          "pad_token", "<|pad|>");
    good = write_json(dir, "generation_config.json", g, good ? err : NULL) && good;
    good = write_json(dir, "tokenizer_config.json", k, good ? err : NULL) && good;
    good = write_json(dir, "special_tokens_map.json", s, good ? err : NULL) && good;
    return write_json(dir, "config.json", config_json(c), good ? err : NULL) && good;
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

/* Old weights do not stay beside a tokenizer or a config that are not theirs. */
static bool replace_small_files(const char *dir, const struct llama_config *c,
                                const struct tokenizer *t, struct err *err)
{
    struct buf was = what_stands(dir);
    bool good = save_small_files(dir, c, t, err);
    struct buf is = what_stands(dir);
    if (!str_eq(buf_view(&was), buf_view(&is))) {
        char *path = file_join(dir, "model.safetensors");
        unlink(path);
        free(path);
    }
    buf_free(&was);
    buf_free(&is);
    return good;
}

bool checkpoint_save(const char *dir, const struct model *m, const struct tokenizer *t,
                     const struct meta *meta, struct err *err)
{
    if (!file_mkdirs(dir, err) || !replace_small_files(dir, &m->config, t, err))
        return false;
    struct tensor *at = mem_array(m->n_params, sizeof *at);
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        at[i] = (struct tensor){ .name = p->name, .type = TENSOR_F32, .n_dims = p->n_dims,
                                 .dims = { p->dims[0], p->dims[1] },
                                 .data = m->weights + p->offset,
                                 .bytes = p->count * sizeof(float) };
    }
    char *path = file_join(dir, "model.safetensors");
    bool good = safetensors_write(path, at, m->n_params, meta, err);
    free(path);
    free(at);
    return good;
}

struct config_reader {
    const json_t *o;
    const char *file;
    struct err *err;
    bool good;
};

static bool bad_key(struct config_reader *r, const char *key, const char *why)
{
    r->good = false;
    return err_set(r->err, EXIT_DATA, "%s: %s: %s", r->file, key, why);
}

/* A count; absent gives `standard`, or an error when that is SIZE_MAX. */
static size_t get_count(struct config_reader *r, const char *key, size_t standard)
{
    const json_t *v = json_object_get(r->o, key);
    if (!r->good)
        return 0;
    if ((!v || json_is_null(v)) && standard != SIZE_MAX)
        return standard;
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > 1 << 30) {
        bad_key(r, key, "missing, or no count below 2^30");
        return 0;
    }
    return (size_t)json_integer_value(v);
}

static double get_real(struct config_reader *r, const json_t *o, const char *key, double standard)
{
    const json_t *v = json_object_get(o, key);
    if (!r->good || !v || json_is_null(v))
        return standard;
    if (!json_is_number(v) || !(json_number_value(v) > 0))
        bad_key(r, key, "no number above 0");
    return json_number_value(v);
}

static bool get_flag(struct config_reader *r, const char *key, bool standard)
{
    const json_t *v = json_object_get(r->o, key);
    if (!r->good || !v || json_is_null(v))
        return standard;
    if (!json_is_boolean(v))
        bad_key(r, key, "neither true nor false");
    return json_is_true(v);
}

static void must_be(struct config_reader *r, const char *key, const char *want)
{
    const char *v = json_string_value(json_object_get(r->o, key));
    if (r->good && (!v || strcmp(v, want) != 0))
        bad_key(r, key, v ? "is of another kind than we can run" : "missing");
}

static bool is_absent(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v);
}

static bool read_config(const json_t *o, const char *file, struct llama_config *c, struct err *err)
{
    struct config_reader r = { o, file, err, true };
    if (!json_is_object(o))
        return err_set(err, EXIT_DATA, "%s: no JSON object", file);
    must_be(&r, "model_type", "llama");
    must_be(&r, "hidden_act", "silu");
    const json_t *rope = json_object_get(o, "rope_parameters");
    const char *turn = json_string_value(json_object_get(rope, "rope_type"));
    if (r.good && turn && strcmp(turn, "default") != 0)
        bad_key(&r, "rope_parameters", "rope_type is not default");
    if (r.good && !is_absent(o, "rope_scaling"))
        bad_key(&r, "rope_scaling", "is not supported");
    *c = (struct llama_config){
        .vocab = get_count(&r, "vocab_size", SIZE_MAX),
        .d_model = get_count(&r, "hidden_size", SIZE_MAX),
        .n_layers = get_count(&r, "num_hidden_layers", SIZE_MAX),
        .n_heads = get_count(&r, "num_attention_heads", SIZE_MAX),
        .d_ff = get_count(&r, "intermediate_size", SIZE_MAX),
        .max_len = get_count(&r, "max_position_embeddings", 2048),
        .norm_eps = get_real(&r, o, "rms_norm_eps", 1e-6),
        .tied = get_flag(&r, "tie_word_embeddings", false),
        .bos = (uint32_t)get_count(&r, "bos_token_id", 0),
        .eos = (uint32_t)get_count(&r, "eos_token_id", 0),
        .pad = (uint32_t)get_count(&r, "pad_token_id", 0),
    };
    c->rope_theta = get_real(&r, o, "rope_theta", get_real(&r, rope, "rope_theta", 10000));
    c->n_kv_heads = get_count(&r, "num_key_value_heads", c->n_heads);
    if (get_flag(&r, "attention_bias", false) || get_flag(&r, "mlp_bias", false))
        bad_key(&r, "attention_bias", "biases are not supported");
    if (!r.good)
        return false;
    if (!llama_config_check(c, err))
        return err_add(err, "%s", file);
    size_t head = get_count(&r, "head_dim", llama_head_dim(c));
    if (r.good && head != llama_head_dim(c))
        return bad_key(&r, "head_dim", "is not hidden_size / num_attention_heads");
    return r.good;
}

bool checkpoint_parse_config(struct str json, const char *name, struct llama_config *c,
                             struct err *err)
{
    json_error_t je;
    json_t *o = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    bool good = o ? read_config(o, name, c, err)
                  : err_set(err, EXIT_DATA, "%s:%d: %s", name, je.line, je.text);
    json_decref(o);
    return good;
}

static bool load_config(const char *dir, struct llama_config *c, struct err *err)
{
    char *path = file_join(dir, "config.json");
    struct buf b = { 0 };
    bool good = file_read(path, &b, err) && checkpoint_parse_config(buf_view(&b), path, c, err);
    buf_free(&b);
    free(path);
    return good;
}

static bool copy_weights(struct model *m, const struct safetensors *s, const char *path,
                         struct err *err)
{
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        const struct tensor *t = safetensors_find(s, p->name);
        if (!t)
            return err_set(err, EXIT_DATA, "%s: tensor \"%s\" is missing", path, p->name);
        if (t->n_dims != p->n_dims || memcmp(t->dims, p->dims, p->n_dims * sizeof *p->dims) != 0)
            return err_set(err, EXIT_DATA, "%s: tensor \"%s\": shape is not config.json's", path,
                           p->name);
        if (t->type == TENSOR_OTHER)
            return err_set(err, EXIT_DATA, "%s: tensor \"%s\": neither F32, F16 nor BF16", path,
                           p->name);
        tensor_floats(t, m->weights + p->offset);
    }
    for (size_t i = 0; i < s->n; i++)
        if (!model_param(m, s->tensor[i].name) &&
            !(m->config.tied && strcmp(s->tensor[i].name, "lm_head.weight") == 0))
            return err_set(err, EXIT_DATA, "%s: tensor \"%.80s\" has no place in a model like this",
                           path, s->tensor[i].name);
    return true;
}

/* Before a config's word is taken for how much memory to ask for. */
static bool is_large_enough(const struct llama_config *c, const struct safetensors *s,
                            const char *path, struct err *err)
{
    double weights = llama_matrix_weights(c);
    return 2 * weights <= (double)s->size ||
           err_set(err, EXIT_DATA, "%s: %zu bytes cannot hold the %.0f weights of config.json",
                   path, s->size, weights);
}

static bool load_weights(const char *dir, const struct llama_config *c, struct model **m,
                         struct err *err)
{
    char *path = file_join(dir, "model.safetensors");
    struct safetensors s;
    bool good = safetensors_open(&s, path, err);
    if (good) {
        good = is_large_enough(c, &s, path, err);
        if (good) {
            *m = model_new(c);
            good = copy_weights(*m, &s, path, err);
        }
        safetensors_close(&s);
    }
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

bool checkpoint_load(const char *dir, struct model **m, struct tokenizer **t, struct err *err)
{
    struct llama_config c;
    if (!load_config(dir, &c, err))
        return false;
    *m = NULL;
    if (load_weights(dir, &c, m, err) && (!t || load_tokenizer(dir, *m, t, err)))
        return true;
    model_free(*m);
    *m = NULL;
    return false;
}

bool checkpoint_meta(const char *dir, const char *key, struct buf *out, struct err *err)
{
    char *path = file_join(dir, "model.safetensors");
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
