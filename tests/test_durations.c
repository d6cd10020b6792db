/* Distances of times: known shifts, ticks of two kinds, and what cannot be computed. */
#include "tests/near.h"

#include "eval/durations.h"

enum { GRAPHS = 40 };

/* A root with a child that starts after `start`, both of the same response time, in ticks. */
static struct graphset *graphs(uint32_t tick_us, size_t calls, int64_t rt, int64_t start)
{
    struct graphset *s = graphset_new();
    s->tick_us = tick_us;
    for (size_t i = 0; i < GRAPHS; i++) {
        struct callgraph *g = graphset_add(s, calls);
        g->timed = true;
        for (size_t k = 0; k < calls; k++) {
            g->calls[k].parent = k ? 0 : CALL_NONE;
            g->calls[k].level = k > 0;
            g->calls[k].start = k ? start : 0;
            g->calls[k].rt = rt;
        }
    }
    return s;
}

static void a_shift_is_its_logarithm(void **state)
{
    (void)state;
    struct graphset *a = graphs(1000, 2, 1, 3), *b = graphs(1, 2, 3000, 3000);
    for (int what = 0; what < DURATIONS; what++) {
        struct durations d = durations_compare(a, b, (enum durations_of)what, 50, 1);
        double want = what == DURATIONS_START ? 0 : 1;   /* 1 + 1 ms against 1 + 3 ms */
        assert_near(d.w1.value, want, 1e-12);
        assert_near(d.ks, want, 1e-12);
        assert_near(d.w1.lo, want, 1e-12);               /* every re-draw is the same */
        assert_near(d.w1.hi, want, 1e-12);
        assert_int_equal(d.w1.n, GRAPHS);
    }
    graphset_free(a);
    graphset_free(b);
}

/* Half of a's traces take 0 ms and half 1: against all 0, half of log2(2). Whole graphs are drawn
 * again, so w1's spread is that of a share of 40: sd .079, four of them below. */
static void an_interval_is_that_of_graphs(void **state)
{
    (void)state;
    struct graphset *a = graphs(1000, 1, 0, 0), *b = graphs(1000, 1, 0, 0);
    for (size_t i = 0; i < GRAPHS; i += 2)
        a->graphs[i].calls[0].rt = 1;
    struct durations d = durations_compare(a, b, DURATIONS_CALL, 400, 1),
                     again = durations_compare(a, b, DURATIONS_CALL, 400, 1);
    assert_near(d.w1.value, 0.5, 1e-12);
    assert_near(d.ks, 0.5, 1e-12);
    assert_near(d.w1.hi - d.w1.lo, 2 * 1.96 * 0.079, 0.08);
    assert_near(again.w1.lo, d.w1.lo, 0);
    graphset_free(a);
    graphset_free(b);
}

static void what_is_not_there_is_nan(void **state)
{
    (void)state;
    struct graphset *a = graphs(1000, 1, 5, 0), *b = graphs(1000, 2, 5, 1);
    struct durations d = durations_compare(a, b, DURATIONS_START, 30, 1);
    assert_true(isnan(d.w1.value));
    assert_true(isnan(d.ks));
    graphset_free(a);
    graphset_free(b);
}

/* A clock that says that a child started before its parent counts as a start at once. */
static void skew_is_no_negative_time(void **state)
{
    (void)state;
    struct graphset *a = graphs(1000, 2, 5, -4), *b = graphs(1000, 2, 5, 0);
    assert_near(durations_compare(a, b, DURATIONS_START, 30, 1).w1.value, 0, 1e-12);
    graphset_free(a);
    graphset_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_is_its_logarithm),
        cmocka_unit_test(an_interval_is_that_of_graphs),
        cmocka_unit_test(what_is_not_there_is_nan),
        cmocka_unit_test(skew_is_no_negative_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
