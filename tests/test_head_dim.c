/* Heads that are wider together than the model, or narrower: written, read, mapped, decoded,
 * adapted and merged. What PyTorch says of such a model is in test_llm_reference.c. */
#include "tests/near.h"

#include <stdlib.h>

#include "llm/backprop.h"
#include "llm/checkpoint.h"
#include "llm/decode.h"
#include "ml/linalg.h"
#include "tests/checkpoints.h"

enum { V = 263, T = 6 };    /* the tokens of small_tokenizer */

static const size_t dims[] = { 2, 10 };    /* of 4 heads in a model of width 16 */
static const uint32_t text[T + 1] = { 1, 7, 3, 210, 0, 5, 2 };

static struct model *model_of(size_t head_dim)
{
    struct llama_config c = { .vocab = V, .d_model = 16, .n_layers = 2, .n_heads = 4,
                              .n_kv_heads = 2, .head_dim = head_dim, .d_ff = 24, .max_len = 16,
                              .rope_theta = 1e4, .norm_eps = 1e-6, .bos = 1, .eos = 2 };
    struct model *m = model_new(&c);
    model_init(m, 5);
    return m;
}

static void logits_of(const struct model *m, struct lora *l, float *logits)
{
    struct batch x = { 0 };
    struct backprop *b = backprop_new(m);
    batch_add(&x, text, T + 1, 0);
    if (l)
        backprop_adapt(b, &l, 1);
    backprop_logits(b, &x, logits);
    backprop_free(b);
    batch_free(&x);
}

static void assert_close(const float *a, const float *b)
{
    for (size_t i = 0; i < T * V; i++)
        assert_near(a[i], b[i], 1e-5);
}

static void decoded(const struct model *m, float *logits)
{
    struct decoder *d = decoder_new(m, 1, 16);
    decoder_step(d, T, (uint32_t[T]){ 0 }, text, logits);
    decoder_free(d);
}

static void it_is_written_and_read(void **state)
{
    (void)state;
    float want[T * V], got[T * V];
    for (size_t i = 0; i < 2; i++) {
        struct tokenizer *t = small_tokenizer();
        struct model *m = model_of(dims[i]), *read, *mapped;
        struct err err;
        assert_true(checkpoint_save(checkpoint_folder("head-dim"), m, t, NULL, &err));
        assert_true(checkpoint_load(checkpoint_folder("head-dim"), &read, NULL, &err));
        assert_true(checkpoint_map(checkpoint_folder("head-dim"), &mapped, NULL, &err));
        assert_int_equal(read->config.head_dim, dims[i]);
        assert_int_equal(llama_heads_width(&read->config), 4 * dims[i]);
        logits_of(m, NULL, want);
        logits_of(read, NULL, got);
        assert_memory_equal(got, want, sizeof want);
        logits_of(mapped, NULL, got);
        assert_close(got, want);
        decoded(m, got);
        assert_close(got, want);
        decoded(mapped, got);
        assert_close(got, want);
        model_free(m);
        model_free(read);
        model_free(mapped);
        tokenizer_free(t);
    }
}

/* Every matrix is a target. */
static void it_is_adapted_and_merged(void **state)
{
    (void)state;
    float beside[T * V], merged[T * V], plain[T * V];
    for (size_t i = 0; i < 2; i++) {
        struct model *m = model_of(dims[i]);
        struct lora_options o = { .rank = 2, .alpha = 4, .targets = (1u << LORA_TARGETS) - 1 };
        struct lora *l = lora_new(&m->config, &o);
        lora_init(l, 3);
        for (size_t k = 0; k < l->n_weights; k++)
            l->weights[k] += 0.1f * (float)(k % 7) - 0.3f;
        logits_of(m, NULL, plain);
        logits_of(m, l, beside);
        lora_merge(m, l);
        logits_of(m, NULL, merged);
        for (size_t k = 0; k < T * V; k++)
            assert_near(beside[k], merged[k], 1e-4);
        assert_true(fabsf(plain[0] - merged[0]) > 1e-3f);
        lora_free(l);
        model_free(m);
    }
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_and_read),
        cmocka_unit_test(it_is_adapted_and_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
