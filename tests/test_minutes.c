/* trace/minutes, trace/decimal and trace/series_sort: small parts of the invocation readers. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "trace/decimal_priv.h"
#include "trace/invocations_priv.h"

static void same_minutes(const struct minutes *a, const struct minutes *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->at[i], b->at[i]);
        assert_int_equal(a->count[i], b->count[i]);
    }
}

static void known_days_have_the_bytes_of_the_header(void **state)
{
    (void)state;
    uint8_t code[MINUTES_CODE_MAX];
    static uint32_t dense[DAY_MINUTES];
    struct minutes m;
    memset(dense, 0, sizeof dense);
    minutes_of(dense, &m);
    assert_int_equal(minutes_encode(&m, code), 0);
    dense[3] = 1;
    dense[5] = 300;
    minutes_of(dense, &m);
    static const uint8_t list[] = { 0, 2, 3, 1, 1, 0xAC, 2 };   /* gap 3, 1; gap 1, 300 */
    assert_int_equal(minutes_encode(&m, code), sizeof list);
    assert_memory_equal(code, list, sizeof list);
    for (size_t i = 0; i < DAY_MINUTES; i++)
        dense[i] = 1 + i % 3;
    minutes_of(dense, &m);
    assert_int_equal(minutes_encode(&m, code), 1 + 2 * DAY_MINUTES / 8);
    assert_int_equal(code[0], 2);
    assert_int_equal(code[1], 1 | 2 << 2 | 3 << 4 | 1 << 6);
    for (size_t i = 0; i < DAY_MINUTES; i++)
        dense[i] = 255;
    minutes_of(dense, &m);
    assert_int_equal(minutes_encode(&m, code), 1441);
}

static void any_day_comes_back(void **state)
{
    (void)state;
    static uint32_t dense[DAY_MINUTES];
    static struct minutes m, back;
    uint8_t code[MINUTES_CODE_MAX];
    gsl_rng *r = rng_stream(1, "test/minutes", 0);
    for (int round = 0; round < 600; round++) {
        size_t busy = rng_below(r, round % 3 ? DAY_MINUTES : 20) + 1;
        unsigned bits = (unsigned)rng_below(r, 33);
        memset(dense, 0, sizeof dense);
        for (size_t k = 0; k < busy; k++)
            dense[rng_below(r, DAY_MINUTES)] = bits ? (uint32_t)(rng_u64(r) >> (64 - bits)) : 1;
        if (round % 5 == 0)
            dense[DAY_MINUTES - 1] = UINT32_MAX;
        minutes_of(dense, &m);
        size_t n = minutes_encode(&m, code);
        if (m.n == 0)
            continue;
        assert_true(n > 0 && n <= MINUTES_CODE_MAX && minutes_check(code, n));
        assert_false(minutes_check(code, n - 1));
        minutes_decode(code, &back);
        same_minutes(&m, &back);
    }
    gsl_rng_free(r);
}

static void a_code_that_is_none_is_found_out(void **state)
{
    (void)state;
    static const struct { const char *why; uint8_t code[8]; size_t n; } wrong[] = {
        { "empty", { 0 }, 0 },
        { "width of no power of 2", { 3 }, 1 },
        { "width without counts", { 8, 1 }, 2 },
        { "no busy minute", { 0, 0 }, 2 },
        { "minute 1440", { 0, 1, 0xA0, 0x0B, 1 }, 5 },
        { "count 0", { 0, 1, 3, 0 }, 4 },
        { "more than it says", { 0, 1, 3, 1, 7 }, 5 },
        { "less than it says", { 0, 2, 3, 1 }, 4 },
        { "a longer way to say 3", { 0, 1, 0x83, 0, 1 }, 5 },
        { "a number of 36 bits", { 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1 }, 8 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (minutes_check(wrong[i].code, wrong[i].n))
            fail_msg("%s was taken", wrong[i].why);
    }
}

/* What strtod says, to the bit. */
static void like_strtod(const char *text)
{
    double x = -1, want;
    assert_true(decimal_f64(str_of(text), &x));
    want = strtod(text, NULL);
    if (memcmp(&x, &want, sizeof x) != 0)
        fail_msg("%s: %.17g, strtod has %.17g", text, x, want);
}

static void decimals_are_what_strtod_says(void **state)
{
    (void)state;
    static const char *const odd[] = { "0", "-0", "1.", ".5", "9007199254740993", "1e3", "+2",
                                       "18446744073709551615", "18446744073709551616",
                                       "0.30000000000000004", "123456789.000000001234567",
                                       "9007199254740993.5", "5e-324", "inf", "-inf", "1e999" };
    char text[64];
    gsl_rng *r = rng_stream(1, "test/decimal", 0);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        like_strtod(odd[i]);
    for (int i = 0; i < 200000; i++) {
        int whole = (int)rng_below(r, 12), after = (int)rng_below(r, 14);
        double scale = pow(10, whole - 5);
        snprintf(text, sizeof text, "%s%.*f", i % 2 ? "-" : "", after, rng_unit(r) * scale);
        like_strtod(text);
        snprintf(text, sizeof text, "%.17g", rng_unit(r) * 1.3e6);
        like_strtod(text);
    }
    gsl_rng_free(r);
    double x;
    static const char *const wrong[] = { "", "-", ".", "1.2.3", "1,2", "0x10", "1e", "one", "--1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(decimal_f64(str_of(wrong[i]), &x));
    assert_true(decimal_f64(STR(" 2.5 "), &x));
    assert_near(x, 2.5, 0);
}

static void times_ascend_and_tokens_go_along(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(1, "test/sort", 0);
    static const size_t sizes[] = { 0, 1, 2, 7, 48, 49, 1000, 20000 };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        double *t = mem_array(n + 1, sizeof *t), *was = mem_array(n + 1, sizeof *was);
        struct invocation_tokens *tokens = mem_array(n + 1, sizeof *tokens);
        for (size_t i = 0; i < n; i++) {
            was[i] = t[i] = floor((rng_unit(r) - 0.1) * 500) / (k % 2 ? 1 : 8);
            tokens[i].context = (uint32_t)i;
        }
        series_sort(t, tokens, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(t[i] == was[tokens[i].context]);
            assert_true(i == 0 || t[i - 1] < t[i] ||
                        (t[i - 1] == t[i] && tokens[i - 1].context < tokens[i].context));
        }
        free(t);
        free(was);
        free(tokens);
    }
    double t[] = { NAN, 1, -INFINITY, INFINITY, -0.0, 0 };
    series_sort(t, NULL, 6);
    assert_true(isinf(t[0]) && t[0] < 0 && t[1] == 0 && t[2] == 0 && t[3] == 1 && isinf(t[4]) &&
                isnan(t[5]));
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_days_have_the_bytes_of_the_header),
        cmocka_unit_test(any_day_comes_back),
        cmocka_unit_test(a_code_that_is_none_is_found_out),
        cmocka_unit_test(decimals_are_what_strtod_says),
        cmocka_unit_test(times_ascend_and_tokens_go_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
