/* test_coverage.c: shares of functions and of calls near a proxy, distances of distributions, the
 * original's bins. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "load/coverage.h"
#include "tests/near.h"

enum { P75_DURATION = 4, P75_MEMORY = 4, P75_PROXY = 5 };

static void shares_are_of_functions_and_of_calls(void **state)
{
    (void)state;
    static const int32_t calls[4][2] = { { 10, 20 }, { 5, -3 }, { 0, 65 }, { 7, 0 } };
    static const double duration[] = { 10, 16, 1000, -1 };
    struct function at[4] = { { .key = "a" } };
    struct proxy q[3] = { { .key = "p" } };
    static const double proxy[] = { 10, 30, NAN };
    for (size_t i = 0; i < 4; i++) {
        at[i].duration[P75_DURATION] = duration[i];
        at[i].memory[P75_MEMORY] = 64;
        at[i].calls = calls[i];
        at[i].units = 2;
    }
    for (size_t j = 0; j < 3; j++) {
        q[j].memory.have[P75_PROXY] = q[j].duration.have[P75_PROXY] = true;
        q[j].memory.at[P75_PROXY] = 64;
        q[j].duration.at[P75_PROXY] = proxy[j];
    }
    struct functions f = { .at = at, .n = 4, .units = 2 };
    struct proxies p = { .at = q, .n = 3 };
    struct coverage c = coverage_measure(&f, &p, 75);
    /* 16 is ln 1.6 = .47 from 10; 1000 is far; the last has no logarithm */
    assert_true(c.functions == 3 && c.proxies == 2);
    assert_near(c.functions_near, 0.5, 1e-12);
    assert_near(c.calls_near, 35.0 / 107, 1e-12);
    assert_near(c.median_error, log(1.6), 1e-12);
    assert_near(c.worst_error, log(1000.0 / 30), 1e-12);
    assert_near(c.memory.w1, 0, 1e-12);
    assert_near(c.duration.ks, 1.0 / 3, 1e-12);    /* from 30 on: all proxies, two thirds */
    /* a sixth between 10 and 16, a sixth to 30, a third to 1000 */
    assert_near(c.duration.w1, log(1.6) / 6 + log(30.0 / 16) / 6 + log(1000.0 / 30) / 3, 1e-12);
}

static void bins_are_the_originals(void **state)
{
    (void)state;
    static const double x[] = { 0, 3, 9.99, 10, 100, -5, NAN, INFINITY };
    size_t n;
    double *edge = histogram_edges(x, 8, &n), count[64];
    assert_int_equal(n, 4 * 9 + 1);                /* .01 to 100 */
    assert_near(edge[0], 0.01, 1e-15);
    assert_near(edge[36], 100, 1e-12);
    histogram_count(x, 8, edge, n, count);
    double sum = 0;
    for (size_t k = 0; k + 1 < n; k++)
        sum += count[k];
    assert_true(sum == 5 && count[0] == 1 && count[20] == 1 && count[26] == 1 && count[27] == 1 &&
                count[35] == 1);                   /* half-open, the last closed */
    free(edge);
    static const double one[] = { 10, 10 };        /* the original draws nothing here */
    edge = histogram_edges(one, 2, &n);
    assert_int_equal(n, 10);
    histogram_count(one, 2, edge, n, count);
    assert_true(count[0] == 2);
    free(edge);
    assert_null(histogram_edges(one, 0, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_of_functions_and_of_calls),
        cmocka_unit_test(bins_are_the_originals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
