/* A checkpoint comes back as it was, and every way to break one is refused by name. */
#include "tests/near.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/checkpoint.h"
#include "llm/safetensors.h"
#include "tests/checkpoints.h"

static const char *folder(void)
{
    return checkpoint_folder("checkpoint");
}

static void check_same(bool tied)
{
    struct tokenizer *t = small_tokenizer(), *t2;
    struct model *m = small_model(tied), *m2;
    struct meta *meta = meta_new("train");
    struct buf value = { 0 };
    struct err err;
    assert_int_equal(tokenizer_size(t), 263);
    meta_text(meta, "seed", "17");
    assert_true(checkpoint_save(folder(), m, t, meta, &err));
    assert_true(checkpoint_load(folder(), &m2, &t2, &err));
    assert_memory_equal(&m->config, &m2->config, offsetof(struct llama_config, tied));
    assert_true(m2->config.tied == tied && m2->config.eos == 1 && m2->config.pad == 2);
    assert_memory_equal(m->weights, m2->weights, m->n_weights * sizeof *m->weights);
    assert_int_equal(tokenizer_size(t), tokenizer_size(t2));
    for (uint32_t i = 0; i < tokenizer_size(t); i++)
        assert_true(str_eq(tokenizer_bytes(t, i), tokenizer_bytes(t2, i)));
    assert_int_equal(tokenizer_eos(t2), 1);
    assert_true(checkpoint_meta(folder(), "seed", &value, &err));
    assert_string_equal(value.p, "17");
    assert_true(checkpoint_meta(folder(), "format", &value, &err));
    assert_string_equal(value.p, "17pt");
    assert_false(checkpoint_meta(folder(), "colour", &value, &err));
    buf_free(&value);
    meta_free(meta);
    tokenizer_free(t);
    tokenizer_free(t2);
    model_free(m);
    model_free(m2);
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    check_same(false);
    check_same(true);
}

static void scaled_positions_survive(void **state)
{
    (void)state;
    static const struct rope_scaling scaling[] = {
        { .kind = ROPE_LINEAR, .factor = 2.5 }, { ROPE_LLAMA3, 8, 1, 4, 8192 },
    };
    for (size_t i = 0; i < 2; i++) {
        struct tokenizer *t = small_tokenizer(), *t2;
        struct model *m = small_model(true), *m2;
        const struct rope_scaling *a = &scaling[i], *b;
        m->config.rope = *a;
        assert_true(checkpoint_save(folder(), m, t, NULL, NULL));
        assert_true(checkpoint_load(folder(), &m2, &t2, NULL));
        b = &m2->config.rope;
        assert_true(a->kind == b->kind && a->factor == b->factor && a->low == b->low);
        assert_true(a->high == b->high && a->original_len == b->original_len);
        tokenizer_free(t);
        tokenizer_free(t2);
        model_free(m);
        model_free(m2);
    }
}

/* The first bytes of the file by hand: u64 length, then JSON; data follow it, 8-aligned. */
static void the_file_is_canonical(void **state)
{
    (void)state;
    struct model *m = small_model(true);
    struct tokenizer *t = small_tokenizer();
    struct buf b = { 0 };
    struct err err;
    assert_true(checkpoint_save(folder(), m, t, NULL, &err));
    char *path = file_join(folder(), "model.safetensors");
    assert_true(file_read(path, &b, &err));
    uint64_t n;
    memcpy(&n, b.p, 8);
    assert_int_equal(n % 8, 0);
    assert_int_equal(b.n, 8 + n + 4 * m->n_weights);
    const char *start = "{\"__metadata__\":{\"format\":\"pt\"},\"model.embed_tokens.weight\":"
                        "{\"dtype\":\"F32\",\"shape\":[263,8],\"data_offsets\":[0,8416]},";
    assert_memory_equal(b.p + 8, start, strlen(start));
    assert_memory_equal(b.p + 8 + n, m->weights, 8416);
    free(path);
    buf_free(&b);
    tokenizer_free(t);
    model_free(m);
}

/* Parse a header over `data` bytes of data; the message must say `says`. */
static void check_header(const char *json, size_t data, const char *says)
{
    size_t len = strlen(json), n = 8 + len + data;
    char *p = mem_alloc(n);
    uint64_t size = len;
    memcpy(p, &size, 8);
    memcpy(p + 8, json, len);
    struct safetensors s;
    struct err err = { 0 };
    bool good = safetensors_parse(&s, p, n, "w", &err);
    if (good != !says || (says && !strstr(err.msg, says))) {
        print_error("%s\n  gave \"%s\", want \"%s\"\n", json, err.msg, says ? says : "no error");
        fail();
    }
    if (good)
        safetensors_close(&s);
    else
        assert_int_equal(err.status, EXIT_DATA);
    free(p);
}

#define T(dtype, shape, at) \
    "\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" at "]"
#define TWO(at, b) "{\"a\":{" T("F32", "1", "0,4") "},\"" b "\":{" T("F32", "1", at) "}}"

static void every_bad_header_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t data;
        const char *says;
    } way[] = {
        { "{\"a\":{" T("F32", "2", "0,8") "}}", 8, NULL },
        { "{\"a\":{" T("F32", "", "0,4") "}}   ", 4, NULL },
        { "{\"a\":{" T("F32", "0", "0,0") "},\"b\":{" T("U8", "1", "0,1") "}}", 1, NULL },
        { "{\"b\":{" T("F16", "2,1", "4,8") "},\"a\":{" T("F32", "1", "0,4") "}}", 8, NULL },
        { "{\"a\":{" T("F32", "2", "0,8") "}}", 9, "data go on" },
        { "{\"a\":{" T("F32", "2", "0,8") "}}", 7, "outside" },
        { "{\"a\":{" T("F32", "2", "4,12") "}}", 12, "does not begin" },
        { TWO("4,8", "b"), 8, NULL },
        { TWO("0,4", "b"), 4, "does not begin" },
        { TWO("2,6", "b"), 6, "does not begin" },
        { TWO("5,9", "b"), 9, "does not begin" },
        { TWO("4,8", "a"), 8, "duplicate" },
        { "{\"a\":{" T("F32", "2", "8,0") "}}", 8, "outside" },
        { "{\"a\":{" T("F32", "2", "-8,0") "}}", 8, "outside" },
        { "{\"a\":{" T("F32", "-2", "0,8") "}}", 8, "no count" },
        { "{\"a\":{" T("F32", "2.0", "0,8") "}}", 8, "no count" },
        { "{\"a\":{" T("F32", "4611686018427387904,4", "0,8") "}}", 8, "overflow" },
        { "{\"a\":{" T("F32", "4611686018427387906", "0,8") "}}", 8, "do not fit" },
        { "{\"a\":{" T("F32", "99999999999999999999", "0,8") "}}", 8, "too big" },
        { "{\"a\":{" T("F32", "1,1,1,1,1,1,1,1,1", "0,4") "}}", 4, "at most 8" },
        { "{\"a\":{" T("F31", "1", "0,4") "}}", 4, "dtype" },
        { "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype" },
        { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "shape" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets" },
        { "{\"a\":{" T("F32", "1", "0") "}}", 4, "data_offsets" },
        { "{\"a\":7}", 0, "dtype" },
        { "{\"__metadata__\":7}", 0, "__metadata__" },
        { "{\"__metadata__\":{\"a\":7}}", 0, "no string" },
        { "[]", 0, "no JSON object" },
        { " {}", 0, "does not begin" },
        { "{\"a\":", 0, "header" },
        { "{} x", 0, "header" },
        { "", 0, "header" },
        { "{\"\xff\":{}}", 0, "header" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++)
        check_header(way[i].json, way[i].data, way[i].says);
    struct safetensors s;
    struct err err;
    assert_false(safetensors_parse(&s, "1234567", 7, "w", &err));
    assert_false(safetensors_parse(&s, "\377\377\377\377\377\377\377\377{}", 10, "w", &err));
    assert_non_null(strstr(err.msg, "18446744073709551615 bytes in a file of 10"));
}

static void half_formats_are_read(void **state)
{
    (void)state;
    static const uint16_t half[] = { 0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00 };
    static const uint16_t brain[] = { 0x3f80, 0xc000, 0x7f80, 0x0001 };
    float f[6];
    struct tensor t = { .type = TENSOR_F16, .data = half, .bytes = sizeof half };
    tensor_floats(&t, f);
    assert_near(f[0], 1, 0);
    assert_near(f[1], -2, 0);
    assert_near(f[2], 0x1p-24, 0);
    assert_true(f[3] == 0 && signbit(f[3]));
    assert_near(f[4], 65504, 0);
    assert_true(isinf(f[5]));
    t = (struct tensor){ .type = TENSOR_BF16, .data = brain, .bytes = sizeof brain };
    tensor_floats(&t, f);
    assert_near(f[0], 1, 0);
    assert_near(f[1], -2, 0);
    assert_true(isinf(f[2]));
    assert_near(f[3], 0x1p-133, 0);
}

#define CONFIG(key, value) "{\"model_type\":\"llama\",\"hidden_act\":\"silu\",\"vocab_size\":10," \
    "\"hidden_size\":8,\"num_hidden_layers\":1,\"num_attention_heads\":2,\"" key "\":" value \
    ",\"intermediate_size\":4}"
#define LLAMA3(factor, original) "{\"rope_type\":\"llama3\",\"factor\":" factor \
    ",\"low_freq_factor\":1,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":" \
    original "}"

#define SHAPE(vocab, d_model, heads, d_ff) \
    "{\"model_type\":\"llama\",\"hidden_act\":\"silu\",\"vocab_size\":" vocab \
    ",\"hidden_size\":" d_model ",\"num_hidden_layers\":1,\"num_attention_heads\":" heads \
    ",\"intermediate_size\":" d_ff "}"

static void every_bad_config_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } way[] = {
        { CONFIG("use_cache", "true"), NULL },
        { CONFIG("head_dim", "4"), NULL },
        { CONFIG("rope_parameters", "{\"rope_theta\":500000.0,\"rope_type\":\"default\"}"), NULL },
        { CONFIG("rope_scaling", "null"), NULL },
        { CONFIG("rope_scaling", "{\"type\":\"default\"}"), NULL },
        { CONFIG("rope_theta", "500000"), NULL },
        { CONFIG("rope_theta", "5e5,\"rope_parameters\":{\"rope_theta\":500000}"), NULL },
        { CONFIG("eos_token_id", "[7, 8]"), NULL },
        { CONFIG("pad_token_id", "null"), NULL },
        { CONFIG("head_dim", "null"), NULL },
        { CONFIG("rope_theta", "5e5,\"rope_parameters\":{\"rope_theta\":10000}"), "rope_theta" },
        { CONFIG("rope_scaling", "{\"type\":\"linear\",\"factor\":2}"), NULL },
        { CONFIG("rope_scaling", LLAMA3("8", "8192")), NULL },
        { CONFIG("rope_scaling", LLAMA3("8", "8192") ",\"rope_parameters\":" LLAMA3("8", "8192")),
          NULL },
        { CONFIG("rope_scaling", LLAMA3("8", "8192") ",\"rope_parameters\":" LLAMA3("4", "8192")),
          "rope_scaling" },
        { CONFIG("rope_scaling", LLAMA3("0.5", "8192")), "rope_scaling" },
        { CONFIG("rope_scaling", "{\"rope_type\":\"linear\"}"), "rope_scaling" },
        { CONFIG("rope_scaling", "{\"rope_type\":\"linear\",\"factor\":\"2\"}"), "factor" },
        { CONFIG("rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8.0}"), "rope_scaling" },
        { CONFIG("rope_scaling", "{\"rope_type\":\"dynamic\",\"factor\":8.0}"), "\"dynamic\"" },
        { CONFIG("rope_parameters", "{\"partial_rotary_factor\":0.5}"), "partial_rotary_factor" },
        { CONFIG("rope_parameters", "7"), "rope_parameters" },
        { CONFIG("rope_parameters", "{\"rope_type\":7}"), "rope_parameters" },
        { CONFIG("eos_token_id", "[]"), "eos_token_id" },
        { CONFIG("eos_token_id", "10"), "eos_token_id" },
        { CONFIG("bos_token_id", "[-1]"), "bos_token_id" },
        { CONFIG("bos_token_id", "\"<s>\""), "bos_token_id" },
        { CONFIG("max_position_embeddings", "99999999999999999999"), "too big" },
        { CONFIG("max_position_embeddings", "1048577"), "max_position_embeddings" },
        { CONFIG("rope_theta", "1e999"), "overflow" },
        { CONFIG("head_dim", "8"), NULL },
        { CONFIG("head_dim", "7"), "head_dim" },
        { CONFIG("head_dim", "0"), "head_dim" },
        { CONFIG("head_dim", "131072"), "head_dim" },
        { CONFIG("rope_parameters", "{\"rope_type\":\"yarn\"}"), "rope_parameters" },
        { CONFIG("rope_scaling", "{\"factor\":2}"), "rope_scaling" },
        { CONFIG("rope_theta", "-1"), "rope_theta" },
        { CONFIG("rope_theta", "\"big\""), "rope_theta" },
        { CONFIG("rms_norm_eps", "2"), "rms_norm_eps" },
        { CONFIG("num_key_value_heads", "3"), "num_key_value_heads" },
        { CONFIG("num_key_value_heads", "0"), "num_key_value_heads" },
        { CONFIG("attention_bias", "true"), "attention_bias" },
        { CONFIG("mlp_bias", "true"), "mlp_bias" },
        { CONFIG("attention_bias", "1"), "attention_bias" },
        { CONFIG("tie_word_embeddings", "\"yes\""), "tie_word_embeddings" },
        { CONFIG("max_position_embeddings", "0"), "max_position_embeddings" },
        { CONFIG("max_position_embeddings", "1e3"), "max_position_embeddings" },
        { CONFIG("bos_token_id", "-1"), "bos_token_id" },
        { CONFIG("vocab_size", "9"), "duplicate" },
        { SHAPE("100000000", "8", "2", "4"), "vocab_size" },
        { SHAPE("10", "1073741825", "2", "4"), "hidden_size" },
        { SHAPE("10", "65536", "3", "4"), "hidden_size" },
        { SHAPE("10", "8", "0", "4"), "num_attention_heads" },
        { SHAPE("10", "8", "8", "4"), "hidden_size" },
        { SHAPE("10", "8", "2", "0"), "intermediate_size" },
        { SHAPE("10", "-8", "2", "4"), "hidden_size" },
        { SHAPE("10", "8.0", "2", "4"), "hidden_size" },
        { SHAPE("\"10\"", "8", "2", "4"), "vocab_size" },
        { "{\"model_type\":\"gpt2\"}", "model_type" },
        { "{\"model_type\":\"llama\"}", "hidden_act" },
        { "{\"model_type\":\"llama\",\"hidden_act\":\"silu\"}", "vocab_size" },
        { "[]", "no JSON object" },
        { "", "c:" },
        { "{", "c:" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct llama_config c;
        struct err err = { 0 };
        bool good = checkpoint_parse_config(str_of(way[i].json), "c", &c, &err);
        if (good != !way[i].says || (way[i].says && !strstr(err.msg, way[i].says))) {
            print_error("%s\n  gave \"%s\", want \"%s\"\n", way[i].json, err.msg,
                        way[i].says ? way[i].says : "no error");
            fail();
        }
    }
}

/* Replace `from` by `to` in a file of the folder; the folder must then be refused with `says`. */
static void check_broken(const char *file, const char *from, const char *to, const char *says)
{
    struct buf b = { 0 }, changed = { 0 };
    struct err err = { 0 };
    struct model *m = NULL;
    struct tokenizer *t = NULL;
    char *path = file_join(folder(), file);
    assert_true(file_read(path, &b, &err));
    size_t at = 0, len = strlen(from);
    while (at + len <= b.n && memcmp(b.p + at, from, len) != 0)
        at++;
    assert_true(at + len <= b.n);
    buf_add(&changed, b.p, at);
    buf_str(&changed, to);
    buf_add(&changed, b.p + at + len, b.n - at - len);
    assert_true(file_write(path, changed.p, changed.n, NULL));
    bool good = checkpoint_load(folder(), &m, &t, &err);
    if (good || !strstr(err.msg, says) || !strstr(err.msg, file)) {
        print_error("%s, %s for %s: \"%s\", want \"%s\"\n", file, to, from, err.msg, says);
        fail();
    }
    assert_true(file_write(path, b.p, b.n, NULL));
    assert_true(checkpoint_load(folder(), &m, &t, &err));
    tokenizer_free(t);
    model_free(m);
    buf_free(&b);
    buf_free(&changed);
    free(path);
}

static void every_broken_folder_is_refused(void **state)
{
    (void)state;
    static const char *const way[][4] = {
        { "model.safetensors", "model.norm.weight", "model.form.weight", "\"model.norm.weight\"" },
        { "model.safetensors", "\"shape\":[263,8]", "\"shape\":[8,263]", "shape" },
        { "model.safetensors", "\"F32\"", "\"I32\"", "neither" },
        { "model.safetensors", "\"format\"", "\"format\",", "header" },
        { "tokenizer.json", "\"type\": \"BPE\"", "\"type\": \"Unigram\"", "model" },
        { "tokenizer.json", "\"normalizer\": null", "\"normalizer\": {}", "normalizer" },
        { "tokenizer.json", "processor\": null", "processor\": {}", "post_processor" },
        { "tokenizer.json", "fallback\": false", "fallback\": true", "byte_fallback" },
        { "tokenizer.json", "\"dropout\": null", "\"dropout\": 0.5", "dropout" },
        { "tokenizer.json", "[^ \\\\n]+", "[^ ]+", "pattern" },
        { "tokenizer.json", "\"Isolated\"", "\"Removed\"", "pre_tokenizer" },
        { "tokenizer.json", "\"<|begin|>\"", "\"<|start|>\"", "added_tokens" },
        { "tokenizer.json", "\"!\": 3", "\"!\": 4", "vocab" },
        { "tokenizer.json", "\"!\": 3", "\"\\u4e00\": 3", "vocab" },
        { "tokenizer.json", "\"merges\": []", "\"merges\": [\"a\"]", "merges" },
        { "tokenizer.json", "\"merges\": []", "\"merges\": [[\"a\", \"b\"]]", "merges" },
    };
    struct model *m = small_model(false);
    struct tokenizer *t = small_tokenizer();
    assert_true(checkpoint_save(folder(), m, t, NULL, NULL));
    for (size_t i = 0; i < sizeof way / sizeof *way; i++)
        check_broken(way[i][0], way[i][1], way[i][2], way[i][3]);
    tokenizer_free(t);
    model_free(m);
}

/* A config that promises more than the weights hold is refused before memory is asked for. */
static void a_config_beyond_its_weights_is_refused(void **state)
{
    (void)state;
    struct model *m = small_model(true), *m2;
    struct tokenizer *t = small_tokenizer(), *t2;
    struct err err;
    struct buf b = { 0 };
    assert_true(checkpoint_save(folder(), m, t, NULL, NULL));
    char *path = file_join(folder(), "config.json");
    assert_true(file_read(path, &b, NULL));
    char *digits = strstr(b.p, "\"vocab_size\": 263") + 14;
    memcpy(digits, "264", 3);
    assert_true(file_write(path, b.p, b.n, NULL));
    assert_false(checkpoint_load(folder(), &m2, &t2, &err));
    assert_non_null(strstr(err.msg, "shape is not config.json's"));
    buf_clear(&b);
    buf_str(&b, CONFIG("max_position_embeddings", "1000000"));
    char *layers = strstr(b.p, "layers\":1") + 8;
    buf_add(&b, "      ", 6);
    memmove(layers + 4, layers + 1, strlen(layers) - 6);
    memcpy(layers, "1000", 4);
    assert_true(file_write(path, b.p, b.n, NULL));
    assert_false(checkpoint_load(folder(), &m2, &t2, &err));
    assert_non_null(strstr(err.msg, "cannot hold the"));
    free(path);
    buf_free(&b);
    tokenizer_free(t);
    model_free(m);
}

static void missing_files_are_named(void **state)
{
    (void)state;
    struct model *m;
    struct tokenizer *t;
    struct err err;
    assert_false(checkpoint_load("no/such/folder", &m, &t, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "no/such/folder/config.json"));
    assert_false(checkpoint_meta("no/such/folder", "seed", NULL, &err));
    assert_non_null(strstr(err.msg, "no/such/folder/model.safetensors"));
}

/* Save with room for all files but the weights: the disk is full. */
static bool save_on_a_full_disk(const struct model *m, const struct tokenizer *t, struct err *err)
{
    char *path = file_join(folder(), "model.safetensors");
    struct stat st;
    struct rlimit was, small;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){ (rlim_t)st.st_size - 1, was.rlim_max };
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool good = checkpoint_save(folder(), m, t, NULL, err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, old);
    free(path);
    return good;
}

/* Weights that could not be replaced stay, but never beside another tokenizer. */
static void a_full_disk_mixes_no_two_checkpoints(void **state)
{
    (void)state;
    static const struct str other[] = { STR("S_2 13 a\n"), STR("S_2 b a\n") };
    struct model *m = small_model(true), *m2;
    struct tokenizer *t = small_tokenizer(), *t2, *u = tokenizer_train(other, 2, NULL);
    struct err err;
    assert_true(checkpoint_save(folder(), m, t, NULL, &err));
    float was = m->weights[0];
    m->weights[0] = 5;
    assert_false(save_on_a_full_disk(m, t, &err));
    assert_int_equal(err.status, EXIT_IO);
    assert_non_null(strstr(err.msg, "model.safetensors"));
    assert_true(checkpoint_load(folder(), &m2, &t2, &err));
    assert_true(m2->weights[0] == was);
    model_free(m2);
    tokenizer_free(t2);
    assert_false(save_on_a_full_disk(m, u, &err));
    assert_false(checkpoint_load(folder(), &m2, &t2, &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    assert_non_null(strstr(err.msg, "model.safetensors"));
    tokenizer_free(t);
    tokenizer_free(u);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(scaled_positions_survive),
        cmocka_unit_test(the_file_is_canonical),
        cmocka_unit_test(every_bad_header_is_named),
        cmocka_unit_test(half_formats_are_read),
        cmocka_unit_test(every_bad_config_is_named),
        cmocka_unit_test(every_broken_folder_is_refused),
        cmocka_unit_test(a_config_beyond_its_weights_is_refused),
        cmocka_unit_test(a_full_disk_mixes_no_two_checkpoints),
        cmocka_unit_test(missing_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
