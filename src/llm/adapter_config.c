/* adapter_config.c: what PEFT says about an adapter, and which of it we do. */
#include <jansson.h>
#include <string.h>

#include "llm/adapter.h"

/* Keys whose every value but these changes what the adapter does: absent, null, false, 0 or empty;
 * or the one word. */
static const struct {
    const char *key, *word;
} plain[] = {
    { "use_dora", NULL },             { "bias", "none" },           { "lora_bias", NULL },
    { "modules_to_save", NULL },      { "fan_in_fan_out", NULL },   { "rank_pattern", NULL },
    { "alpha_pattern", NULL },        { "layers_to_transform", NULL }, { "layers_pattern", NULL },
    { "layer_replication", NULL },    { "exclude_modules", NULL },  { "target_parameters", NULL },
    { "trainable_token_indices", NULL }, { "use_qalora", NULL },    { "use_bdlora", NULL },
    { "alora_invocation_tokens", NULL }, { "megatron_config", NULL }, { "arrow_config", NULL },
};

/* Ways to begin that change the base itself. */
static const char *const rebasing[] = { "pissa", "olora", "loftq", "corda", "lora_ga" };

static bool is_nothing(const json_t *v)
{
    return !v || json_is_null(v) || json_is_false(v) ||
           (json_is_string(v) && !json_string_length(v)) ||
           (json_is_array(v) && !json_array_size(v)) ||
           (json_is_object(v) && !json_object_size(v)) ||
           (json_is_number(v) && json_number_value(v) == 0);
}

static bool bad(struct err *err, const char *name, const char *key, const char *why)
{
    return err_set(err, EXIT_DATA, "%s: \"%s\" %s", name, key, why);
}

static bool is_plain(const json_t *o, const char *name, struct err *err)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        const json_t *v = json_object_get(o, plain[i].key);
        const char *word = json_string_value(v);
        if (!is_nothing(v) && !(plain[i].word && word && strcmp(word, plain[i].word) == 0))
            return bad(err, name, plain[i].key, "asks for what is not supported");
    }
    const char *init = json_string_value(json_object_get(o, "init_lora_weights"));
    for (size_t i = 0; init && i < sizeof rebasing / sizeof *rebasing; i++)
        if (strncmp(init, rebasing[i], strlen(rebasing[i])) == 0)
            return bad(err, name, "init_lora_weights", "is a way that changes the base");
    return true;
}

static bool read_targets(const json_t *v, const char *name, unsigned *targets, struct err *err)
{
    const char *all = json_string_value(v);
    *targets = 0;
    if (all && strcmp(all, "all-linear") == 0)
        *targets = (1u << LORA_TARGETS) - 1;
    else if (!json_is_array(v) || !json_array_size(v))
        return bad(err, name, "target_modules", "is no list of names");
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *module = json_string_value(json_array_get(v, i));
        size_t t = 0;
        while (module && t < LORA_TARGETS && strcmp(module, lora_modules[t]) != 0)
            t++;
        if (!module || t == LORA_TARGETS)
            return err_set(err, EXIT_DATA, "%s: \"target_modules\" has \"%.60s\", which is no "
                           "matrix we adapt", name, module ? module : "what is no name");
        *targets |= 1u << t;
    }
    return true;
}

static bool read_real(const json_t *o, const char *key, double standard, const char *name,
                      double *x, struct err *err)
{
    const json_t *v = json_object_get(o, key);
    *x = standard;
    if (!v || json_is_null(v))
        return true;
    *x = json_number_value(v);
    return json_is_number(v) || bad(err, name, key, "is no number");
}

static bool read_rank(const json_t *o, const char *name, size_t *rank, struct err *err)
{
    const json_t *v = json_object_get(o, "r");
    json_int_t r = v ? json_integer_value(v) : 8;
    *rank = (size_t)r;
    return (r >= 1 && r <= 1 << 16) || bad(err, name, "r", "is no rank from 1 to 65536");
}

static bool read_flag(const json_t *o, const char *key, const char *name, bool *x, struct err *err)
{
    const json_t *v = json_object_get(o, key);
    *x = json_is_true(v);
    return !v || json_is_boolean(v) || json_is_null(v) ||
           bad(err, name, key, "is neither true nor false");
}

static bool read_config(const json_t *o, const char *name, struct lora_options *c, struct err *err)
{
    *c = (struct lora_options){ 0 };
    if (!json_is_object(o))
        return err_set(err, EXIT_DATA, "%s: no JSON object", name);
    const char *type = json_string_value(json_object_get(o, "peft_type"));
    if (!type || strcmp(type, "LORA") != 0)
        return bad(err, name, "peft_type", type ? "is not LORA" : "missing");
    if (!read_rank(o, name, &c->rank, err) || !is_plain(o, name, err) ||
        !read_real(o, "lora_alpha", 8, name, &c->alpha, err) ||
        !read_real(o, "lora_dropout", 0, name, &c->dropout, err) ||
        !read_flag(o, "use_rslora", name, &c->rank_stabilised, err) ||
        !read_targets(json_object_get(o, "target_modules"), name, &c->targets, err))
        return false;
    if (!(c->alpha > 0) || c->alpha > 1e6)
        return bad(err, name, "lora_alpha", "is no positive number up to a million");
    if (!(c->dropout >= 0) || !(c->dropout < 1))
        return bad(err, name, "lora_dropout", "is outside [0, 1)");
    return true;
}

bool adapter_parse_config(struct str json, const char *name, struct lora_options *o,
                          struct err *err)
{
    json_error_t je;
    json_t *root = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    bool good = root ? read_config(root, name, o, err)
                     : err_set(err, EXIT_DATA, "%s:%d: %s", name, je.line, je.text);
    json_decref(root);
    return good;
}
