/* decimal17 writes what printf writes. */
#include "near.h"

#include <string.h>

#include "base/decimal.h"
#include "base/rng.h"

static void same(double x)
{
    char ours[DECIMAL17_MAX], theirs[DECIMAL17_MAX];
    size_t n = decimal17(x, ours);
    snprintf(theirs, sizeof theirs, "%.17g", x);
    assert_string_equal(ours, theirs);
    assert_int_equal(n, strlen(theirs));
}

static void digits_are_those_of_printf(void **state)
{
    (void)state;
    static const double edge[] = {
        0, -1, 0.5, 1, 1.5, 9, 10, 0.1, 1e-300, 1e300, 1e15, 999999999999999.9, 1e14, 1209600,
        9.9999999999999982, 99.999999999999986, 86399.999999999985, 999999.99999999988,
        4503599627370495.5, 281474976710655.97, 1.0000000000000002, 2.5, 131072.00000000003,
        -3.25, NAN, INFINITY, 65536.000000000007, 8.0000000000000018,
    };
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++)
        same(edge[i]);
    gsl_rng *r = rng_stream(1, "test/decimal", 0);
    for (size_t i = 0; i < 300000; i++) {
        double x = rng_unit(r);
        same(x * pow(10, (double)rng_below(r, 17)));
        same((double)rng_below(r, 1000000) + (double)rng_below(r, 1024) / 1024);
    }
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(digits_are_those_of_printf) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
