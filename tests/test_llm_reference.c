/* The model is Llama: logits, every tensor's gradient and twenty steps of training agree with
 * PyTorch, for grouped-query attention with a head of its own, for a tied head and for heads wider
 * than width / heads; logits, also for an untied head without groups and under a LoRA adapter. */
#include "tests/near.h"

#include <stdlib.h>

#include "base/mem.h"
#include "llm/backprop.h"
#include "llm/decode.h"
#include "llm/lora.h"
#include "ml/adamw.h"
#include "ml/linalg.h"
#include "ml/vec.h"
#include "tests/llm_reference.h"

static uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x21f0aaadu;
    x ^= x >> 15;
    x *= 0xd35a2d97u;
    return x ^ x >> 15;
}

/* Element i of tensor k: within .3 of 0, a norm's within .1 of 1. */
static float reference_weight(uint32_t k, uint32_t i, bool norm)
{
    double u = mix(mix(i) ^ (k * 0x9e3779b9u)) / 4294967296.0 - 0.5;
    return (float)(norm ? 1 + 0.2 * u : 0.6 * u);
}

static const struct case_of {
    struct llama_config config;
    const double *logits, *gradients, *curve;
} grouped = {
    { .vocab = 23, .d_model = 16, .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .d_ff = 24,
      .max_len = 32, .rope_theta = 10000, .norm_eps = 1e-6 },
    grouped_logits, grouped_gradients, grouped_curve,
}, tied = {
    { .vocab = 23, .d_model = 16, .n_layers = 2, .n_heads = 2, .n_kv_heads = 2, .d_ff = 40,
      .max_len = 32, .rope_theta = 10000, .norm_eps = 1e-6, .tied = true },
    tied_logits, tied_gradients, tied_curve,
}, untied = {
    { .vocab = 23, .d_model = 16, .n_layers = 2, .n_heads = 2, .n_kv_heads = 2, .d_ff = 40,
      .max_len = 32, .rope_theta = 10000, .norm_eps = 1e-6 },
    untied_logits, NULL, NULL,
}, headed = {
    { .vocab = 23, .d_model = 16, .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 6,
      .d_ff = 24, .max_len = 32, .rope_theta = 10000, .norm_eps = 1e-6 },
    headed_logits, headed_gradients, headed_curve,
};

static const uint32_t first[] = { 0, 5, 9, 9, 3, 14, 7, 1 };
static const uint32_t second[] = { 0, 22, 4, 11, 5, 1 };
static const uint32_t third[] = { 0, 8, 2, 17, 13, 6, 19, 20, 21, 3, 1 };

static struct model *reference_model(const struct case_of *c)
{
    struct model *m = model_new(&c->config);
    for (size_t k = 0; k < m->n_params; k++)
        for (size_t i = 0; i < m->param[k].count; i++)
            m->weights[m->param[k].offset + i] =
                reference_weight((uint32_t)k, (uint32_t)i, m->param[k].n_dims == 1);
    return m;
}

static struct batch reference_batch(void)
{
    struct batch b = { 0 };
    batch_add(&b, first, 8, 0);
    batch_add(&b, second, 6, 3);
    batch_add(&b, third, 11, 0);
    return b;
}

/* 1e-4 of the logit, or of their root mean square where it is near 0. */
static void near_logits(const float *got, const double *want)
{
    double sum = 0;
    for (size_t i = 0; i < 5 * 23; i++)
        sum += want[i] * want[i];
    for (size_t i = 0; i < 5 * 23; i++)
        assert_near(got[i], want[i], 1e-4 * fmax(fabs(want[i]), sqrt(sum / (5 * 23))));
}

/* Tensors are numbered from 1000 on. */
static struct lora *reference_adapter(const struct model *m)
{
    struct lora_options o = { .rank = 3, .alpha = 6, .targets = 1u << LORA_Q | 1u << LORA_V };
    struct lora *l = lora_new(&m->config, &o);
    for (size_t k = 0; k < l->n_params; k++)
        for (size_t i = 0; i < l->param[k].count; i++)
            l->weights[l->param[k].offset + i] =
                reference_weight((uint32_t)(1000 + k), (uint32_t)i, false);
    return l;
}

/* An adapter beside the weights, as in training, and merged into them. */
static void an_adapter_agrees(void **state)
{
    (void)state;
    struct model *m = reference_model(&grouped);
    struct lora *l = reference_adapter(m);
    struct batch b = reference_batch();
    struct backprop *p = backprop_new(m), *q = backprop_new(m);
    float *logits = mem_array(b.rows * 23, sizeof *logits);
    backprop_adapt(p, &l, 1);
    backprop_logits(p, &b, logits);
    near_logits(logits + 7 * 23, lora_logits);
    lora_merge(m, l);
    backprop_logits(q, &b, logits);
    near_logits(logits + 7 * 23, lora_logits);
    struct decoder *d = decoder_new(m, 1, 32);
    decoder_step(d, 5, (uint32_t[5]){ 0 }, second, logits);
    near_logits(logits, lora_logits);
    decoder_free(d);
    free(logits);
    backprop_free(p);
    backprop_free(q);
    batch_free(&b);
    lora_free(l);
    model_free(m);
}

static void check_logits(const struct case_of *c)
{
    struct model *m = reference_model(c);
    struct batch b = reference_batch();
    struct backprop *p = backprop_new(m);
    float *logits = mem_array(b.rows * 23, sizeof *logits);
    backprop_logits(p, &b, logits);
    near_logits(logits + 7 * 23, c->logits);   /* rows 7 to 11: the second sample */
    struct decoder *d = decoder_new(m, 1, 32);
    decoder_step(d, 5, (uint32_t[5]){ 0 }, second, logits);
    near_logits(logits, c->logits);
    decoder_free(d);
    free(logits);
    backprop_free(p);
    batch_free(&b);
    model_free(m);
}

static void logits_agree(void **state)
{
    (void)state;
    check_logits(&grouped);
    check_logits(&tied);
    check_logits(&untied);
    check_logits(&headed);
}

static void check_gradients(const struct case_of *c)
{
    struct model *m = reference_model(c);
    struct batch b = reference_batch();
    struct backprop *p = backprop_new(m);
    float *g = mem_array(m->n_weights, sizeof *g);
    struct backprop_options o = { .scale = 1.0f / (float)b.targets };
    assert_int_equal(b.targets, 20);
    assert_near(backprop_run(p, &b, &o, g) / 20, c->curve[0], 2e-6);
    for (size_t k = 0; k < m->n_params; k++) {
        const float *t = g + m->param[k].offset;
        size_t n = m->param[k].count;
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)t[i];
        assert_near(sum, c->gradients[3 * k], 2e-5);
        assert_near(sqrt(vec_sum_squares(n, t)), c->gradients[3 * k + 1], 2e-6);
        assert_near(t[n / 2], c->gradients[3 * k + 2], 2e-6);
    }
    free(g);
    backprop_free(p);
    batch_free(&b);
    model_free(m);
}

static void gradients_agree(void **state)
{
    (void)state;
    check_gradients(&grouped);
    check_gradients(&tied);
    check_gradients(&headed);
}

static void check_curve(const struct case_of *c)
{
    struct model *m = reference_model(c);
    struct batch b = reference_batch();
    struct backprop *p = backprop_new(m);
    float *g = mem_array(3 * m->n_weights, sizeof *g), *m1 = g + m->n_weights;
    float *m2 = m1 + m->n_weights;
    struct backprop_options o = { .scale = 1.0f / (float)b.targets };
    for (size_t step = 0; step < 20; step++) {
        assert_near(backprop_run(p, &b, &o, g) / 20, c->curve[step], 1e-4);
        double norm = sqrt(vec_sum_squares(m->n_weights, g));
        for (size_t k = 0; k < m->n_params; k++) {
            struct adamw a = { .lr = 0.01, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8,
                               .decay = m->param[k].n_dims > 1 ? 0.1 : 0 };
            size_t at = m->param[k].offset;
            adamw_step(&a, step + 1, m->param[k].count, m->weights + at, m1 + at, m2 + at, g + at,
                       norm > 1 ? (float)(1 / norm) : 1.0f);
        }
    }
    assert_true(c->curve[19] < 0.5 * c->curve[0]);
    free(g);
    backprop_free(p);
    batch_free(&b);
    model_free(m);
}

static void twenty_steps_agree(void **state)
{
    (void)state;
    check_curve(&grouped);
    check_curve(&tied);
    check_curve(&headed);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_agree),
        cmocka_unit_test(an_adapter_agrees),
        cmocka_unit_test(gradients_agree),
        cmocka_unit_test(twenty_steps_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
