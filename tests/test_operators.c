/* Every operator's backward pass against finite differences of its forward pass, signs included.
 *
 * With fixed numbers u the scalar is L(x) = sum u f(x), so the backward pass for dy = u must give
 * dL/dx. Central differences of a float function with steps of 1/128 are good to about 1e-3. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
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

enum { MOST = 4096 };

static float u[MOST];

static void fill(float *x, size_t n, const char *name)
{
    gsl_rng *r = rng_stream(7, name, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(2 * rng_unit(r) - 1);
    gsl_rng_free(r);
}

static double against_u(const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)u[i] * (double)y[i];
    return sum;
}

/* dx[0..n) must be the slope of loss(ctx) in each of x[0..n). */
static void check_slope(double (*loss)(void *ctx), void *ctx, float *x, const float *dx, size_t n)
{
    const float h = 1.0f / 128;
    size_t apart = 0;
    for (size_t i = 0; i < n; i++) {
        float was = x[i];
        x[i] = was + h;
        double up = loss(ctx);
        x[i] = was - h;
        double down = loss(ctx);
        x[i] = was;
        assert_near(dx[i], (up - down) / (2 * (double)h), 2e-3);
        apart += fabsf(dx[i]) > 1e-2f;
    }
    assert_true(2 * apart > n);   /* slopes near zero everywhere would check nothing */
}

struct norm {
    float x[5 * 21], g[21], y[5 * 21], rstd[5];
};

static double norm_loss(void *ctx)
{
    struct norm *n = ctx;
    rmsnorm_forward(5, 21, 1e-5f, n->x, n->g, n->y, n->rstd);
    return against_u(n->y, 5 * 21);
}

static void rmsnorm_has_its_slope(void **state)
{
    (void)state;
    static struct norm n;
    static float dx[5 * 21], dg[21];
    fill(n.x, 5 * 21, "x");
    fill(n.g, 21, "g");
    norm_loss(&n);
    rmsnorm_backward(5, 21, n.x, n.g, n.rstd, u, dx, dg);
    check_slope(norm_loss, &n, n.x, dx, 5 * 21);
    check_slope(norm_loss, &n, n.g, dg, 21);
    norm_loss(&n);
    float once = dx[7];
    rmsnorm_backward(5, 21, n.x, n.g, n.rstd, u, dx, dg);   /* adds to what is there */
    assert_near(dx[7], 2 * once, 1e-5);
    assert_near(n.y[3], n.x[3] * n.rstd[0] * n.g[3], 1e-6);
}

struct gate {
    float in[3 * 2 * 19], y[3 * 19];
};

static double gate_loss(void *ctx)
{
    struct gate *g = ctx;
    swiglu_forward(3, 19, g->in, g->y);
    return against_u(g->y, 3 * 19);
}

static void swiglu_has_its_slope(void **state)
{
    (void)state;
    static struct gate g;
    float d[3 * 2 * 19];
    fill(g.in, 3 * 2 * 19, "gate");
    vec_scale(3 * 2 * 19, 3, g.in);
    memcpy(d, g.in, sizeof d);
    swiglu_backward(3, 19, d, u);
    check_slope(gate_loss, &g, g.in, d, 3 * 2 * 19);
}

struct turn {
    struct rope *r;
    float x[4 * 20], y[4 * 20];
};

static const uint32_t places[] = { 0, 1, 5, 9 };

static double turn_loss(void *ctx)
{
    struct turn *t = ctx;
    memcpy(t->y, t->x, sizeof t->y);
    rope_turn(t->r, 4, 2, places, 1, t->y, 20);   /* the last 8 of 20 columns stay */
    return against_u(t->y, 4 * 20);
}

static void rope_has_its_slope_and_keeps_lengths(void **state)
{
    (void)state;
    static struct turn t;
    float d[4 * 20];
    t.r = rope_new(16, 6, 100);
    fill(t.x, 4 * 20, "turn");
    memcpy(d, u, sizeof d);
    rope_turn(t.r, 4, 2, places, -1, d, 20);
    check_slope(turn_loss, &t, t.x, d, 4 * 20);
    turn_loss(&t);
    assert_near(vec_dot(80, t.x, t.x), vec_dot(80, t.y, t.y), 1e-3);
    assert_memory_equal(t.x, t.y, 20 * sizeof(float));   /* position 0 turns nothing */
    rope_free(t.r);
}

enum { LONG = 70, WIDE = (4 + 2 * 2) * 6 };   /* over a tile of 64 */

struct attend {
    struct attention shape;
    uint32_t start[4];
    float qkv[LONG * WIDE], out[LONG * 24], lse[4 * LONG], *work;
};

static double attend_loss(void *ctx)
{
    struct attend *a = ctx;
    attention_forward(&a->shape, 3, a->start, a->qkv, a->out, a->lse, a->work);
    return against_u(a->out, LONG * 24);
}

static void attention_has_its_slope(void **state)
{
    (void)state;
    static struct attend a = { .shape = { 4, 2, 6 }, .start = { 0, 3, 69, 70 } };
    static float d[LONG * WIDE];
    a.work = calloc(attention_work(LONG), sizeof(float));
    fill(a.qkv, LONG * WIDE, "qkv");
    vec_scale(LONG * WIDE, 1.5f, a.qkv);
    attend_loss(&a);
    attention_backward(&a.shape, 3, a.start, a.qkv, a.out, a.lse, u, d, a.work);
    check_slope(attend_loss, &a, a.qkv, d, 3 * WIDE + 40);
    size_t far = 66 * WIDE;   /* a query of the second tile sees 63 keys */
    const float h = 1.0f / 64;
    for (size_t i = far; i < far + WIDE; i++) {
        float was = a.qkv[i];
        a.qkv[i] = was + h;
        double up = attend_loss(&a);
        a.qkv[i] = was - h;
        double down = attend_loss(&a);
        a.qkv[i] = was;
        assert_near(d[i], (up - down) / (2 * (double)h), 2e-3);
    }
    free(a.work);
}

/* What a row sees: itself and what precedes it in its sequence, to the bit. */
static void attention_stays_within_its_sequence(void **state)
{
    (void)state;
    static struct attend a = { .shape = { 4, 2, 6 }, .start = { 0, 3, 69, 70 } };
    static float before[LONG * 24];
    a.work = calloc(attention_work(LONG), sizeof(float));
    fill(a.qkv, LONG * WIDE, "qkv");
    attend_loss(&a);
    memcpy(before, a.out, sizeof before);
    for (size_t i = 0; i < WIDE; i++)
        a.qkv[40 * WIDE + i] += 1;
    attend_loss(&a);
    assert_memory_equal(before, a.out, 40 * 24 * sizeof(float));
    assert_memory_not_equal(before + 41 * 24, a.out + 41 * 24, 24 * sizeof(float));
    assert_memory_equal(before + 69 * 24, a.out + 69 * 24, 24 * sizeof(float));
    free(a.work);
}

struct entropy {
    float x[4 * 37], p[4 * 37];
    uint32_t target[4];
};

static double entropy_loss(void *ctx)
{
    struct entropy *e = ctx;
    memcpy(e->p, e->x, sizeof e->p);
    return 8 * crossentropy(4, 37, e->p, e->target, 8);
}

static void crossentropy_has_its_slope(void **state)
{
    (void)state;
    static struct entropy e = { .target = { 0, 36, 5, 5 } };
    static float d[4 * 37];
    fill(e.x, 4 * 37, "logits");
    vec_scale(4 * 37, 2, e.x);
    entropy_loss(&e);
    memcpy(d, e.p, sizeof d);
    check_slope(entropy_loss, &e, e.x, d, 4 * 37);
    float even[3] = { 1, 1, 1 };
    assert_near(crossentropy(1, 3, even, (uint32_t[]){ 1 }, 1), log(3), 1e-6);
    assert_near(even[1], 1.0 / 3 - 1, 1e-6);
}

static void dropout_keeps_its_share_and_repeats(void **state)
{
    (void)state;
    static float x[100000], y[100000];
    size_t kept = 0;
    for (size_t i = 0; i < 100000; i++)
        x[i] = 1;
    dropout(100000, 0.1f, 42, x);
    for (size_t i = 0; i < 100000; i++) {
        assert_true(x[i] == 0 || x[i] == 1 / 0.9f);
        kept += x[i] != 0;
    }
    assert_near((double)kept, 90000, 400);   /* sd is 95 */
    for (size_t i = 0; i < 100000; i++)
        y[i] = 2;
    float ones[3] = { 1, 1, 1 };
    dropout_add(3, 0.1f, 42, ones, y);
    assert_near(y[1], 2 + x[1], 1e-7);       /* the same draws by either call */
    dropout(3, 0, 42, ones);
    assert_near(ones[0], 1, 0);
}

static void embedding_gathers_and_scatters(void **state)
{
    (void)state;
    float table[] = { 1, 2, 3, 4, 5, 6 }, x[6], d[6] = { 0 };
    const uint32_t id[] = { 2, 0, 2 };
    embedding_forward(3, 2, table, id, x);
    const float want[] = { 5, 6, 1, 2, 5, 6 }, sum[] = { 1, 2, 0, 0, 10, 12 };
    assert_memory_equal(x, want, sizeof want);
    embedding_backward(3, 2, x, id, d);
    assert_memory_equal(d, ((float[]){ 1, 2, 0, 0, 10, 12 }), sizeof sum);
}

static void exp_and_softmax_are_close(void **state)
{
    (void)state;
    static float x[2001], y[2001];
    for (size_t i = 0; i < 2001; i++)
        x[i] = ((float)i - 1000) * 0.087f;
    vec_exp(2001, x, y);
    for (size_t i = 0; i < 2001; i++)
        assert_near(y[i] / exp((double)x[i]), 1, 3e-7);
    float s[] = { -1000, 0, 1000, 999 };
    assert_near(vec_softmax(4, s), 1000 + log1p(exp(-1)), 1e-3);
    assert_near(s[2], 1 / (1 + exp(-1)), 1e-6);
    assert_near(s[0], 0, 1e-30);
}

/* The bits of an element do not depend on where its array begins or how long it is. */
static void bits_ignore_length_and_alignment(void **state)
{
    (void)state;
    static float x[300], y[300], z[300];
    fill(x, 300, "x");
    vec_exp(300, x, y);
    for (size_t at = 0; at < 40; at++) {
        vec_exp(300 - 3 * at, x + at, z);
        assert_memory_equal(z, y + at, (300 - 3 * at) * sizeof *z);
        memmove(z + at % 7, x, 100 * sizeof *z);
        assert_true(vec_dot(100, x, x) == vec_dot(100, z + at % 7, z + at % 7));
    }
}

/* By hand: one weight, decay .1, lr .5, two gradients of 2 and -1. */
static void adamw_matches_hand_arithmetic(void **state)
{
    (void)state;
    float w = 1, m = 0, v = 0, g = 2;
    struct adamw a = { .lr = 0.5, .beta1 = 0.9, .beta2 = 0.99, .eps = 0, .decay = 0.1 };
    adamw_step(&a, 1, 1, &w, &m, &v, &g, 1);
    assert_near(w, 1 - 0.05 - 0.5, 1e-6);              /* the first step is lr in the sign of g */
    g = -2;
    adamw_step(&a, 2, 1, &w, &m, &v, &g, 0.5f);
    double m2 = (0.9 * 0.2 - 0.1) / (1 - 0.81), v2 = (0.99 * 0.04 + 0.01) / (1 - 0.9801);
    assert_near(w, 0.45 * 0.95 - 0.5 * m2 / sqrt(v2), 1e-6);
}

static void bad_numbers_are_found(void **state)
{
    (void)state;
    float x[] = { 1, -0.0f, 3e38f, NAN, INFINITY };
    assert_int_equal(vec_find_bad(5, x), 3);
    assert_int_equal(vec_find_bad(3, x), 3);
    assert_int_equal(vec_find_bad(1, x + 4), 0);
}

/* A (2, 3), B (2, 3) or (3, 2); strides wider than the matrices. */
static void products_match_hand_arithmetic(void **state)
{
    (void)state;
    const float a[] = { 1, 2, 3, 99, 4, 5, 6, 99 }, b[] = { 1, 0, 2, 99, 0, 1, 1, 99 };
    float c[4] = { 1, 1, 1, 1 };
    linalg_nt(2, 2, 3, a, 4, b, 4, 1, c, 2);
    assert_memory_equal(c, ((float[]){ 8, 6, 17, 12 }), sizeof c);
    const float tall[] = { 1, 0, 0, 1, 2, 1 };
    linalg_nn(2, 2, 3, a, 4, tall, 2, 0, c, 2);
    assert_memory_equal(c, ((float[]){ 7, 5, 16, 11 }), sizeof c);
    float d[9];
    linalg_tn(3, 3, 2, a, 4, b, 4, 0, d, 3);
    assert_memory_equal(d, ((float[]){ 1, 4, 6, 2, 5, 9, 3, 6, 12 }), sizeof d);
}

static int begin(void **state)
{
    (void)state;
    fill(u, MOST, "u");
    return 0;
}

int main(int argc, char **argv)
{
    linalg_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmsnorm_has_its_slope),
        cmocka_unit_test(swiglu_has_its_slope),
        cmocka_unit_test(rope_has_its_slope_and_keeps_lengths),
        cmocka_unit_test(attention_has_its_slope),
        cmocka_unit_test(attention_stays_within_its_sequence),
        cmocka_unit_test(crossentropy_has_its_slope),
        cmocka_unit_test(dropout_keeps_its_share_and_repeats),
        cmocka_unit_test(embedding_gathers_and_scatters),
        cmocka_unit_test(exp_and_softmax_are_close),
        cmocka_unit_test(bits_ignore_length_and_alignment),
        cmocka_unit_test(adamw_matches_hand_arithmetic),
        cmocka_unit_test(bad_numbers_are_found),
        cmocka_unit_test(products_match_hand_arithmetic),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
