/* test_torch.c: the model, its gradients and twenty AdamW steps as PyTorch has them.
 *
 * The values were recorded once with PyTorch 1.13 in double: a Llama written by hand there
 * (rotate-half rotary positions, RMSNorm, SwiGLU, one key head for two query heads, tied head)
 * read the weights of model_init(seed 11) from the model.safetensors that checkpoint_save wrote,
 * took its gradients from autograd and trained with torch.optim.AdamW, decay on matrices only,
 * gradients clipped by their global norm at 0.5 (every step's was above), and the learning rate
 * of train.h. Every epoch is one step on all eight samples.
 */
#include "tests/near.h"

#include <stdlib.h>

#include "base/mem.h"
#include "llm/backprop.h"
#include "llm/train.h"
#include "ml/linalg.h"

static const struct {
    size_t row, token;
    double logit;
} logits_want[] = {
    { 0, 0, 0.258417775 },
    { 0, 5, 0.00197342985 },
    { 3, 17, -0.136669558 },
    { 9, 39, -0.090818569 },
    { 9, 1, -0.093159844 },
};

static const struct {
    const char *name;
    size_t at;
    double gradient;
} gradients_want[] = {
    { "model.embed_tokens.weight", 3, -0.034103346 },
    { "model.embed_tokens.weight", 535, -0.0920550742 },
    { "model.layers.0.input_layernorm.weight", 5, 4.78745401e-05 },
    { "model.layers.0.self_attn.q_proj.weight", 37, 0.000370525343 },
    { "model.layers.0.self_attn.k_proj.weight", 20, 0.000247342716 },
    { "model.layers.0.self_attn.v_proj.weight", 101, -0.0155571105 },
    { "model.layers.1.self_attn.o_proj.weight", 200, 0.0164023638 },
    { "model.layers.1.post_attention_layernorm.weight", 2, -0.000291242598 },
    { "model.layers.0.mlp.gate_proj.weight", 77, 0.00474614876 },
    { "model.layers.1.mlp.up_proj.weight", 300, -0.0055523638 },
    { "model.layers.1.mlp.down_proj.weight", 11, 0.00176334411 },
    { "model.norm.weight", 9, -0.00694542323 },
};

static const double losses_want[] = {
    3.68575058, 3.68498186, 3.64640193, 3.58097362, 3.50954282, 3.43383791, 3.35810583, 3.27338025,
    3.19055752, 3.10491742, 3.02246956, 2.94508840, 2.87958667, 2.81805289, 2.76613124, 2.72449032,
    2.69033771, 2.66287841, 2.64195673, 2.62548393,
};

static struct model *recorded_model(void)
{
    struct llama_config c = { .vocab = 40, .d_model = 16, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 1, .d_ff = 24, .max_len = 24, .rope_theta = 1e4,
                              .norm_eps = 1e-5, .tied = true };
    struct model *m = model_new(&c);
    model_init(m, 11);
    return m;
}

/* Sample i: begin, n numbers from its own quadratic, end. */
static void fill_sample(size_t i, size_t n, struct tokens *out)
{
    tokens_add(out, 0);
    for (size_t t = 0; t < n; t++)
        tokens_add(out, (uint32_t)(3 + (7 * i * i + 13 * t * t + 5 * t * i + t) % 37));
    tokens_add(out, 1);
}

static void sample_two(struct batch *b, size_t loss_from)
{
    struct tokens t = { 0 };
    fill_sample(2, 9, &t);
    batch_add(b, t.id, t.n, loss_from);
    tokens_free(&t);
}

static void logits_are_those_of_torch(void **state)
{
    (void)state;
    struct model *m = recorded_model();
    struct backprop *p = backprop_new(m);
    struct batch b = { 0 };
    sample_two(&b, 0);
    float *logits = mem_array(b.rows * 40, sizeof *logits);
    backprop_logits(p, &b, logits);
    for (size_t i = 0; i < sizeof logits_want / sizeof *logits_want; i++)
        assert_near((double)logits[logits_want[i].row * 40 + logits_want[i].token],
                    logits_want[i].logit, 1e-6);
    free(logits);
    batch_free(&b);
    backprop_free(p);
    model_free(m);
}

static void gradients_are_those_of_torch(void **state)
{
    (void)state;
    struct model *m = recorded_model();
    struct backprop *p = backprop_new(m);
    struct backprop_options o = { .scale = 1 };
    struct batch b = { 0 };
    float *g = mem_array(m->n_weights, sizeof *g);
    sample_two(&b, 4);
    assert_int_equal(b.targets, 7);
    assert_near(backprop_run(p, &b, &o, g), 25.87315978, 1e-5);
    for (size_t i = 0; i < sizeof gradients_want / sizeof *gradients_want; i++) {
        const struct param *q = model_param(m, gradients_want[i].name);
        double want = gradients_want[i].gradient;
        double got = (double)g[q->offset + gradients_want[i].at];
        assert_near(got, want, 1e-5 * fabs(want) + 1e-8);
    }
    free(g);
    batch_free(&b);
    backprop_free(p);
    model_free(m);
}

static void fill(void *ctx, size_t epoch, size_t index, struct tokens *out, size_t *loss_from)
{
    (void)ctx;
    (void)epoch;
    fill_sample(index, 5 + index, out);
    *loss_from = index % 3 ? 0 : 2;
}

static void twenty_steps_are_those_of_torch(void **state)
{
    (void)state;
    enum { STEPS = sizeof losses_want / sizeof *losses_want };
    struct train_source s = { NULL, 8, fill };
    struct train_options o = {
        .epochs = STEPS, .tokens_per_step = 1000, .slots = 2, .lr = 1e-2, .lr_floor = 0.1,
        .warmup = 0.2, .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 0.5,
        .threads = 2, .save_s = 1e9,
    };
    struct train_report rep;
    struct err err;
    struct model *m = recorded_model();
    assert_true(train_run(m, &o, &s, &rep, &err));
    assert_int_equal(rep.steps, STEPS);
    for (size_t i = 0; i < STEPS; i++)
        assert_near(rep.epoch[i].loss, losses_want[i], 1e-5);
    const struct param *down = model_param(m, "model.layers.1.mlp.down_proj.weight");
    assert_near((double)m->weights[down->offset + 11], -0.103776647, 1e-4);
    train_report_free(&rep);
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_those_of_torch),
        cmocka_unit_test(gradients_are_those_of_torch),
        cmocka_unit_test(twenty_steps_are_those_of_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
