/* test_adapter.c: PEFT directories out and in; what is not ours to run is refused by name. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/adapter.h"
#include "llm/checkpoint.h"
#include "llm/safetensors.h"
#include "ml/linalg.h"

enum { QV = 1u << LORA_Q | 1u << LORA_V };

static const struct lora_options usual = { .rank = 2, .alpha = 4, .targets = QV, .dropout = 0.1 };

static char root[] = "/tmp/test_adapter.XXXXXX";

static char *in_root(const char *name)
{
    return file_join(root, name);
}

static struct llama_config shape(void)
{
    return (struct llama_config){ .vocab = 263, .d_model = 8, .n_layers = 2, .n_heads = 2,
                                  .n_kv_heads = 1, .d_ff = 12, .max_len = 16, .rope_theta = 1e4,
                                  .norm_eps = 1e-5, .tied = true };
}

/* A base in root/NAME, drawn from seed. */
static char *base_of(const char *name, uint64_t seed)
{
    static const struct str line[] = { STR("S_1 12 a\n"), STR("S_1 b a\n") };
    struct llama_config c = shape();
    struct model *m = model_new(&c);
    struct tokenizer *t = tokenizer_train(line, 2, NULL);
    struct err err = { 0 };
    char *dir = in_root(name);
    model_init(m, seed);
    if (!checkpoint_save(dir, m, t, NULL, &err))
        fail_msg("%s", err.msg);
    tokenizer_free(t);
    model_free(m);
    return dir;
}

static struct lora *drawn(const struct lora_options *o, uint64_t seed)
{
    struct llama_config c = shape();
    struct lora *l = lora_new(&c, o);
    lora_init(l, seed);
    for (size_t i = 1; i < l->n_params; i += 2)     /* B too */
        for (size_t k = 0; k < l->param[i].count; k++)
            l->weights[l->param[i].offset + k] = (float)(k % 7) - 3;
    return l;
}

static void save(const char *dir, const struct lora *l, const struct adapter_pins *pins)
{
    struct err err = { 0 };
    if (!adapter_save(dir, l, pins, NULL, &err))
        fail_msg("%s", err.msg);
}

static void what_is_saved_is_read(void **state)
{
    (void)state;
    struct lora_options o = usual;
    o.rank_stabilised = true;
    o.targets = QV | 1u << LORA_DOWN;
    char *base = base_of("base", 1), *dir = in_root("adapter");
    struct lora *l = drawn(&o, 5), *back;
    struct llama_config c = shape();
    struct adapter_pins pins;
    struct err err = { 0 };
    assert_true(adapter_pins_of(base, &pins, &err));
    save(dir, l, &pins);
    assert_true(adapter_load(dir, &c, &pins, &back, &err));
    assert_int_equal(pins.n_under, 1);
    assert_memory_equal(&back->options, &l->options, sizeof o);
    assert_memory_equal(back->weights, l->weights, l->n_weights * sizeof *l->weights);
    assert_near((double)back->scale, 4 / sqrt(2), 1e-6);
    struct buf b = { 0 };
    assert_true(adapter_meta(dir, "base.sha256", &b, &err));
    assert_string_equal(b.p, pins.base);
    assert_false(adapter_meta(dir, "no such key", &b, &err));
    buf_free(&b);
    lora_free(l);
    lora_free(back);
    free(base);
    free(dir);
}

static void another_base_or_order_is_refused(void **state)
{
    (void)state;
    char *base = base_of("base", 1), *other = base_of("other", 2);
    char *a = in_root("a"), *b = in_root("b");
    struct lora *la = drawn(&usual, 5), *lb = drawn(&usual, 6), *stack[ADAPTERS_MAX];
    struct llama_config c = shape();
    struct adapter_pins pins;
    struct err err = { 0 };
    assert_true(adapter_pins_of(base, &pins, &err));
    save(a, la, &pins);
    assert_true(adapter_stack_load(base, &c, (const char *[]){ a }, 1, stack, &pins, &err));
    adapter_stack_free(stack, 1);
    save(b, lb, &pins);                              /* on base and a */
    const struct {
        const char *base, *dir[3];
        size_t n;
        const char *says;
    } way[] = {
        { base, { a }, 1, NULL },
        { base, { a, b }, 2, NULL },
        { base, { b }, 1, "on top of other adapters, not of the base alone" },
        { base, { b, a }, 2, "on top of other adapters, not of the base alone" },
        { base, { a, a }, 2, "on top of the base alone, not of those given before it" },
        { base, { a, b, b }, 3, "on top of other adapters, not of those given before it" },
        { other, { a }, 1, "trained on another base" },
        { other, { a, b }, 2, "trained on another base" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        err.msg[0] = '\0';
        bool good = adapter_stack_load(way[i].base, &c, way[i].dir, way[i].n, stack, NULL, &err);
        assert_int_equal(good, way[i].says == NULL);
        if (good)
            adapter_stack_free(stack, way[i].n);
        else if (!strstr(err.msg, way[i].says) || err.status != EXIT_DATA)
            fail_msg("way %zu: %s", i, err.msg);
    }
    /* the same weights under another tokenizer */
    char *words = file_join(base, "tokenizer.json");
    struct buf text = { 0 };
    assert_true(file_read(words, &text, &err));
    buf_char(&text, '\n');
    assert_true(file_write(words, text.p, text.n, &err));
    assert_false(adapter_stack_load(base, &c, (const char *[]){ a }, 1, stack, NULL, &err));
    assert_non_null(strstr(err.msg, "another tokenizer"));
    buf_free(&text);
    free(words);
    lora_free(la);
    lora_free(lb);
    char *all[] = { base, other, a, b };
    for (size_t i = 0; i < 4; i++)
        free(all[i]);
}

#define HEAD "{\"peft_type\":\"LORA\",\"target_modules\":[\"q_proj\",\"v_proj\"]"

static void configs_are_read_as_peft_means_them(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } way[] = {
        { HEAD "}", NULL },
        { HEAD ",\"r\":4,\"lora_alpha\":8,\"lora_dropout\":0.05,\"bias\":\"none\","
               "\"use_dora\":false,\"modules_to_save\":null,\"rank_pattern\":{},"
               "\"a_key_of_next_year\":[1,{\"x\":2}]}", NULL },
        { HEAD ",\"use_rslora\":true}", NULL },
        { HEAD ",\"init_lora_weights\":\"gaussian\"}", NULL },
        { "{\"peft_type\":\"LORA\",\"target_modules\":\"all-linear\"}", NULL },
        { "", "adapter_config.json:" },
        { "[]", "no JSON object" },
        { "{\"target_modules\":[\"q_proj\"]}", "\"peft_type\" missing" },
        { "{\"peft_type\":\"IA3\",\"target_modules\":[\"q_proj\"]}", "\"peft_type\" is not LORA" },
        { "{\"peft_type\":\"LORA\"}", "\"target_modules\" is no list" },
        { "{\"peft_type\":\"LORA\",\"target_modules\":[]}", "\"target_modules\" is no list" },
        { "{\"peft_type\":\"LORA\",\"target_modules\":\".*q_proj\"}",
          "\"target_modules\" is no list" },
        { "{\"peft_type\":\"LORA\",\"target_modules\":[\"lm_head\"]}", "\"lm_head\"" },
        { "{\"peft_type\":\"LORA\",\"target_modules\":[7]}", "no name" },
        { HEAD ",\"r\":0}", "\"r\"" },
        { HEAD ",\"r\":-1}", "\"r\"" },
        { HEAD ",\"r\":4611686018427387904}", "\"r\"" },
        { HEAD ",\"r\":\"8\"}", "\"r\"" },
        { HEAD ",\"r\":8,\"r\":8}", "duplicate" },
        { HEAD ",\"lora_alpha\":0}", "\"lora_alpha\"" },
        { HEAD ",\"lora_alpha\":-1}", "\"lora_alpha\"" },
        { HEAD ",\"lora_alpha\":1e300}", "\"lora_alpha\"" },
        { HEAD ",\"lora_alpha\":\"16\"}", "\"lora_alpha\"" },
        { HEAD ",\"lora_dropout\":1}", "\"lora_dropout\"" },
        { HEAD ",\"use_rslora\":\"yes\"}", "\"use_rslora\"" },
        { HEAD ",\"use_dora\":true}", "\"use_dora\" asks for what is not supported" },
        { HEAD ",\"bias\":\"all\"}", "\"bias\"" },
        { HEAD ",\"bias\":\"lora_only\"}", "\"bias\"" },
        { HEAD ",\"lora_bias\":true}", "\"lora_bias\"" },
        { HEAD ",\"modules_to_save\":[\"lm_head\"]}", "\"modules_to_save\"" },
        { HEAD ",\"fan_in_fan_out\":true}", "\"fan_in_fan_out\"" },
        { HEAD ",\"rank_pattern\":{\"q_proj\":4}}", "\"rank_pattern\"" },
        { HEAD ",\"alpha_pattern\":{\"q_proj\":4}}", "\"alpha_pattern\"" },
        { HEAD ",\"layers_to_transform\":[0]}", "\"layers_to_transform\"" },
        { HEAD ",\"layers_to_transform\":3}", "\"layers_to_transform\"" },
        { HEAD ",\"trainable_token_indices\":[1]}", "\"trainable_token_indices\"" },
        { HEAD ",\"init_lora_weights\":\"pissa_niter_4\"}", "\"init_lora_weights\"" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct lora_options o;
        struct err err = { 0 };
        bool good = adapter_parse_config(str_of(way[i].json), "adapter_config.json", &o, &err);
        if (good != (way[i].says == NULL) || (!good && !strstr(err.msg, way[i].says)))
            fail_msg("%s: %s", way[i].json, good ? "taken" : err.msg);
        assert_true(good || (err.status == EXIT_DATA && !strchr(err.msg, '\n')));
    }
    struct lora_options o;
    assert_true(adapter_parse_config(str_of(way[0].json), "", &o, NULL));
    assert_true(o.rank == 8 && o.targets == QV && !o.rank_stabilised);   /* PEFT's defaults */
    assert_near(o.alpha, 8, 0);
    assert_true(adapter_parse_config(str_of(way[4].json), "", &o, NULL));
    assert_int_equal(o.targets, (1u << LORA_TARGETS) - 1);
}

/* Weights written wrong on purpose: tensor `at` of the adapter is changed. */
struct wrong {
    const char *says, *rename;
    size_t drop, add, dims[3], n_dims;
    float value;
};

static void write_wrong(const char *dir, const struct lora *l, const struct wrong *w)
{
    struct tensor t[16];
    struct err err;
    float *spoilt = mem_array(64, sizeof *spoilt);
    size_t n = 0;
    for (size_t i = w->drop; i < l->n_params; i++, n++) {
        const struct param *p = &l->param[i];
        t[n] = (struct tensor){ p->name, TENSOR_F32, { p->dims[0], p->dims[1] }, 2,
                                l->weights + p->offset, p->count * 4 };
    }
    spoilt[3] = w->value;
    if (w->rename)
        t[0].name = w->rename;
    if (w->n_dims) {
        t[0].n_dims = w->n_dims;
        memcpy(t[0].dims, w->dims, sizeof w->dims);
    }
    if (w->value != 0)
        t[0].data = spoilt;
    for (size_t i = 0; i < w->add; i++)
        t[n++] = (struct tensor){ i ? "y" : "x", TENSOR_F32, { 1 }, 1, spoilt, 4 };
    char *path = file_join(dir, "adapter_model.safetensors");
    assert_true(safetensors_write(path, t, n, NULL, &err));
    free(path);
    free(spoilt);
}

static void hostile_weights_are_refused(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        { .says = NULL },
        { .says = "lora_A.weight\" is missing", .drop = 1 },
        { .says = "is missing",
          .rename = "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight" },
        { .says = "is missing",
          .rename = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight" },
        { .says = "\"x\" has no place", .add = 1 },
        { .says = "shape is not (2, 8)", .dims = { 8, 2 }, .n_dims = 2 },
        { .says = "shape is not (2, 8)", .dims = { 16 }, .n_dims = 1 },
        { .says = "shape is not (2, 8)", .dims = { 2, 2, 4 }, .n_dims = 3 },
        { .says = "not finite", .value = NAN },
        { .says = "not finite", .value = -INFINITY },
    };
    char *dir = in_root("wrong");
    struct adapter_pins pins = { .base = "0" };
    struct lora *l = drawn(&usual, 5), *back;
    struct llama_config c = shape();
    save(dir, l, &pins);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };
        write_wrong(dir, l, &wrong[i]);
        bool good = adapter_load(dir, &c, &pins, &back, &err);   /* without pins: a foreign one */
        if (good != !wrong[i].says || (!good && !strstr(err.msg, wrong[i].says)))
            fail_msg("%zu: %s", i, good ? "taken" : err.msg);
        assert_true(good || (err.status == EXIT_DATA && !back));
        lora_free(back);
    }
    lora_free(l);
    free(dir);
}

static void a_config_is_not_believed_before_the_weights(void **state)
{
    (void)state;
    char *dir = in_root("believe"), *path = file_join(dir, "adapter_config.json");
    static const char *const json[] = { "{\"peft_type\":\"LORA\","
                                        "\"target_modules\":\"all-linear\"}",
                                         HEAD ",\"r\":9}", HEAD ",\"r\":65536}" };
    static const char *const says[] = { "cannot hold", "rank 9 is outside",
                                        "rank 65536 is outside" };
    struct lora *l = drawn(&usual, 5), *back;
    struct llama_config c = shape();
    struct adapter_pins pins = { .base = "0" };
    save(dir, l, &pins);
    for (size_t i = 0; i < 3; i++) {
        struct err err = { 0 };
        assert_true(file_write(path, json[i], strlen(json[i]), &err));
        assert_false(adapter_load(dir, &c, NULL, &back, &err));
        if (!strstr(err.msg, says[i]))
            fail_msg("%s", err.msg);
    }
    struct err err = { 0 };
    unlink(path);
    assert_false(adapter_load(dir, &c, NULL, &back, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    lora_free(l);
    free(path);
    free(dir);
}

static int clean(void **state)
{
    (void)state;
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    REQUIRE(mkdtemp(root));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_read),
        cmocka_unit_test(another_base_or_order_is_refused),
        cmocka_unit_test(configs_are_read_as_peft_means_them),
        cmocka_unit_test(hostile_weights_are_refused),
        cmocka_unit_test(a_config_is_not_believed_before_the_weights),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
