/* test_lora.c: adapters in the passes, against a Llama in double whose weights have them in. */
#include "tests/near.h"

#include "llm/backprop.h"
#include "llm/lora.h"
#include "ml/linalg.h"
#include "ml/vec.h"
#include "tests/naive.h"

enum { ALL_TARGETS = (1u << LORA_TARGETS) - 1, QV = 1u << LORA_Q | 1u << LORA_V };

static struct model *small_model(size_t kv, bool tied)
{
    struct llama_config c = { .vocab = 13, .d_model = 16, .n_layers = 2, .n_heads = 4,
                              .n_kv_heads = kv, .d_ff = 10, .max_len = 12, .rope_theta = 100,
                              .norm_eps = 1e-5, .tied = tied };
    struct model *m = model_new(&c);
    struct both w = both_draw(m->n_weights, 0.3, "weights");
    memcpy(m->weights, w.f, m->n_weights * sizeof *w.f);
    both_free(&w);
    return m;
}

/* B is not zero: every path carries something. */
static struct lora *small_lora(const struct model *m, size_t rank, unsigned targets, bool rs,
                               const char *name)
{
    struct lora_options o = { .rank = rank, .alpha = 5, .targets = targets,
                              .rank_stabilised = rs };
    struct lora *l = lora_new(&m->config, &o);
    struct both w = both_draw(l->n_weights, 0.3, name);
    memcpy(l->weights, w.f, l->n_weights * sizeof *w.f);
    both_free(&w);
    return l;
}

static void small_batch(struct batch *b)
{
    static const uint32_t one[] = { 0, 5, 7, 7, 1 }, two[] = { 0, 12, 3, 5, 8, 1 };
    batch_add(b, one, 5, 0);
    batch_add(b, two, 6, 4);
}

/* w += scale B A of an adapter whose weights are given as a. Places are found by name. */
static void add_in_double(const struct model *m, const struct lora *l, const double *a, double *w)
{
    size_t r = l->options.rank;
    double rank = (double)r;
    double scale = l->options.alpha / (l->options.rank_stabilised ? sqrt(rank) : rank);
    for (size_t i = 0; i < l->n_params; i += 2) {
        const struct param *A = &l->param[i], *B = &l->param[i + 1];
        char name[80];
        size_t n = strlen("base_model.model.");
        size_t keep = strlen(A->name) - n - strlen(".lora_A.weight");
        snprintf(name, sizeof name, "%.*s.weight", (int)keep, A->name + n);
        const struct param *p = model_param(m, name);
        assert_non_null(p);
        assert_int_equal(p->dims[0], B->dims[0]);
        assert_int_equal(p->dims[1], A->dims[1]);
        for (size_t o = 0; o < p->dims[0]; o++)
            for (size_t k = 0; k < p->dims[1]; k++)
                for (size_t j = 0; j < r; j++)
                    w[p->offset + o * p->dims[1] + k] +=
                        scale * a[B->offset + o * r + j] * a[A->offset + j * p->dims[1] + k];
    }
}

struct lora_case {
    const struct model *m;
    struct lora *first, *last;     /* first may be NULL */
    double *a;                     /* of the last */
    struct batch b;
    struct backprop_options o;
};

static double *effective(const struct lora_case *k)
{
    double *w = mem_array(k->m->n_weights, sizeof *w);
    for (size_t i = 0; i < k->m->n_weights; i++)
        w[i] = (double)k->m->weights[i];
    if (k->first) {
        double *a = mem_array(k->first->n_weights, sizeof *a);
        for (size_t i = 0; i < k->first->n_weights; i++)
            a[i] = (double)k->first->weights[i];
        add_in_double(k->m, k->first, a, w);
        free(a);
    }
    add_in_double(k->m, k->last, k->a, w);
    return w;
}

static double case_loss(void *ctx)
{
    struct lora_case *k = ctx;
    double *w = effective(k);
    double loss = (double)k->o.scale * naive_loss(k->m, w, &k->b, (double)k->o.dropout, k->o.key);
    free(w);
    return loss;
}

/* Every entry of A and B of every target. */
static void check(size_t kv, bool tied, float dropped, unsigned targets, bool stacked)
{
    struct model *m = small_model(kv, tied);
    struct lora_case k = { .m = m, .last = small_lora(m, 3, targets, false, "last"),
                           .o = { .dropout = dropped, .key = 77, .scale = 0.5f } };
    if (stacked)
        k.first = small_lora(m, 2, QV | 1u << LORA_DOWN, true, "first");
    struct lora *stack[] = { stacked ? k.first : k.last, k.last };
    size_t n = k.last->n_weights;
    float *g = mem_array(n, sizeof *g);
    struct backprop *b = backprop_new(m);
    backprop_adapt(b, stack, stacked ? 2 : 1);
    small_batch(&k.b);
    k.a = mem_array(n, sizeof *k.a);
    for (size_t i = 0; i < n; i++) {
        k.a[i] = (double)k.last->weights[i];
        g[i] = NAN;
    }
    double loss = backprop_run(b, &k.b, &k.o, g), want = case_loss(&k) / 0.5;
    assert_near(loss, want, 4e-6 * want);
    for (size_t i = 0; i < k.last->n_params; i++) {
        const struct param *q = &k.last->param[i];
        assert_true(gradient_agrees(q->name, q->count, k.a + q->offset, g + q->offset, case_loss,
                                    &k, 3e-5));
    }
    backprop_free(b);
    batch_free(&k.b);
    lora_free(k.first);
    lora_free(k.last);
    free(k.a);
    free(g);
    model_free(m);
}

static void gradients_of_every_target(void **state)
{
    (void)state;
    check(2, true, 0, ALL_TARGETS, false);
    check(4, false, 0, QV, false);
    for (size_t t = 0; t < LORA_TARGETS; t++)
        check(2, true, 0, 1u << t, false);
}

static void gradients_through_dropout_and_under_a_frozen_adapter(void **state)
{
    (void)state;
    check(2, true, 0.3f, ALL_TARGETS, false);
    check(1, false, 0.3f, ALL_TARGETS, true);
}

/* ---- one matrix, with dropout of its own ---- */

struct matrix_case {
    const struct lora *l;
    double *x, *a;                 /* (T, in), the adapter's weights */
    const double *dy;              /* (T, out) */
    size_t T;
    float p;
    uint64_t key;
};

/* sum of y dy, y = scale dropout(x) A' B'. */
static double matrix_loss(void *ctx)
{
    struct matrix_case *k = ctx;
    const struct lora_pair *at = &k->l->pair[LORA_TARGETS + LORA_DOWN];
    size_t r = k->l->options.rank;
    double sum = 0, *read = mem_array(k->T * at->in, sizeof *read);
    double *low = mem_array(k->T * r, sizeof *low), *y = mem_array(k->T * at->out, sizeof *y);
    memcpy(read, k->x, k->T * at->in * sizeof *read);
    naive_dropout(k->T * at->in, (double)k->p, k->key, LORA_TARGETS + LORA_DOWN, read);
    naive_nt(k->T, r, at->in, read, k->a + at->a, low);
    naive_nt(k->T, at->out, r, low, k->a + at->b, y);
    for (size_t i = 0; i < k->T * at->out; i++)
        sum += (double)k->l->scale * y[i] * k->dy[i];
    free(read);
    free(low);
    free(y);
    return sum;
}

static void gradients_through_the_adapters_own_dropout(void **state)
{
    (void)state;
    struct model *m = small_model(2, true);
    struct lora *l = small_lora(m, 3, ALL_TARGETS, false, "matrix");
    const struct lora_pair *at = &l->pair[LORA_TARGETS + LORA_DOWN];
    enum { T = 6 };
    struct both x = both_draw(T * at->in, 1, "x"), dy = both_draw(T * at->out, 1, "dy");
    struct matrix_case k = { l, x.d, mem_array(l->n_weights, 8), dy.d, T, 0.4f, 99 };
    for (size_t i = 0; i < l->n_weights; i++)
        k.a[i] = (double)l->weights[i];
    float low[T * 3], dlow[T * 3], *wide = mem_array(T * at->in, sizeof *wide);
    float *dx = mem_array(T * at->in, sizeof *dx), *g = mem_array(l->n_weights, sizeof *g);
    struct lora_room room = { low, dlow, wide, k.p, k.key };
    lora_backward(l, 1, LORA_DOWN, T, x.f, dy.f, at->out, dx, g, &room);
    assert_true(gradient_agrees("x", T * at->in, x.d, dx, matrix_loss, &k, 1e-5));
    assert_true(gradient_agrees("A", 3 * at->in, k.a + at->a, g + at->a, matrix_loss, &k, 1e-5));
    assert_true(gradient_agrees("B", 3 * at->out, k.a + at->b, g + at->b, matrix_loss, &k, 1e-5));
    float *all[] = { wide, dx, g };
    for (size_t i = 0; i < 3; i++)
        free(all[i]);
    free(k.a);
    both_free(&x);
    both_free(&dy);
    lora_free(l);
    model_free(m);
}

/* ---- what an adapter is ---- */

static float *logits_of(const struct model *m, struct lora *const *stack, size_t n,
                        const struct batch *b)
{
    float *out = mem_array(b->rows * m->config.vocab, sizeof *out);
    struct backprop *p = backprop_new(m);
    if (n)
        backprop_adapt(p, stack, n);
    backprop_logits(p, b, out);
    backprop_free(p);
    return out;
}

static void a_fresh_adapter_is_nothing(void **state)
{
    (void)state;
    struct model *m = small_model(2, false);
    struct lora_options o = { .rank = 4, .alpha = 8, .targets = ALL_TARGETS };
    struct lora *l = lora_new(&m->config, &o);
    struct batch b = { 0 };
    lora_init(l, 3);
    small_batch(&b);
    float *plain = logits_of(m, NULL, 0, &b), *with = logits_of(m, &l, 1, &b);
    assert_memory_equal(plain, with, b.rows * m->config.vocab * sizeof *plain);
    double most = 0, sum = 0;
    const struct param *a = &l->param[0];
    for (size_t i = 0; i < a->count; i++) {
        most = fmax(most, fabs((double)l->weights[i]));
        sum += (double)l->weights[i];
    }
    assert_true(most <= 0.25 && most > 0.2);       /* 1/sqrt(16) */
    assert_true(fabs(sum / (double)a->count) < 0.08);
    for (size_t i = 1; i < l->n_params; i += 2)
        assert_near(vec_sum_squares(l->param[i].count, l->weights + l->param[i].offset), 0, 0);
    free(plain);
    free(with);
    batch_free(&b);
    lora_free(l);
    model_free(m);
}

static void merged_is_stacked(void **state)
{
    (void)state;
    struct model *m = small_model(2, true);
    struct lora *stack[] = { small_lora(m, 2, QV, true, "first"),
                             small_lora(m, 3, ALL_TARGETS, false, "last") };
    struct batch b = { 0 };
    small_batch(&b);
    float *plain = logits_of(m, NULL, 0, &b), *want = logits_of(m, stack, 2, &b);
    lora_merge(m, stack[0]);
    lora_merge(m, stack[1]);
    float *got = logits_of(m, NULL, 0, &b);
    double moved = 0;
    for (size_t i = 0; i < b.rows * m->config.vocab; i++) {
        assert_near((double)got[i], (double)want[i], 1e-5 * (1 + fabs((double)want[i])));
        moved = fmax(moved, fabs((double)plain[i] - (double)want[i]));
    }
    assert_true(moved > 0.1);
    free(plain);
    free(want);
    free(got);
    batch_free(&b);
    lora_free(stack[0]);
    lora_free(stack[1]);
    model_free(m);
}

/* Recorded with PyTorch 1.13 in double: the model of test_torch.c, seed 11, and this adapter,
 * read from what checkpoint_save and adapter_save wrote (tests/interop/forward.py), on its sample
 * two. */
static void logits_are_those_of_torch(void **state)
{
    (void)state;
    static const struct {
        size_t row, token;
        double logit;
    } want[] = {
        { 0, 0, -0.0627251955 },  { 0, 5, -0.0230642802 }, { 3, 17, -0.129959542 },
        { 9, 39, -0.0107502198 }, { 9, 1, 0.0802037544 },  { 6, 22, 0.142886347 },
    };
    static const uint32_t token[] = { 0, 31, 18, 31, 33, 24, 4, 10, 5, 26, 1 };
    struct llama_config c = { .vocab = 40, .d_model = 16, .n_layers = 2, .n_heads = 2,
                              .n_kv_heads = 1, .d_ff = 24, .max_len = 24, .rope_theta = 1e4,
                              .norm_eps = 1e-5, .tied = true };
    struct lora_options o = { .rank = 3, .alpha = 5, .targets = ALL_TARGETS,
                              .rank_stabilised = true };
    struct model *m = model_new(&c);
    struct lora *l = lora_new(&c, &o);
    struct batch b = { 0 };
    model_init(m, 11);
    lora_init(l, 7);
    for (size_t i = 1; i < l->n_params; i += 2)
        for (size_t k = 0; k < l->param[i].count; k++)
            l->weights[l->param[i].offset + k] = (float)((int)(k * 7 % 11) - 5) / 16;
    batch_add(&b, token, 11, 0);
    float *got = logits_of(m, &l, 1, &b);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_near((double)got[want[i].row * 40 + want[i].token], want[i].logit, 1e-6);
    free(got);
    batch_free(&b);
    lora_free(l);
    model_free(m);
}

static void names_are_those_of_peft(void **state)
{
    (void)state;
    struct model *m = small_model(2, true);
    struct lora *l = small_lora(m, 3, QV | 1u << LORA_UP, false, "names");
    static const char *const want[] = {
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
        "base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight",
        "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight",
        "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight",
    };
    assert_int_equal(l->n_params, 12);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(l->param[i].name, want[i]);
    assert_int_equal(l->param[3].dims[0], 8);      /* two key heads of 4 */
    assert_int_equal(l->param[3].dims[1], 3);
    assert_near((double)l->scale, 5.0 / 3, 1e-7);
    lora_free(l);
    l = small_lora(m, 4, QV, true, "names");
    assert_near((double)l->scale, 5.0 / 2, 1e-7);  /* sqrt 4 */
    lora_free(l);
    model_free(m);
}

static void targets_are_read(void **state)
{
    (void)state;
    unsigned t = 0;
    struct err err;
    assert_true(lora_targets_parse("q,v", &t, &err));
    assert_int_equal(t, QV);
    assert_true(lora_targets_parse("down,up,gate,o,v,k,q", &t, &err));
    assert_int_equal(t, ALL_TARGETS);
    static const char *const bad[] = { "", "q,", ",q", "q;v", "Q", "q_proj", "q v", "lm_head" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(lora_targets_parse(bad[i], &t, &err));
        assert_int_equal(err.status, EXIT_USAGE);
    }
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct model *m = small_model(2, true);
    static const struct {
        struct lora_options o;
        const char *says;
    } bad[] = {
        { { 0, 8, QV, 0, false }, "rank 0" },         { { 17, 8, QV, 0, false }, "1 to 16" },
        { { 2, 0, QV, 0, false }, "alpha" },          { { 2, NAN, QV, 0, false }, "alpha" },
        { { 2, INFINITY, QV, 0, false }, "alpha" },   { { 2, 8, 0, 0, false }, "target" },
        { { 2, 8, 1u << 7, 0, false }, "target" },    { { 2, 8, QV, 1, false }, "dropout" },
        { { 2, 8, QV, -0.1, false }, "dropout" },     { { 2, 8, QV, NAN, false }, "dropout" },
    };
    struct err err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(lora_options_check(&bad[i].o, &m->config, &err));
        assert_non_null(strstr(err.msg, bad[i].says));
    }
    model_free(m);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_every_target),
        cmocka_unit_test(gradients_through_dropout_and_under_a_frozen_adapter),
        cmocka_unit_test(gradients_through_the_adapters_own_dropout),
        cmocka_unit_test(a_fresh_adapter_is_nothing),
        cmocka_unit_test(merged_is_stacked),
        cmocka_unit_test(logits_are_those_of_torch),
        cmocka_unit_test(names_are_those_of_peft),
        cmocka_unit_test(targets_are_read),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
