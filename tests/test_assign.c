/* test_assign.c: the least sum, against trying everything; scipy's choice among equals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "load/assign.h"
#include "tests/near.h"

/* Least sum of rows r.. with `left[j]` places in each column. */
static double try_all(const struct assign_costs *c, size_t r, size_t *left)
{
    double best = INFINITY;
    if (r == c->rows)
        return 0;
    for (size_t j = 0; j < c->columns; j++) {
        if (!left[j])
            continue;
        left[j]--;
        double sum = c->at[r * c->stride + j] + try_all(c, r + 1, left);
        left[j]++;
        best = sum < best ? sum : best;
    }
    return best;
}

static void is_the_least(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 600; t++) {
        gsl_rng *r = rng_stream(t, "test/assign", 0);
        size_t m = 1 + rng_below(r, 5), n = 1 + rng_below(r, 5), k = 1 + rng_below(r, 3);
        struct assign_costs c = assign_costs_new(m, n);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                double x = t % 2 ? rng_unit(r) : (double)rng_below(r, 4);
                c.at[i * c.stride + j] = rng_unit(r) < 0.2 ? INFINITY : x;
            }
        size_t left[5] = { k, k, k, k, k }, used[5] = { 0 };
        double want = try_all(&c, 0, left), sum = 0;
        uint32_t column[5];
        bool found = assign_rows(&c, k, (enum assign_choice)(t % 4 < 2), column);
        assert_int_equal(found, want < INFINITY);
        for (size_t i = 0; found && i < m; i++) {
            sum += c.at[i * c.stride + column[i]];
            assert_true(++used[column[i]] <= k);
        }
        if (found)
            assert_near(sum, want, 1e-12);
        assign_costs_free(&c);
        gsl_rng_free(r);
    }
}

static void expect(const double *cost, size_t m, size_t n, const uint32_t *want)
{
    struct assign_costs c = assign_costs_new(m, n);
    uint32_t got[16];
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            c.at[i * c.stride + j] = cost[i * n + j];
    assert_true(assign_rows(&c, 1, ASSIGN_SCIPY, got));
    for (size_t i = 0; i < m; i++)
        assert_int_equal(got[i], want[i]);
    assign_costs_free(&c);
}

/* Recorded from scipy 1.10's linear_sum_assignment. */
static void ties_are_scipys(void **state)
{
    (void)state;
    static const double c0[] = {
        2, 0, 0, 0, 0, 2, 2, 1,
        0, 0, 0, 1, 1, 1, 0, 0,
        2, 2, 0, 0, 1, 1, 2, 1,
        1, 1, 1, 1, 0, 2, 2, 2,
        2, 0, 0, 1, 1, 2, 2, 0,
        2, 0, 0, 2, 2, 0, 0, 0
    };
    static const uint32_t w0[] = { 1, 0, 2, 4, 7, 5 };
    static const double c1[] = {
        1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1
    };
    static const uint32_t w1[] = { 0, 1, 2, 3 };
    static const double c2[] = {
        3, 1, 0, 1, 2, 2, 1, 1, 0,
        0, 2, 3, 2, 1, 1, 2, 2, 3,
        1, 1, 2, 1, 0, 0, 1, 1, 2,
        1, 1, 2, 1, 0, 0, 1, 1, 2,
        3, 1, 0, 1, 2, 2, 1, 1, 0,
        2, 0, 1, 0, 1, 1, 0, 0, 1,
        3, 1, 0, 1, 2, 2, 1, 1, 0
    };
    static const uint32_t w2[] = { 2, 0, 4, 5, 8, 1, 3 };
    expect(c0, 6, 8, w0);
    expect(c1, 4, 6, w1);
    expect(c2, 7, 9, w2);
}

/* Larger, ties everywhere; and (997) an optimum that is the only one. Costs are
 * (a i^2 + b j^2 + (a + b) i j) mod q. */
static void larger_ties_are_scipys(void **state)
{
    (void)state;
    static const struct {
        size_t m, n, a, b, q;
        uint32_t want[30];
    } t[] = {
        { 24, 30, 7, 3, 11, { 0, 5, 9, 4, 7, 3, 8, 2, 14, 1, 6, 11, 10, 20, 15, 18, 17, 16, 13, 25,
                              12, 23, 22, 21 } },
        { 30, 30, 5, 11, 17, { 0, 15, 13, 11, 9, 7, 5, 3, 1, 8, 14, 6, 10, 4, 23, 2, 19, 17, 16,
                               21, 28, 26, 12, 22, 20, 18, 25, 24, 29, 27 } },
        { 20, 27, 3, 8, 5, { 0, 4, 3, 2, 1, 5, 9, 8, 7, 6, 10, 14, 13, 12, 11, 15, 19, 18, 17,
                             16 } },
        { 28, 28, 13, 4, 997, { 1, 0, 12, 17, 8, 13, 20, 3, 16, 27, 4, 7, 24, 22, 25, 21, 6, 15,
                                18, 14, 5, 19, 9, 23, 10, 2, 26, 11 } },
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        struct assign_costs c = assign_costs_new(t[k].m, t[k].n);
        uint32_t got[30];
        for (size_t i = 0; i < c.rows; i++)
            for (size_t j = 0; j < c.columns; j++)
                c.at[i * c.stride + j] = (double)((t[k].a * i * i + t[k].b * j * j +
                                                   (t[k].a + t[k].b) * i * j) % t[k].q);
        assert_true(assign_rows(&c, 1, ASSIGN_SCIPY, got));
        for (size_t i = 0; i < c.rows; i++)
            assert_int_equal(got[i], t[k].want[i]);
        assign_costs_free(&c);
    }
}

enum shape { EVEN, CLUSTERS, STEPS, BANS, DECADES, SHAPES };

/* Distances of points of one shape or another, or what is worse. */
static struct assign_costs costs_of(enum shape shape, gsl_rng *r)
{
    size_t m = 1 + rng_below(r, 70), n = m + (rng_below(r, 2) ? rng_below(r, 90) : 0);
    struct assign_costs c = assign_costs_new(m, n);
    double at[2][160][2];
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < 160; i++)
            for (size_t k = 0; k < 2; k++)
                at[side][i][k] = shape == CLUSTERS ? (double)rng_below(r, 3) + 0.01 * rng_unit(r)
                               : shape == STEPS ? (double)rng_below(r, 6)
                               : rng_unit(r) * (side ? 1 : 3);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double d = hypot(at[0][i][0] - at[1][j][0], at[0][i][1] - at[1][j][1]);
            if (shape == BANS && rng_unit(r) < 0.3)
                d = 1e5;
            if (shape == DECADES)
                d = pow(10, (double)rng_below(r, 24) - 12);
            c.at[i * c.stride + j] = d;
        }
    return c;
}

/* Sum of the assignment, which takes no column twice. */
static double sum_of(const struct assign_costs *c, enum assign_choice choice, uint32_t *column)
{
    bool taken[160] = { false };
    double sum = 0;
    assert_true(assign_rows(c, 1, choice, column));
    for (size_t i = 0; i < c->rows; i++) {
        assert_true(column[i] < c->columns && !taken[column[i]]);
        taken[column[i]] = true;
        sum += c->at[i * c->stride + column[i]];
    }
    return sum;
}

/* From an auction's prices or from none: the same sum. The second by more columns than twice the
 * rows, banned ones. */
static void prices_change_no_sum(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 50 * SHAPES; t++) {
        gsl_rng *r = rng_stream(t, "test/assign/shapes", 0);
        struct assign_costs c = costs_of((enum shape)(t % SHAPES), r);
        struct assign_costs wide = assign_costs_new(c.rows, 2 * c.rows + c.columns + 1);
        for (size_t i = 0; i < c.rows; i++)
            for (size_t j = 0; j < c.columns; j++)
                wide.at[i * wide.stride + j] = c.at[i * c.stride + j];
        uint32_t any[70], scipys[70], plain[70];
        double want = 0, sum = sum_of(&c, ASSIGN_ANY, any);
        assert_true(assign_rows(&wide, 1, ASSIGN_ANY, plain));
        for (size_t i = 0; i < c.rows; i++)
            want += wide.at[i * wide.stride + plain[i]];
        assert_near(sum, want, 1e-12 * want);
        assert_near(sum_of(&c, ASSIGN_SCIPY, scipys), want, 1e-12 * want);
        assign_costs_free(&wide);
        assign_costs_free(&c);
        gsl_rng_free(r);
    }
}

static void more_rows_than_columns_have_none(void **state)
{
    (void)state;
    struct assign_costs c = assign_costs_new(3, 2);
    uint32_t column[3];
    for (size_t k = 0; k < 3 * c.stride; k++)
        c.at[k] = k % c.stride < 2 ? 1 : INFINITY;
    assert_false(assign_rows(&c, 1, ASSIGN_ANY, column));
    assert_false(assign_rows(&c, 1, ASSIGN_SCIPY, column));
    assert_true(assign_rows(&c, 2, ASSIGN_ANY, column));
    assign_costs_free(&c);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const double bad[] = { NAN, -INFINITY, INFINITY };
    for (size_t k = 0; k < 3; k++) {
        struct assign_costs c = assign_costs_new(1, 2);
        uint32_t column[1];
        c.at[0] = bad[k];
        assert_false(assign_rows(&c, 1, ASSIGN_ANY, column));
        c.at[1] = 1;
        assert_int_equal(assign_rows(&c, 1, ASSIGN_ANY, column), k == 2);
        assign_costs_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_least),
        cmocka_unit_test(ties_are_scipys),
        cmocka_unit_test(larger_ties_are_scipys),
        cmocka_unit_test(prices_change_no_sum),
        cmocka_unit_test(more_rows_than_columns_have_none),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
