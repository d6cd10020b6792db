/* Extra trees: what they must learn, what they cannot, and the same forest on any threads. */
#include "tests/near.h"

#include <string.h>

#include <gsl/gsl_randist.h>

#include "base/mem.h"
#include "base/rng.h"
#include "ml/extratrees.h"

enum { N = 600, D = 4 };

struct data {
    float x[N * D], y[N];
};

/* Column 3 is constant. Class: x0 and x1 on the same side of 0 (no single column tells). */
static void draw(struct data *t, uint64_t index)
{
    gsl_rng *r = rng_stream(2, "test/extratrees", index);
    for (size_t i = 0; i < N; i++) {
        float *x = t->x + i * D;
        for (size_t c = 0; c < 3; c++)
            x[c] = (float)gsl_ran_gaussian(r, 1);
        x[3] = 7;
        t->y[i] = x[0] * x[1] > 0;
    }
    gsl_rng_free(r);
}

static void a_forest_learns_what_no_single_column_tells(void **state)
{
    (void)state;
    static struct data fit, test;
    draw(&fit, 0);
    draw(&test, 1);
    struct extratrees_options o = { .seed = 1 };
    struct extratrees *m = extratrees_fit(fit.x, fit.y, N, D, &o);
    size_t right = 0;
    for (size_t i = 0; i < N; i++) {
        double p = extratrees_predict(m, test.x + i * D);
        assert_true(p >= 0 && p <= 1);
        right += (p > 0.5) == (test.y[i] > 0.5f);
    }
    assert_true(right > N * 0.85);
    double share[D];
    extratrees_importance(m, share);
    assert_near(share[0] + share[1] + share[2], 1, 1e-12);
    assert_true(share[0] > 2 * share[2] * 0.9 && share[1] > share[2]);
    assert_near(share[3], 0, 0);
    extratrees_free(m);
}

static void unlimited_trees_repeat_their_training_rows(void **state)
{
    (void)state;
    static struct data fit;
    draw(&fit, 0);
    for (size_t i = 0; i < N; i++)
        fit.y[i] = (float)i;   /* regression: every row its own value */
    struct extratrees_options o = { .trees = 3 };
    struct extratrees *m = extratrees_fit(fit.x, fit.y, N, D, &o);
    for (size_t i = 0; i < N; i++)
        assert_near(extratrees_predict(m, fit.x + i * D), (double)i, 1e-3);
    assert_int_equal(extratrees_nodes(m), 3 * (2 * N - 1));
    extratrees_free(m);
}

static void leaves_keep_their_least_size(void **state)
{
    (void)state;
    static struct data fit;
    draw(&fit, 0);
    struct extratrees_options o = { .trees = 10, .min_leaf = 50 };
    struct extratrees *m = extratrees_fit(fit.x, fit.y, N, D, &o);
    assert_true(extratrees_nodes(m) <= 10 * (2 * (N / 50) - 1));
    assert_true(extratrees_nodes(m) > 10);
    extratrees_free(m);
}

static void nothing_to_split_gives_the_mean(void **state)
{
    (void)state;
    const float x[] = { 1, 1, 1, 1 }, y[] = { 0, 1, 1, 1 }, one[] = { 3 };
    struct extratrees_options o = { .trees = 5 };
    struct extratrees *m = extratrees_fit(x, y, 4, 1, &o);
    assert_near(extratrees_predict(m, one), 0.75, 0);
    double share[1];
    extratrees_importance(m, share);
    assert_near(share[0], 0, 0);
    extratrees_free(m);
    m = extratrees_fit(one, y, 1, 1, &o);
    assert_near(extratrees_predict(m, one), 0, 0);
    extratrees_free(m);
}

static void threads_do_not_change_the_forest(void **state)
{
    (void)state;
    static struct data fit;
    draw(&fit, 0);
    struct extratrees_options one = { .seed = 5, .threads = 1 }, four = { .seed = 5, .threads = 4 };
    struct extratrees_options other = { .seed = 6, .threads = 1 };
    struct extratrees *a = extratrees_fit(fit.x, fit.y, N, D, &one);
    struct extratrees *b = extratrees_fit(fit.x, fit.y, N, D, &four);
    struct extratrees *c = extratrees_fit(fit.x, fit.y, N, D, &other);
    size_t differ = 0;
    for (size_t i = 0; i < N; i++) {
        float row[D] = { fit.x[i * D + 1], fit.x[i * D], 0, 7 };
        assert_near(extratrees_predict(a, row), extratrees_predict(b, row), 0);
        differ += extratrees_predict(a, row) != extratrees_predict(c, row);
    }
    assert_true(differ > 0);
    extratrees_free(a);
    extratrees_free(b);
    extratrees_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forest_learns_what_no_single_column_tells),
        cmocka_unit_test(unlimited_trees_repeat_their_training_rows),
        cmocka_unit_test(leaves_keep_their_least_size),
        cmocka_unit_test(nothing_to_split_gives_the_mean),
        cmocka_unit_test(threads_do_not_change_the_forest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
