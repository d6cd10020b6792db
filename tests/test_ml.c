/* test_ml.c: every operator against naive double loops, forward and (signed) backward. */
#include "tests/near.h"

#include <string.h>

#include "ml/adamw.h"
#include "ml/attention.h"
#include "ml/crossentropy.h"
#include "ml/dropout.h"
#include "ml/embedding.h"
#include "ml/linalg.h"
#include "ml/rmsnorm.h"
#include "ml/rope.h"
#include "ml/swiglu.h"
#include "ml/vec.h"
#include "tests/naive.h"

/* sum of coef * y: its gradient with respect to y is coef. */
static double weighted(size_t n, const double *coef, const double *y)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += coef[i] * y[i];
    return sum;
}

static void assert_same(size_t n, const float *got, const double *want, double tol)
{
    for (size_t i = 0; i < n; i++)
        assert_near((double)got[i], want[i], tol * (1 + fabs(want[i])));
}

static void exp_is_within_its_bound(void **state)
{
    (void)state;
    double worst = 0;
    for (double x = -87; x < 88; x += 0.00137) {
        float in = (float)x, out;
        vec_exp(1, &in, &out);
        double want = exp((double)in);
        worst = fmax(worst, fabs((double)out - want) / want);
    }
    assert_true(worst < 3e-7);
    float edge[] = { 0, -1000, 1000, -INFINITY }, out[4];
    vec_exp(4, edge, out);
    assert_near((double)out[0], 1, 0);
    assert_true(out[1] > 0 && out[1] < 1e-37f && out[3] > 0);
    assert_true(isfinite(out[2]) && out[2] > 1e38f);
}

static void softmax_sums_to_one_at_every_length(void **state)
{
    (void)state;
    for (size_t n = 1; n < 70; n++) {
        struct both x = both_draw(n, 3, "softmax");
        double sum = 0, total = 0;
        for (size_t i = 0; i < n; i++)
            sum += exp(x.d[i]);
        assert_near((double)vec_softmax(n, x.f), log(sum), 2e-6);
        for (size_t i = 0; i < n; i++) {
            assert_near((double)x.f[i], exp(x.d[i]) / sum, 1e-6);
            total += (double)x.f[i];
        }
        assert_near(total, 1, 2e-6);
        both_free(&x);
    }
    float far[] = { 3e4f, 3e4f, -3e4f };   /* no overflow on the way */
    assert_near((double)vec_softmax(3, far), 3e4 + log(2), 2e-3);
    assert_near((double)far[0], 0.5, 1e-7);
}

static void vectors_by_hand(void **state)
{
    (void)state;
    float x[] = { 1, -2, 3, 0.5f }, y[] = { 2, 1, -1, 4 };
    assert_near((double)vec_dot(4, x, y), -1, 0);
    assert_near(vec_sum_squares(4, x), 14.25, 0);
    vec_add(4, x, y);
    vec_scale(4, 2, y);
    assert_near((double)y[0], 6, 0);
    assert_near((double)y[3], 9, 0);
    assert_int_equal(vec_find_bad(4, x), 4);
    x[2] = NAN;
    assert_int_equal(vec_find_bad(4, x), 2);
    x[1] = INFINITY;
    assert_int_equal(vec_find_bad(4, x), 1);
}

/* Strides wider than the matrices, beta 0 and 1; what lies between rows is not touched. */
static void products_match_naive_loops(void **state)
{
    (void)state;
    static const size_t shape[][3] = {
        { 1, 1, 1 }, { 3, 5, 7 }, { 17, 33, 9 }, { 64, 2, 40 }, { 5, 4, 0 }
    };
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int kind = 0; kind < 3; kind++)
            for (int beta = 0; beta < 2; beta++) {
                size_t M = shape[s][0], N = shape[s][1], K = shape[s][2], ldc = N + 2;
                size_t a_rows = kind == 2 ? K : M, a_cols = kind == 2 ? M : K, lda = a_cols + 3;
                size_t b_rows = kind == 0 ? N : K, b_cols = kind == 0 ? K : N, ldb = b_cols + 1;
                struct both a = both_draw(a_rows * lda + 1, 1, "a");
                struct both b = both_draw(b_rows * ldb + 1, 1, "b"), c = both_draw(M * ldc, 1, "c");
                for (size_t i = 0; i < M; i++)
                    for (size_t j = 0; j < N; j++) {
                        double sum = beta ? c.d[i * ldc + j] : 0;
                        for (size_t k = 0; k < K; k++)
                            sum += a.d[kind == 2 ? k * lda + i : i * lda + k] *
                                   b.d[kind == 0 ? j * ldb + k : k * ldb + j];
                        c.d[i * ldc + j] = sum;
                    }
                (kind == 0 ? linalg_nt : kind == 1 ? linalg_nn : linalg_tn)(
                    M, N, K, a.f, lda, b.f, ldb, (float)beta, c.f, ldc);
                assert_same(M * ldc, c.f, c.d, 2e-6);
                both_free(&a);
                both_free(&b);
                both_free(&c);
            }
    assert_true(strlen(linalg_core()) > 0);
}

struct norm_case {
    size_t T, C;
    double *x, *g, *coef;
};

static double norm_loss(void *ctx)
{
    struct norm_case *k = ctx;
    double y[256];
    naive_rmsnorm(k->T, k->C, 1e-5, k->x, k->g, y);
    return weighted(k->T * k->C, k->coef, y);
}

static void rmsnorm_both_ways(void **state)
{
    (void)state;
    for (size_t C = 1; C <= 37; C += 6) {
        size_t T = 3, n = T * C;
        struct both x = both_draw(n, 1, "x"), g = both_draw(C, 1, "g"),
                    coef = both_draw(n, 1, "coef");
        float y[256], rstd[3], dx[256], dg[64] = { 0 };
        double want[256];
        rmsnorm_forward(T, C, 1e-5f, x.f, g.f, y, rstd);
        naive_rmsnorm(T, C, 1e-5, x.d, g.d, want);
        assert_same(n, y, want, 1e-6);
        for (size_t i = 0; i < n; i++)
            dx[i] = 10;                      /* += must keep what is there */
        rmsnorm_backward(T, C, x.f, g.f, rstd, coef.f, dx, dg);
        for (size_t i = 0; i < n; i++)
            dx[i] -= 10;
        struct norm_case k = { T, C, x.d, g.d, coef.d };
        assert_true(gradient_agrees("rmsnorm x", n, x.d, dx, norm_loss, &k, 1e-5));
        assert_true(gradient_agrees("rmsnorm g", C, g.d, dg, norm_loss, &k, 1e-5));
        both_free(&x);
        both_free(&g);
        both_free(&coef);
    }
}

struct rope_case {
    double *x, *coef;
    const uint32_t *pos;
};

static double rope_loss(void *ctx)
{
    struct rope_case *k = ctx;
    double y[4 * 14];
    memcpy(y, k->x, sizeof y);
    naive_rope(4, 2, 6, 100, k->pos, y, 14);
    return weighted(4 * 14, k->coef, y);
}

/* Numbers worked out from the formula of transformers' _compute_llama3_parameters for factor 8,
 * bands 1 and 4 of 8192, theta 500000 and heads of 128, and by hand: pair 0 turns 1303 times, pair
 * 63 never once. */
static void scaled_positions(void **state)
{
    (void)state;
    const struct rope_scaling s = { ROPE_LLAMA3, 8, 1, 4, 8192 };
    const struct rope_scaling linear = { .kind = ROPE_LINEAR, .factor = 4 };
    const struct rope_scaling plain = { .kind = ROPE_PLAIN };
    for (size_t j = 0; j < 64; j++) {
        double rate = pow(500000, -2.0 * (double)j / 128), length = 2 * acos(-1) / rate;
        double smooth = (8192 / length - 1) / 3;
        double want = length < 8192.0 / 4 ? rate : length > 8192 ? rate / 8
                                                 : (1 - smooth) * rate / 8 + smooth * rate;
        assert_near(rope_rate(j, 128, 500000, &s) / want, 1, 1e-14);
        assert_near(rope_rate(j, 128, 500000, &linear), rate / 4, 0);
        assert_near(rope_rate(j, 128, 500000, &plain), rate, 0);
    }
    assert_near(rope_rate(0, 128, 500000, &s), 1, 0);
    assert_near(rope_rate(32, 128, 500000, &s), 5.248461610e-4, 1e-13);
    assert_near(rope_rate(63, 128, 500000, &s) / pow(500000, -126.0 / 128), 0.125, 1e-15);
    struct rope *a = rope_new(9, 6, 100, &linear), *b = rope_new(9, 6, 100, &plain);
    assert_near((double)a->sin[8 * 3 + 1], (double)b->sin[2 * 3 + 1], 1e-7);   /* 8 / 4 = 2 */
    rope_free(a);
    rope_free(b);
}

static void rope_both_ways(void **state)
{
    (void)state;
    static const uint32_t pos[] = { 0, 1, 9, 3 };
    struct both x = both_draw(4 * 14, 1, "x"), coef = both_draw(4 * 14, 1, "coef");
    struct rope_case k = { x.d, coef.d, pos };
    struct rope *r = rope_new(10, 6, 100, &(struct rope_scaling){ 0 });
    float y[4 * 14];
    double want[4 * 14];
    memcpy(y, x.f, sizeof y);
    memcpy(want, x.d, sizeof want);
    rope_turn(r, 4, 2, pos, 1, y, 14);
    naive_rope(4, 2, 6, 100, pos, want, 14);
    assert_same(4 * 14, y, want, 1e-6);
    rope_turn(r, 4, 2, pos, -1, coef.f, 14);   /* the gradient of y is coef */
    assert_true(gradient_agrees("rope x", 4 * 14, x.d, coef.f, rope_loss, &k, 1e-5));
    rope_turn(r, 4, 2, pos, -1, y, 14);        /* and the transpose is the inverse */
    assert_same(4 * 14, y, x.d, 1e-6);
    rope_free(r);
    both_free(&x);
    both_free(&coef);
}

struct glu_case {
    double *x, *coef;
};

static double glu_loss(void *ctx)
{
    struct glu_case *k = ctx;
    double y[5 * 19];
    naive_swiglu(5, 19, k->x, y);
    return weighted(5 * 19, k->coef, y);
}

static void swiglu_both_ways(void **state)
{
    (void)state;
    struct both x = both_draw(5 * 38, 2, "x"), coef = both_draw(5 * 19, 1, "coef");
    struct glu_case k = { x.d, coef.d };
    float y[5 * 19];
    double want[5 * 19];
    swiglu_forward(5, 19, x.f, y);
    naive_swiglu(5, 19, x.d, want);
    assert_same(5 * 19, y, want, 1e-6);
    swiglu_backward(5, 19, x.f, coef.f);
    assert_true(gradient_agrees("swiglu", 5 * 38, x.d, x.f, glu_loss, &k, 1e-5));
    both_free(&x);
    both_free(&coef);
}

struct attention_case {
    struct attention a;
    size_t n;
    const uint32_t *start;
    double *qkv, *coef, *out;
};

static double attention_loss(void *ctx)
{
    struct attention_case *k = ctx;
    naive_attention(k->a.n_heads, k->a.n_kv_heads, k->a.head_dim, k->n, k->start, k->qkv, k->out);
    return weighted(k->start[k->n] * k->a.n_heads * k->a.head_dim, k->coef, k->out);
}

static void attention_case(struct attention a, size_t n, const uint32_t *start, size_t longest)
{
    size_t T = start[n], wide = T * a.n_heads * a.head_dim;
    size_t all = T * (a.n_heads + 2 * a.n_kv_heads) * a.head_dim;
    struct both qkv = both_draw(all, 1, "qkv"), coef = both_draw(wide, 1, "coef");
    float *out = mem_array(wide, 4), *lse = mem_array(T * a.n_heads, 4), *dqkv = mem_array(all, 4);
    float *work = mem_array(attention_work(longest), 4);
    struct attention_case k = { a, n, start, qkv.d, coef.d, mem_array(wide, 8) };
    attention_loss(&k);
    attention_forward(&a, n, start, qkv.f, out, lse, work);
    assert_same(wide, out, k.out, 3e-6);
    for (size_t i = 0; i < all; i++)
        dqkv[i] = 99;                        /* is overwritten */
    attention_backward(&a, n, start, qkv.f, out, lse, coef.f, dqkv, work);
    assert_true(gradient_agrees("attention", all, qkv.d, dqkv, attention_loss, &k, 2e-5));
    float *used[] = { out, lse, dqkv, work };
    for (size_t i = 0; i < 4; i++)
        free(used[i]);
    free(k.out);
    both_free(&qkv);
    both_free(&coef);
}

static void attention_both_ways(void **state)
{
    (void)state;
    static const uint32_t few[] = { 0, 1, 6, 6, 17 }, tile[] = { 0, 67, 72 }; /* an empty one too */
    attention_case((struct attention){ 4, 2, 6 }, 4, few, 11);      /* two queries share a key */
    attention_case((struct attention){ 3, 3, 2 }, 4, few, 11);      /* each its own */
    attention_case((struct attention){ 4, 1, 18 }, 4, few, 11);     /* all share one */
    attention_case((struct attention){ 2, 1, 2 }, 2, tile, 67);     /* more than a tile */
}

/* A packed sequence gives the bits that it gives alone. */
static void attention_of_a_sequence_ignores_the_others(void **state)
{
    (void)state;
    static const uint32_t start[] = { 0, 9, 20, 90 };
    struct attention a = { 4, 2, 8 };
    struct both qkv = both_draw(90 * 64, 1, "qkv");
    float *out = mem_array(90 * 32, 4), *lse = mem_array(90 * 4, 4), *one = mem_array(90 * 32, 4);
    float *work = mem_array(attention_work(70), 4);
    attention_forward(&a, 3, start, qkv.f, out, lse, work);
    for (size_t s = 0; s < 3; s++) {
        uint32_t alone[] = { 0, start[s + 1] - start[s] };
        attention_forward(&a, 1, alone, qkv.f + start[s] * 64, one, lse, work);
        assert_memory_equal(one, out + start[s] * 32, alone[1] * 32 * sizeof *one);
    }
    free(out);
    free(lse);
    free(one);
    free(work);
    both_free(&qkv);
}

struct loss_case {
    double *logits;
    const uint32_t *target;
};

static double crossentropy_loss(void *ctx)
{
    struct loss_case *k = ctx;
    return 0.25 * naive_crossentropy(3, 21, k->logits, k->target);
}

static void crossentropy_both_ways(void **state)
{
    (void)state;
    static const uint32_t target[] = { 0, 20, 7 };
    struct both x = both_draw(3 * 21, 2, "logits");
    struct loss_case k = { x.d, target };
    double want = 4 * crossentropy_loss(&k);
    assert_near(crossentropy(3, 21, x.f, target, 0.25f, 0), want, 2e-6 * want);
    assert_true(gradient_agrees("crossentropy", 3 * 21, x.d, x.f, crossentropy_loss, &k, 1e-6));
    both_free(&x);
    float flat[] = { 5, 5, 5, 5 };           /* log 4, whatever the level */
    assert_near(crossentropy(1, 4, flat, target + 1 - 1, 1, 0), log(4), 1e-6);
    assert_near((double)flat[0], -0.75, 1e-7);
}

/* Against (1 - e) onehot + e / V the loss is that mixture of the losses against every token. */
static void crossentropy_is_smoothed_in_its_gradient(void **state)
{
    (void)state;
    enum { V = 21 };
    static const uint32_t target[] = { 7 };
    struct both x = both_draw(V, 3, "smoothing");
    double want[V] = { 0 };
    float plain[V];
    memcpy(plain, x.f, sizeof plain);
    double loss = crossentropy(1, V, plain, target, 1, 0);
    for (uint32_t v = 0; v < V; v++) {
        float against[V];
        memcpy(against, x.f, sizeof against);
        crossentropy(1, V, against, &v, 1, 0);
        for (size_t i = 0; i < V; i++)
            want[i] += (v == target[0] ? 0.7 + 0.3 / V : 0.3 / V) * (double)against[i];
    }
    assert_near(crossentropy(1, V, x.f, target, 1, 0.3f), loss, 1e-12);
    for (size_t i = 0; i < V; i++)
        assert_near((double)x.f[i], want[i], 1e-6);
    both_free(&x);
}

static void dropout_keeps_its_rate_and_its_key(void **state)
{
    (void)state;
    enum { N = 200000 };
    float *x = mem_array(N, sizeof *x), *y = mem_array(N, sizeof *y);
    for (size_t p10 = 1; p10 <= 9; p10 += 4) {
        double p = (double)p10 / 10;
        size_t dropped = 0, runs = 0;
        for (size_t i = 0; i < N; i++)
            x[i] = 1, y[i] = 2;
        dropout(N, (float)p, 42 + p10, x);
        for (size_t i = 0; i < N; i++) {
            assert_true(x[i] == 0 || fabs((double)x[i] * (1 - p) - 1) < 1e-6);
            dropped += x[i] == 0;
            runs += i && x[i] == 0 && x[i - 1] == 0;
        }
        double sd = sqrt(p * (1 - p) / N);
        assert_near((double)dropped / N, p, 4 * sd);
        assert_near((double)runs / N, p * p, 8 * sd);    /* neighbours are independent */
        float *one = mem_array(N, sizeof *one);
        for (size_t i = 0; i < N; i++)
            one[i] = 1;
        dropout_add(N, (float)p, 42 + p10, one, y);      /* same key: same elements */
        for (size_t i = 0; i < N; i++)
            assert_true(y[i] == 2 + x[i]);
        dropout(N, (float)p, 43 + p10, one);             /* another key: others */
        assert_memory_not_equal(one, x, N * sizeof *x);
        free(one);
    }
    float same[] = { 1, 2 };
    dropout(2, 0, 1, same);
    assert_true(same[0] == 1 && same[1] == 2);
    free(x);
    free(y);
}

static void embedding_scatters(void **state)
{
    (void)state;
    static const uint32_t id[] = { 2, 0, 2 };
    float d[6] = { 0, 0, 1, 1, 0, 0 };
    static const float dx[] = { 1, 2, 4, 8, 16, 32 }, sum[] = { 4, 8, 1, 1, 17, 34 };
    embedding_backward(3, 2, dx, id, d);
    assert_memory_equal(d, sum, sizeof sum);
}

/* Step 1 from m = v = 0: m' = g, v' = g^2, so w' = w (1 - lr decay) - lr g / (|g| + eps).
 * Step 2 with the same g gives the same corrected moments. */
static void adamw_by_hand(void **state)
{
    (void)state;
    struct adamw o = { .lr = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .decay = 0.5 };
    float w[] = { 1, -2, 3 }, m[3] = { 0 }, v[3] = { 0 }, g[] = { 8, -0.02f, 0 };
    adamw_step(&o, 1, 3, w, m, v, g, 0.5f);
    assert_near((double)w[0], 0.95 - 0.1, 1e-6);
    assert_near((double)w[1], -1.9 + 0.1, 1e-6);
    assert_near((double)w[2], 2.85, 1e-6);
    assert_near((double)m[0], 0.4, 1e-6);
    assert_near((double)v[0], 0.16, 1e-6);
    adamw_step(&o, 2, 3, w, m, v, g, 0.5f);
    assert_near((double)w[0], 0.85 * 0.95 - 0.1, 1e-6);
    assert_near((double)m[0], 0.9 * 0.4 + 0.4, 1e-6);
    /* a changed gradient: m = .9 (.76) - .1 (4), v = .99 (.3184) + .01 (16) */
    g[0] = -8;
    adamw_step(&o, 3, 1, w, m, v, g, 0.5f);
    double root = sqrt((0.99 * 0.3184 + 0.16) / (1 - pow(0.99, 3)));
    double want = 0.7075 * 0.95 - 0.1 * (0.9 * 0.76 - 0.4) / (1 - pow(0.9, 3)) / root;
    assert_near((double)w[0], want, 1e-6);
}

/* Elementwise operators give an element the same bits wherever it stands. */
static void pieces_give_the_same_bits(void **state)
{
    (void)state;
    struct adamw o = { 1e-3, 0.9, 0.95, 1e-8, 0.1 };
    struct both w = both_draw(101, 1, "w"), g = both_draw(101, 1, "g");
    float m[101] = { 0 }, v[101] = { 0 }, whole[101], m2[101] = { 0 }, v2[101] = { 0 };
    memcpy(whole, w.f, sizeof whole);
    adamw_step(&o, 1, 101, whole, m, v, g.f, 0.7f);
    for (size_t at = 0; at < 101; at += 13) {
        size_t n = 101 - at < 13 ? 101 - at : 13;
        adamw_step(&o, 1, n, w.f + at, m2 + at, v2 + at, g.f + at, 0.7f);
    }
    assert_memory_equal(whole, w.f, sizeof whole);
    float all[101], one[101];
    vec_exp(101, g.f, all);
    for (size_t i = 0; i < 101; i++)
        vec_exp(1, g.f + i, one + i);
    assert_memory_equal(all, one, sizeof all);
    both_free(&w);
    both_free(&g);
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_its_bound),
        cmocka_unit_test(softmax_sums_to_one_at_every_length),
        cmocka_unit_test(vectors_by_hand),
        cmocka_unit_test(products_match_naive_loops),
        cmocka_unit_test(rmsnorm_both_ways),
        cmocka_unit_test(rope_both_ways),
        cmocka_unit_test(scaled_positions),
        cmocka_unit_test(swiglu_both_ways),
        cmocka_unit_test(attention_both_ways),
        cmocka_unit_test(attention_of_a_sequence_ignores_the_others),
        cmocka_unit_test(crossentropy_both_ways),
        cmocka_unit_test(crossentropy_is_smoothed_in_its_gradient),
        cmocka_unit_test(dropout_keeps_its_rate_and_its_key),
        cmocka_unit_test(embedding_scatters),
        cmocka_unit_test(adamw_by_hand),
        cmocka_unit_test(pieces_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
