/* test_backprop.c: the whole model, forward and backward, against a Llama in double. */
#include "tests/near.h"

#include "llm/backprop.h"
#include "ml/linalg.h"
#include "ml/vec.h"
#include "tests/naive.h"

/* 2 layers, 4 query heads on `kv` key heads; weights large enough that every path matters. */
static struct model *small_model(size_t kv, bool tied)
{
    struct llama_config c = { .vocab = 13,
                              .d_model = 16,
                              .n_layers = 2,
                              .n_heads = 4,
                              .n_kv_heads = kv,
                              .d_ff = 10,
                              .max_len = 12,
                              .rope_theta = 100,
                              .norm_eps = 1e-5,
                              .tied = tied };
    struct model *m = model_new(&c);
    struct both w = both_draw(m->n_weights, 0.3, "weights");
    memcpy(m->weights, w.f, m->n_weights * sizeof *w.f);
    both_free(&w);
    return m;
}

/* Three samples; of the second only the last two tokens count, of the third none. */
static void small_batch(struct batch *b)
{
    static const uint32_t one[] = { 0, 5, 7, 7, 1 }, two[] = { 0, 12, 3, 5, 8, 1 },
                          three[] = { 0, 4, 1 };
    batch_add(b, one, 5, 0);
    batch_add(b, two, 6, 4);
    batch_add(b, three, 3, 3);
}

struct model_case {
    const struct model *m;
    double *w;
    struct batch b;
    struct backprop_options o;
};

static double model_loss(void *ctx)
{
    struct model_case *k = ctx;
    return (double)k->o.scale * naive_loss(k->m, k->w, &k->b, (double)k->o.dropout, k->o.key);
}

/* Every entry of every tensor of the table. */
static void check_model(size_t kv, bool tied, float p)
{
    struct model *m = small_model(kv, tied);
    struct model_case k = { m, mem_array(m->n_weights, sizeof(double)), { 0 },
                            { .dropout = p, .key = 77, .scale = 0.5f } };
    float *g = mem_array(m->n_weights, sizeof *g);
    struct backprop *b = backprop_new(m);
    small_batch(&k.b);
    for (size_t i = 0; i < m->n_weights; i++) {
        k.w[i] = (double)m->weights[i];
        g[i] = NAN;                          /* all of it is overwritten */
    }
    double loss = backprop_run(b, &k.b, &k.o, g), want = model_loss(&k) / 0.5;
    assert_near(loss, want, 2e-6 * want);
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *q = &m->param[i];
        assert_true(gradient_agrees(q->name, q->count, k.w + q->offset, g + q->offset, model_loss,
                                    &k, 1e-5));
    }
    assert_near(backprop_run(b, &k.b, &k.o, NULL), loss, 0);
    backprop_free(b);
    batch_free(&k.b);
    free(k.w);
    free(g);
    model_free(m);
}

static void gradients_with_an_own_head(void **state)
{
    (void)state;
    check_model(4, false, 0);
}

static void gradients_tied_and_grouped(void **state)
{
    (void)state;
    check_model(2, true, 0);
}

static void gradients_through_dropout(void **state)
{
    (void)state;
    check_model(1, true, 0.3f);
    check_model(2, false, 0.3f);
}

static void logits_match_double(void **state)
{
    (void)state;
    struct model *m = small_model(2, true);
    struct batch b = { 0 };
    small_batch(&b);
    size_t n = b.rows * m->config.vocab;
    double *w = mem_array(m->n_weights, sizeof *w), *want = mem_array(n, sizeof *want);
    float *got = mem_array(n, sizeof *got);
    for (size_t i = 0; i < m->n_weights; i++)
        w[i] = (double)m->weights[i];
    struct backprop *p = backprop_new(m);
    backprop_logits(p, &b, got);
    naive_logits(m, w, &b, 0, 0, want);
    for (size_t i = 0; i < n; i++)
        assert_near((double)got[i], want[i], 3e-6 * (1 + fabs(want[i])));
    backprop_free(p);
    batch_free(&b);
    free(w);
    free(want);
    free(got);
    model_free(m);
}

/* Packing never crosses samples: a pack's loss is the sum of what its samples have alone. */
static void a_packed_sample_loses_what_it_loses_alone(void **state)
{
    (void)state;
    struct model *m = small_model(2, false);
    struct backprop *p = backprop_new(m);
    struct backprop_options o = { .scale = 1 };
    static const uint32_t sample[][5] = { { 0, 2, 3, 4, 1 },
                                          { 0, 9, 9, 2, 1 },
                                          { 0, 12, 6, 4, 1 } };
    struct batch all = { 0 }, one = { 0 };
    double sum = 0;
    for (size_t s = 0; s < 3; s++) {
        batch_add(&all, sample[s], 5, 0);
        batch_clear(&one);
        batch_add(&one, sample[s], 5, 0);
        sum += backprop_run(p, &one, &o, NULL);
    }
    assert_int_equal(all.targets, 12);
    assert_near(backprop_run(p, &all, &o, NULL), sum, 1e-5);
    backprop_free(p);
    batch_free(&all);
    batch_free(&one);
    model_free(m);
}

/* Without targets there is no loss and no gradient; samples of one token give no row. */
static void nothing_to_learn_is_no_error(void **state)
{
    (void)state;
    struct model *m = small_model(4, true);
    struct backprop *p = backprop_new(m);
    struct backprop_options o = { .scale = 1 };
    struct batch b = { 0 };
    float *g = mem_array(m->n_weights, sizeof *g);
    static const uint32_t token[] = { 0, 1 };
    batch_add(&b, token, 1, 0);
    assert_int_equal(b.rows, 0);
    batch_add(&b, token, 2, 2);
    assert_int_equal(b.rows, 1);
    assert_int_equal(b.targets, 0);
    for (size_t i = 0; i < m->n_weights; i++)
        g[i] = 5;
    assert_near(backprop_run(p, &b, &o, g), 0, 0);
    assert_near(vec_sum_squares(m->n_weights, g), 0, 0);
    backprop_free(p);
    batch_free(&b);
    free(g);
    model_free(m);
}

static void the_table_tiles_the_block(void **state)
{
    (void)state;
    struct model *m = small_model(2, false);
    size_t at = 0;
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->param[i];
        assert_int_equal(p->offset, at);
        assert_int_equal(p->count, p->n_dims == 2 ? p->dims[0] * p->dims[1] : p->dims[0]);
        assert_ptr_equal(model_param(m, p->name), p);
        at += p->count;
    }
    assert_int_equal(at, m->n_weights);
    assert_int_equal(model_param(m, "model.layers.1.self_attn.k_proj.weight")->dims[0], 8);
    assert_null(model_param(m, "model.layers.2.self_attn.k_proj.weight"));
    model_free(m);
}

static void shapes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    const struct llama_config good = { 13, 16, 2, 4, 2, 0, 10, 12, 1e4, 1e-5, true, 0, 1, 2,
                                       { 0 } };
    static const struct {
        const char *says;
        size_t vocab, d_model, heads, kv, ff, max_len;
        double theta, eps;
        size_t head;
    } bad[] = {
        { "vocab_size", 0, 16, 4, 2, 10, 12, 1e4, 1e-5, 0 },
        { "hidden_size", 13, 0, 4, 2, 10, 12, 1e4, 1e-5, 0 },
        { "heads of an even size", 13, 18, 4, 2, 10, 12, 1e4, 1e-5, 0 },
        { "heads of an even size", 13, 12, 4, 2, 10, 12, 1e4, 1e-5, 0 },
        { "no multiple", 13, 16, 4, 3, 10, 12, 1e4, 1e-5, 0 },
        { "num_key_value_heads", 13, 16, 4, 8, 10, 12, 1e4, 1e-5, 0 },
        { "intermediate_size", 13, 16, 4, 2, 0, 12, 1e4, 1e-5, 0 },
        { "max_position_embeddings", 13, 16, 4, 2, 10, 0, 1e4, 1e-5, 0 },
        { "rope_theta", 13, 16, 4, 2, 10, 12, -1, 1e-5, 0 },
        { "rope_theta", 13, 16, 4, 2, 10, 12, NAN, 1e-5, 0 },
        { "rms_norm_eps", 13, 16, 4, 2, 10, 12, 1e4, NAN, 0 },
        { "weights", 1u << 24, 1u << 16, 4, 2, 10, 12, 1e4, 1e-5, 0 },
        { "head_dim", 13, 16, 4, 2, 10, 12, 1e4, 1e-5, 3 },
        { "head_dim", 13, 16, 4, 2, 10, 12, 1e4, 1e-5, 1u << 17 },
    };
    struct err err;
    assert_true(llama_config_check(&good, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct llama_config c = { bad[i].vocab,
                                  bad[i].d_model,
                                  2,
                                  bad[i].heads,
                                  bad[i].kv,
                                  bad[i].head,
                                  bad[i].ff,
                                  bad[i].max_len,
                                  bad[i].theta,
                                  bad[i].eps,
                                  true,
                                  0,
                                  1,
                                  2,
                                  { 0 } };
        assert_false(llama_config_check(&c, &err));
        assert_non_null(strstr(err.msg, bad[i].says));
    }
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_with_an_own_head),
        cmocka_unit_test(gradients_tied_and_grouped),
        cmocka_unit_test(gradients_through_dropout),
        cmocka_unit_test(logits_match_double),
        cmocka_unit_test(a_packed_sample_loses_what_it_loses_alone),
        cmocka_unit_test(nothing_to_learn_is_no_error),
        cmocka_unit_test(the_table_tiles_the_block),
        cmocka_unit_test(shapes_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
