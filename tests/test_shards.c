/* A checkpoint in shards, in 16 bits or mapped is the same model, and an index that lies is
 * refused. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "llm/backprop.h"
#include "llm/checkpoint.h"
#include "llm/decode.h"
#include "llm/lora.h"
#include "llm/train.h"
#include "ml/halves.h"
#include "ml/linalg.h"
#include "tests/checkpoints.h"

static const char *folder(void)
{
    return checkpoint_folder("shards");
}

static void save(const struct model *m, enum tensor_type type, size_t shard_bytes)
{
    struct tokenizer *t = small_tokenizer();
    struct checkpoint_format f = { type, shard_bytes };
    struct err err = { 0 };
    if (!checkpoint_save_as(folder(), m, t, &f, NULL, &err))
        fail_msg("%s", err.msg);
    tokenizer_free(t);
}

static struct model *load(bool (*how)(const char *, struct model **, struct tokenizer **,
                                      struct err *))
{
    struct model *m = NULL;
    struct err err = { 0 };
    if (!how(folder(), &m, NULL, &err))
        fail_msg("%s", err.msg);
    return m;
}

static bool is_there(const char *name)
{
    char *path = file_join(folder(), name);
    bool there = file_exists(path);
    free(path);
    return there;
}

/* Weights as a type can hold them. */
static void round_weights(struct model *m, enum tensor_type type)
{
    uint16_t *half = mem_array(m->n_weights, sizeof *half);
    if (type == TENSOR_BF16) {
        bf16_narrow(m->n_weights, m->weights, half);
        bf16_widen(m->n_weights, half, m->weights);
    } else if (type == TENSOR_F16) {
        f16_narrow(m->n_weights, m->weights, half);
        f16_widen(m->n_weights, half, m->weights);
    }
    free(half);
}

static void every_type_and_split_comes_back(void **state)
{
    (void)state;
    static const enum tensor_type type[] = { TENSOR_F32, TENSOR_F16, TENSOR_BF16 };
    static const size_t shard[] = { 0, 1, 3000, 1 << 30 };
    for (size_t i = 0; i < 3 * 4 * 2; i++) {
        struct model *m = small_model(i % 2);
        save(m, type[i / 2 % 3], shard[i / 6]);
        assert_true(is_there("model.safetensors") == !is_there("model.safetensors.index.json"));
        assert_true(is_there("model.safetensors") == (i / 6 == 0 || i / 6 == 3));
        struct model *back = load(checkpoint_load);
        round_weights(m, type[i / 2 % 3]);
        assert_int_equal(back->n_weights, m->n_weights);
        assert_memory_equal(back->weights, m->weights, m->n_weights * sizeof *m->weights);
        model_free(back);
        model_free(m);
    }
}

/* The index by hand: 263 x 8 of two bytes fill the first shard; the last has the head. */
static void the_index_is_as_hugging_face_has_it(void **state)
{
    (void)state;
    struct model *m = small_model(false);
    struct buf b = { 0 };
    save(m, TENSOR_BF16, 4208);
    char *path = file_join(folder(), "model.safetensors.index.json");
    assert_true(file_read(path, &b, NULL));
    assert_non_null(strstr(b.p, "\"model.embed_tokens.weight\": "
                                "\"model-00001-of-00003.safetensors\""));
    assert_non_null(strstr(b.p, "\"model.norm.weight\": \"model-00002-of-00003.safetensors\""));
    assert_non_null(strstr(b.p, "\"lm_head.weight\": \"model-00003-of-00003.safetensors\""));
    char total[40];
    snprintf(total, sizeof total, "\"total_size\": %zu", 2 * m->n_weights);
    assert_non_null(strstr(b.p, total));
    buf_free(&b);
    free(path);
    model_free(m);
}

static void logits_of(const struct model *m, float *trained, float *decoded)
{
    static const uint32_t token[] = { 0, 258, 7, 41, 260 }, slot[5] = { 0 };
    struct backprop *p = backprop_new(m);
    struct decoder *d = decoder_new(m, 1, 16);
    struct batch b = { 0 };
    batch_add(&b, token, 5, 0);
    backprop_logits(p, &b, trained);
    decoder_step(d, 4, slot, token, decoded);
    batch_free(&b);
    decoder_free(d);
    backprop_free(p);
}

/* Training's forward pass agrees to rounding, for its products run in tiles; decoding exactly. */
static void a_mapped_model_is_the_same_model(void **state)
{
    (void)state;
    enum { N = 4 * 263 };
    static float trained[2][N], decoded[2][N];
    for (size_t i = 0; i < 3 * 2 * 2; i++) {
        struct model *m = small_model(i % 2);
        save(m, (enum tensor_type)(i / 2 % 3), i < 6 ? 0 : 2000);
        model_free(m);
        struct model *read = load(checkpoint_load), *mapped = load(checkpoint_map);
        assert_true(mapped->mapped && !read->mapped);
        assert_int_equal(mapped->n_weights, 5 * 8);
        logits_of(read, trained[0], decoded[0]);
        logits_of(mapped, trained[1], decoded[1]);
        assert_memory_equal(decoded[0], decoded[1], sizeof *decoded);
        for (size_t k = 0; k < N; k++)
            assert_near(trained[1][k], trained[0][k], 1e-5);
        assert_true(fabsf(decoded[0][0]) > 1e-4f);
        model_free(read);
        model_free(mapped);
    }
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    (void)ctx;
    (void)epoch;
    tokens_add(out, 0);
    for (size_t i = 0; i < 6; i++)
        tokens_add(out, (uint32_t)(3 + (index * 31 + i * i * 7) % 200));
    tokens_add(out, 1);
    *loss_from = 0;
}

/* Two steps of an adapter of rank 2 on q and v; the adapter, and in *loss the last step's. */
static struct lora *adapt(struct model *m, double *loss)
{
    struct lora_options lo = { .rank = 2, .alpha = 4, .targets = 1u << LORA_Q | 1u << LORA_V };
    struct lora *l = lora_new(&m->config, &lo);
    struct train_source s = { NULL, 4, fill };
    struct train_options o = train_standard;
    struct train_report rep;
    struct err err = { 0 };
    lora_init(l, 5);
    o.epochs = 2;
    o.lr = 0.01;
    o.warmup = 0;
    o.validation = 0;
    o.dir = NULL;
    o.adapter = &l;
    o.n_adapters = 1;
    if (!train_run(m, &o, &s, &rep, &err))
        fail_msg("%s", err.msg);
    *loss = rep.epoch[1].loss;
    train_report_free(&rep);
    return l;
}

/* What tests/interop/llama7b.py does at 7B, in small: bf16 shards, mapped, and a LoRA step. */
static void an_adapter_is_trained_on_a_mapped_model(void **state)
{
    (void)state;
    struct model *m = small_model(false);
    save(m, TENSOR_BF16, 2000);
    struct model *read = load(checkpoint_load), *mapped = load(checkpoint_map);
    double loss[2];
    struct lora *a = adapt(read, &loss[0]), *b = adapt(mapped, &loss[1]);
    assert_near(loss[1], loss[0], 1e-5);
    assert_int_equal(a->n_weights, b->n_weights);
    double moved = 0;
    for (size_t i = 0; i < a->n_weights; i++)
        assert_near(b->weights[i], a->weights[i], 1e-4);
    for (size_t i = 0; i < 2 * 8; i++)   /* B of the first q: it began as zero */
        moved += fabs((double)b->weights[b->pair[LORA_Q].b + i]);
    assert_true(moved > 0.01);
    lora_free(a);
    lora_free(b);
    model_free(read);
    model_free(mapped);
    model_free(m);
}

static struct lora *adapter_of(const struct model *m, size_t rank, unsigned targets)
{
    struct lora_options o = { .rank = rank, .alpha = 3, .targets = targets };
    struct lora *l = lora_new(&m->config, &o);
    lora_init(l, rank);
    for (size_t i = 0; i < l->n_weights; i++)
        l->weights[i] += 0.05f * (float)(i % 9) - 0.2f;
    return l;
}

/* Two, of other ranks and matrices: what merged ones do in memory they do beside the map. */
static void adapters_stand_beside_a_mapped_model(void **state)
{
    (void)state;
    enum { N = 4 * 263 };
    static float trained[2][N], decoded[2][N], plain[2][N];
    struct model *m = small_model(false);
    save(m, TENSOR_BF16, 2000);
    struct model *read = load(checkpoint_load), *mapped = load(checkpoint_map);
    struct lora *stack[] = { adapter_of(m, 2, 1u << LORA_Q | 1u << LORA_V | 1u << LORA_UP),
                             adapter_of(m, 3, (1u << LORA_TARGETS) - 1) };
    logits_of(mapped, plain[0], plain[1]);
    for (size_t i = 0; i < 2; i++)
        lora_merge(read, stack[i]);
    model_take_adapters(mapped, stack, 2);
    logits_of(read, trained[0], decoded[0]);
    logits_of(mapped, trained[1], decoded[1]);
    double moved = 0;
    for (size_t k = 0; k < N; k++) {
        assert_near(trained[1][k], trained[0][k], 2e-5);
        assert_near(decoded[1][k], decoded[0][k], 2e-5);
        moved = fmax(moved, fabs((double)(decoded[1][k] - plain[1][k])));
    }
    assert_true(moved > 1e-3);
    model_free(read);
    model_free(mapped);
    model_free(m);
}

/* A mapped model is saved again from its map, even over the files that it lies in. */
static void a_mapped_model_is_saved_over_itself(void **state)
{
    (void)state;
    struct model *m = small_model(false);
    save(m, TENSOR_BF16, 2000);
    struct model *mapped = load(checkpoint_map);
    save(mapped, TENSOR_F32, 2000);
    save(mapped, TENSOR_F32, 0);
    struct model *back = load(checkpoint_load);
    round_weights(m, TENSOR_BF16);
    assert_memory_equal(back->weights, m->weights, m->n_weights * sizeof *m->weights);
    model_free(mapped);
    model_free(back);
    model_free(m);
}

static void write_index(const char *text)
{
    char *path = file_join(folder(), "model.safetensors.index.json");
    assert_true(file_write(path, text, strlen(text), NULL));
    free(path);
}

static void every_bad_index_is_named(void **state)
{
    (void)state;
    static const char *const way[][2] = {
        { "{\"weight_map\":{\"a\":\"../w.safetensors\"}}", "\"../w.safetensors\"" },
        { "{\"weight_map\":{\"a\":\"/etc/w.safetensors\"}}", "\"/etc/w.safetensors\"" },
        { "{\"weight_map\":{\"a\":\"sub/w.safetensors\"}}", "\"sub/w.safetensors\"" },
        { "{\"weight_map\":{\"a\":\".w.safetensors\"}}", "\".w.safetensors\"" },
        { "{\"weight_map\":{\"a\":\".safetensors\"}}", "\".safetensors\"" },
        { "{\"weight_map\":{\"a\":\"w.bin\"}}", "\"w.bin\"" },
        { "{\"weight_map\":{\"a\":\"\"}}", "weight_map" },
        { "{\"weight_map\":{\"a\":7}}", "no string" },
        { "{\"weight_map\":{}}", "weight_map" },
        { "{\"weight_map\":[]}", "weight_map" },
        { "{}", "weight_map" },
        { "[]", "no JSON object" },
        { "{\"weight_map\":{\"a\":\"w.safetensors\",\"a\":\"v.safetensors\"}}", "duplicate" },
        { "{\"weight_map\":{\"a\":\"w.safetensors\"}", "index.json:1" },
        { "", "index.json:" },
        { "{\"weight_map\":{\"a\":\"absent.safetensors\"}}", "absent.safetensors: No such file" },
        { "{\"weight_map\":{\"a\":\"model-00001-of-00003.safetensors\"}}", "is not in the index" },
        { "{\"weight_map\":{\"a\":\"model-00003-of-00003.safetensors\","
          "\"lm_head.weight\":\"model-00003-of-00003.safetensors\"}}", "\"a\" is missing" },
        { "{\"weight_map\":{\"lm_head.weight\":\"model-00003-of-00003.safetensors\"}}",
          "cannot hold the" },
    };
    struct model *m = small_model(false), *back;
    save(m, TENSOR_BF16, 4208);
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct err err = { 0 };
        write_index(way[i][0]);
        bool good = checkpoint_load(folder(), &back, NULL, &err);
        if (good || !strstr(err.msg, way[i][1]) || strchr(err.msg, '\n'))
            fail_msg("%s\n  gave \"%s\", want \"%s\"\n", way[i][0], err.msg, way[i][1]);
        assert_true(err.status == EXIT_DATA || strstr(err.msg, "No such file"));
    }
    model_free(m);
}

/* Of three shards one is cut short, one is another's copy, one is gone. */
static void every_bad_shard_is_named(void **state)
{
    (void)state;
    static const char *const says[] = { "model-00002-of-00003.safetensors",
                                        "is not in the index", "No such file" };
    struct model *m = small_model(false), *back;
    for (size_t i = 0; i < 3; i++) {
        struct err err = { 0 };
        struct buf b = { 0 };
        save(m, TENSOR_BF16, 4208);
        char *first = file_join(folder(), "model-00001-of-00003.safetensors");
        char *second = file_join(folder(), "model-00002-of-00003.safetensors");
        assert_true(file_read(i == 0 ? second : first, &b, NULL));
        if (i == 2)
            assert_int_equal(unlink(second), 0);
        else
            assert_true(file_write(second, b.p, i == 0 ? b.n - 2 : b.n, NULL));
        assert_false(checkpoint_load(folder(), &back, NULL, &err));
        if (!strstr(err.msg, says[i]))
            fail_msg("gave \"%s\", want \"%s\"", err.msg, says[i]);
        buf_free(&b);
        free(first);
        free(second);
    }
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_split_comes_back),
        cmocka_unit_test(the_index_is_as_hugging_face_has_it),
        cmocka_unit_test(a_mapped_model_is_the_same_model),
        cmocka_unit_test(an_adapter_is_trained_on_a_mapped_model),
        cmocka_unit_test(adapters_stand_beside_a_mapped_model),
        cmocka_unit_test(a_mapped_model_is_saved_over_itself),
        cmocka_unit_test(every_bad_index_is_named),
        cmocka_unit_test(every_bad_shard_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
