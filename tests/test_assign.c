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
        bool found = assign_rows(&c, k, column);
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
    assert_true(assign_rows(&c, 1, got));
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

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const double bad[] = { NAN, -INFINITY, INFINITY };
    for (size_t k = 0; k < 3; k++) {
        struct assign_costs c = assign_costs_new(1, 2);
        uint32_t column[1];
        c.at[0] = bad[k];
        assert_false(assign_rows(&c, 1, column));
        c.at[1] = 1;
        assert_int_equal(assign_rows(&c, 1, column), k == 2);
        assign_costs_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_least),
        cmocka_unit_test(ties_are_scipys),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
