/* test_scale.c: ticks and places worked by hand; the rule for zero on a logarithmic axis. */
#include <math.h>

#include "report/number.h"
#include "report/scale.h"
#include "tests/near.h"

static void steps_are_1_2_5(void **state)
{
    (void)state;
    static const struct { double span; size_t n; double step;
    } t[] = {
        { 1, 5, 0.2 },      { 10, 5, 2 },     { 7, 5, 1 },
        { 0.03, 5, 0.005 }, { 1200, 4, 200 }, { 100, 10, 10 },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        assert_near(scale_step(t[i].span, t[i].n), t[i].step, 1e-12);
}

static void linear_axis_ends_at_ticks(void **state)
{
    (void)state;
    struct scale s = scale_nice(SCALE_LINEAR, 0.3, 9.1, false, false);
    assert_near(s.lo, 0, 0);
    assert_near(s.hi, 10, 0);
    s.from = 100;
    s.to = 200;
    assert_near(scale_at(&s, 2.5), 125, 1e-12);
    struct scale_tick t[SCALE_TICKS];
    size_t n = scale_ticks(&s, 5, false, t, SCALE_TICKS);
    assert_int_equal(n, 6);
    assert_string_equal(t[1].label, "2");
    assert_string_equal(t[5].label, "10");
    s = scale_nice(SCALE_LINEAR, 0.3, 9.1, true, true);
    assert_near(s.lo, 0.3, 0);
    assert_near(s.hi, 9.1, 0);
    s = scale_nice(SCALE_LINEAR, 4, 4, false, false);   /* one value: still an axis */
    assert_true(s.lo < 4 && s.hi > 4);
}

static void log_axis_ends_at_powers(void **state)
{
    (void)state;
    struct scale s = scale_nice(SCALE_LOG, 3, 870, false, false);
    assert_near(s.lo, 2, 0);                            /* 1 would leave much empty */
    assert_near(s.hi, 1000, 0);
    s = scale_nice(SCALE_LOG, 1.2, 870, false, false);
    assert_near(s.lo, 1, 0);
    s.from = 0;
    s.to = 300;
    assert_near(scale_at(&s, 10), 100, 1e-9);
    assert_near(scale_at(&s, 1000), 300, 1e-9);
    assert_true(isnan(scale_at(&s, 0)) && isnan(scale_at(&s, -1)) && isnan(scale_at(&s, NAN)));
    struct scale_tick t[SCALE_TICKS];
    size_t n = scale_ticks(&s, 5, false, t, SCALE_TICKS), labelled = 0;
    for (size_t i = 0; i < n; i++)
        labelled += t[i].major;
    assert_int_equal(labelled, 4);                      /* 1 10 100 1k */
    assert_string_equal(t[n - 1].label, "1k");
}

/* Zero stands in the middle of a segment of its own, left of every positive value. */
static void zero_has_its_own_segment(void **state)
{
    (void)state;
    struct scale s = scale_nice(SCALE_LOG_ZERO, 1, 1000, false, false);
    s.from = 0;
    s.to = 1000;
    assert_near(scale_at(&s, 0), 1000 * SCALE_ZERO_SHARE / 2, 1e-9);
    assert_true(scale_at(&s, 1) > 1000 * SCALE_ZERO_SHARE);
    assert_near(scale_at(&s, 1000), 1000, 1e-9);
    assert_true(isnan(scale_at(&s, -1)));
    struct scale_tick t[SCALE_TICKS];
    scale_ticks(&s, 5, false, t, SCALE_TICKS);
    assert_near(t[0].at, 0, 0);
    assert_string_equal(t[0].label, "0");
    assert_true(t[0].major);
}

static void percent_and_large_labels(void **state)
{
    (void)state;
    struct scale s = scale_nice(SCALE_LINEAR, 0, 1, true, true);
    struct scale_tick t[SCALE_TICKS];
    size_t n = scale_ticks(&s, 5, true, t, SCALE_TICKS);
    assert_int_equal(n, 6);
    assert_string_equal(t[1].label, "20%");
    char label[24];
    scale_label(12000, 1000, label);
    assert_string_equal(label, "12,000");
    scale_label(2.5e6, 5e5, label);
    assert_string_equal(label, "2.5M");
    scale_label(-0.25, 0.05, label);
    assert_string_equal(label, "\xE2\x88\x92" "0.25");
}

static void numbers_are_written_as_asked(void **state)
{
    (void)state;
    static const struct { double x; const char *format, *words;
    } t[] = {
        { 12.346, "0.00", "12.35" },
        { 12345.6, "#,##0", "12,346" },
        { -1234567.25, "#,##0.00",
          "\xE2\x88\x92"
          "1,234,567.25" },
        { 0.1234, "0.0%", "12.3%" },
        { 12345, "0.0E+00", "1.2e4" },
        { 0.00123456, "g3", "0.00123" },
        { 4.21, "x0.0", "4.2\xC3\x97" },
        { NAN, "0.00", "n/a" },
        { -0.001, "0.00", "0.00" },
        { 999, "#,##0", "999" },
    };
    char out[NUMBER_SIZE];
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        number_write(t[i].x, t[i].format, out);
        assert_string_equal(out, t[i].words);
    }
    static const char *const bad[] = { "", "0.0x", "%d", "g", "g12", "#,##", "0.0%%", "00" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_format_known(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_1_2_5), cmocka_unit_test(linear_axis_ends_at_ticks),
        cmocka_unit_test(log_axis_ends_at_powers), cmocka_unit_test(zero_has_its_own_segment),
        cmocka_unit_test(percent_and_large_labels), cmocka_unit_test(numbers_are_written_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
