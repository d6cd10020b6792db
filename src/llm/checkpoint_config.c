/* checkpoint_config.c: config.json, written for old readers and new, and read strictly, by key.
 *
 * What would make this another model than the weights were trained as (biases, rotary positions
 * scaled in ways we do not know, another activation) is refused by name; what changes nothing is
 * not looked at.
 */
#include <jansson.h>
#include <string.h>

#include "llm/checkpoint_priv.h"

void checkpoint_put_count(json_t *o, const char *key, size_t x)
{
    json_object_set_new(o, key, json_integer((json_int_t)x));
}

static const char *const rope_types[] = { "default", "linear", "llama3" };

/* rope_parameters, and the rope_scaling of old readers, which have the theta at the top. */
static void put_rope(json_t *o, const struct llama_config *c)
{
    const struct rope_scaling *s = &c->rope;
    json_t *rope = json_pack("{s:s}", "rope_type", rope_types[s->kind]);
    if (s->kind != ROPE_PLAIN)
        json_object_set_new(rope, "factor", json_real(s->factor));
    if (s->kind == ROPE_LLAMA3) {
        json_object_set_new(rope, "low_freq_factor", json_real(s->low));
        json_object_set_new(rope, "high_freq_factor", json_real(s->high));
        checkpoint_put_count(rope, "original_max_position_embeddings", (size_t)s->original_len);
    }
    if (s->kind != ROPE_PLAIN)
        json_object_set_new(o, "rope_scaling", json_copy(rope));
    json_object_set_new(rope, "rope_theta", json_real(c->rope_theta));
    json_object_set_new(o, "rope_parameters", rope);
}

json_t *checkpoint_config_json(const struct llama_config *c, enum tensor_type type)
{
    static const char *const dtype[] = { "float32", "float16", "bfloat16" };
    json_t *o = json_pack("{s:[s], s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:f, s:f, s:f}",
        "architectures", "LlamaForCausalLM", "model_type", "llama", "hidden_act", "silu",
        "torch_dtype", dtype[type], "attention_bias", 0, "mlp_bias", 0, "use_cache", 1,
        "tie_word_embeddings", (int)c->tied, "initializer_range", 0.02,
        "rms_norm_eps", c->norm_eps, "rope_theta", c->rope_theta);
    REQUIRE(o);
    put_rope(o, c);
    checkpoint_put_count(o, "vocab_size", c->vocab);
    checkpoint_put_count(o, "hidden_size", c->d_model);
    checkpoint_put_count(o, "intermediate_size", c->d_ff);
    checkpoint_put_count(o, "num_hidden_layers", c->n_layers);
    checkpoint_put_count(o, "num_attention_heads", c->n_heads);
    checkpoint_put_count(o, "num_key_value_heads", c->n_kv_heads);
    checkpoint_put_count(o, "head_dim", llama_head_dim(c));
    checkpoint_put_count(o, "max_position_embeddings", c->max_len);
    checkpoint_put_count(o, "bos_token_id", c->bos);
    checkpoint_put_count(o, "eos_token_id", c->eos);
    checkpoint_put_count(o, "pad_token_id", c->pad);
    return o;
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

/* An id, or the first of several, as the ends of a chat model are. */
static uint32_t get_id(struct config_reader *r, const char *key)
{
    const json_t *v = json_object_get(r->o, key);
    if (!json_is_array(v))
        return (uint32_t)get_count(r, key, 0);
    const json_t *first = json_array_get(v, 0);
    if (r->good && (!json_is_integer(first) || json_integer_value(first) < 0 ||
                    json_integer_value(first) > 1 << 30))
        bad_key(r, key, "no list of ids");
    return r->good ? (uint32_t)json_integer_value(first) : 0;
}

/* Which kind of rope_types; without a name a factor is of a kind unknown. */
static bool rope_kind(const json_t *o, const char **name, enum rope_kind *kind)
{
    const json_t *type = json_object_get(o, "rope_type");
    type = type ? type : json_object_get(o, "type");
    *name = json_string_value(type);
    if (!json_is_object(o) || (type && !*name) || (!type && json_object_get(o, "factor")))
        return false;
    for (*kind = ROPE_PLAIN; *name && strcmp(*name, rope_types[*kind]) != 0; ++*kind)
        if (*kind == ROPE_LLAMA3)
            return false;
    return true;
}

/* rope_parameters, or rope_scaling as it was called. False: it says nothing. */
static bool get_scaling(struct config_reader *r, const char *key, struct rope_scaling *s)
{
    const json_t *o = json_object_get(r->o, key);
    const json_t *part = json_object_get(o, "partial_rotary_factor");
    const char *name;
    *s = (struct rope_scaling){ .kind = ROPE_PLAIN };
    if (!r->good || !o || json_is_null(o))
        return false;
    if (!rope_kind(o, &name, &s->kind)) {
        r->good = false;
        return err_set(r->err, EXIT_DATA,
                       "%s: %s: rotary positions of type \"%.40s\" are not supported", r->file, key,
                       name ? name : "(none)");
    }
    if (part && (!json_is_number(part) || json_number_value(part) != 1))
        return bad_key(r, key, "partial_rotary_factor is not 1");
    if (s->kind != ROPE_PLAIN)
        s->factor = get_real(r, o, "factor", 0);
    if (s->kind == ROPE_LLAMA3) {
        s->low = get_real(r, o, "low_freq_factor", 0);
        s->high = get_real(r, o, "high_freq_factor", 0);
        s->original_len = get_real(r, o, "original_max_position_embeddings", 0);
    }
    if (r->good && !rope_scaling_check(s))
        return bad_key(r, key, "its scaling lacks a number, or has one that makes no sense");
    return r->good;
}

/* Old configs have rope_scaling, new ones rope_parameters; where there are both they agree. */
static struct rope_scaling get_rope(struct config_reader *r)
{
    struct rope_scaling a, b;
    bool within = get_scaling(r, "rope_parameters", &a), top = get_scaling(r, "rope_scaling", &b);
    bool same = a.kind == b.kind && a.factor == b.factor && a.low == b.low && a.high == b.high &&
                a.original_len == b.original_len;
    if (within && top && !same)
        bad_key(r, "rope_scaling", "is not that of rope_parameters");
    return within ? a : b;
}

/* Old configs have rope_theta at the top, new ones in rope_parameters; many have both. */
static double get_theta(struct config_reader *r)
{
    const json_t *rope = json_object_get(r->o, "rope_parameters");
    double within = get_real(r, rope, "rope_theta", 0), top = get_real(r, r->o, "rope_theta", 0);
    if (r->good && within > 0 && top > 0 && within != top)
        bad_key(r, "rope_theta", "is not that of rope_parameters");
    return top > 0 ? top : within > 0 ? within : 10000;
}

static void must_be_false(struct config_reader *r, const char *key)
{
    if (get_flag(r, key, false))
        bad_key(r, key, "biases are not supported");
}

/* 0 where it is what the width and the heads say. */
static size_t get_head_dim(struct config_reader *r, const struct llama_config *c)
{
    const json_t *v = json_object_get(r->o, "head_dim");
    size_t dim = get_count(r, "head_dim", 0);
    if (r->good && dim == 0 && v && !json_is_null(v))
        bad_key(r, "head_dim", "is 0");
    return r->good && c->n_heads && dim * c->n_heads == c->d_model ? 0 : dim;
}

static bool read_config(const json_t *o, const char *file, struct llama_config *c, struct err *err)
{
    struct config_reader r = { o, file, err, true };
    if (!json_is_object(o))
        return err_set(err, EXIT_DATA, "%s: no JSON object", file);
    must_be(&r, "model_type", "llama");
    must_be(&r, "hidden_act", "silu");
    must_be_false(&r, "attention_bias");
    must_be_false(&r, "mlp_bias");
    *c = (struct llama_config){
        .vocab = get_count(&r, "vocab_size", SIZE_MAX),
        .d_model = get_count(&r, "hidden_size", SIZE_MAX),
        .n_layers = get_count(&r, "num_hidden_layers", SIZE_MAX),
        .n_heads = get_count(&r, "num_attention_heads", SIZE_MAX),
        .d_ff = get_count(&r, "intermediate_size", SIZE_MAX),
        .max_len = get_count(&r, "max_position_embeddings", 2048),
        .norm_eps = get_real(&r, o, "rms_norm_eps", 1e-6),
        .tied = get_flag(&r, "tie_word_embeddings", false),
        .bos = get_id(&r, "bos_token_id"),
        .eos = get_id(&r, "eos_token_id"),
        .pad = get_id(&r, "pad_token_id"),
    };
    c->rope = get_rope(&r);
    c->rope_theta = get_theta(&r);
    c->n_kv_heads = get_count(&r, "num_key_value_heads", c->n_heads);
    c->head_dim = get_head_dim(&r, c);
    if (!r.good)
        return false;
    if (!llama_config_check(c, err))
        return err_add(err, "%s", file);
    if (c->bos >= c->vocab || c->eos >= c->vocab)
        return bad_key(&r, c->bos >= c->vocab ? "bos_token_id" : "eos_token_id",
                       "is not below vocab_size");
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
