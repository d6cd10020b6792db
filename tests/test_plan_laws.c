/* test_plan_laws.c: times within a unit, given how many there are, have the laws that plan.h
 * promises; each is held against its exact distribution by Kolmogorov and Smirnov's distance. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <gsl/gsl_cdf.h>

#include "base/mem.h"
#include "load/plan.h"
#include "stats/sort.h"

enum { UNITS = 3000, CALLS = 6 };

struct times {
    double *x;                   /* (UNITS, CALLS) in [0, 1) */
};

static void make(void *ctx, size_t slot, size_t unit, const struct load_call *calls, size_t n)
{
    struct times *t = ctx;
    (void)slot;
    assert_int_equal(n, CALLS);
    for (size_t i = 0; i < n; i++)
        t->x[unit * CALLS + i] = (double)calls[i].at_us / PLAN_MINUTE_US;
}

static bool take(void *ctx, size_t slot, size_t unit)
{
    (void)ctx;
    (void)slot;
    (void)unit;
    return true;
}

struct law {
    enum plan_law law;
    double cv;                   /* of gamma */
    bool carry, phase, compat;
};

/* CALLS times in each of UNITS minutes; free() them. */
static double *draw(struct law how)
{
    static int32_t calls[UNITS];
    static const uint32_t target[] = { 0 };
    struct function f = { .key = "k", .calls = calls, .units = UNITS };
    struct functions one = { .at = &f, .n = 1, .units = UNITS };
    for (size_t u = 0; u < UNITS; u++)
        calls[u] = CALLS;
    struct plan_job job = { .functions = &one, .target = target, .law = how.law,
                            .process = &process_gamma, .cv = how.cv, .carry = how.carry,
                            .random_phase = how.phase, .compat = how.compat, .minute = true,
                            .units = UNITS, .seed = 11, .threads = 1 };
    struct times t = { mem_array(UNITS * CALLS, sizeof(double)) };
    struct plan_sink sink = { make, take, &t };
    struct plan_count count;
    assert_true(plan_run(&job, &sink, &count));
    return t.x;
}

/* y[0..n) are independent draws of Beta(a, b): one such sample in a thousand is farther off. */
static void assert_beta(double *y, size_t n, double a, double b)
{
    double d = 0;
    sort_doubles(y, n);
    for (size_t i = 0; i < n; i++) {
        double p = gsl_cdf_beta_P(y[i], a, b);
        d = fmax(d, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
    }
    assert_true(d < 1.95 / sqrt((double)n));
}

/* Given 6 arrivals of a Poisson process, the k-th time is Beta(k, 7 - k) and what lies between two
 * neighbours is Beta(1, 6): so for exponential, and for what the original calls uniform. */
static void exponential_is_a_conditioned_poisson_process(void **state)
{
    (void)state;
    static const struct law laws[] = { { .law = PLAN_EXPONENTIAL }, { .law = PLAN_UNIFORM },
                                       { .law = PLAN_UNIFORM, .compat = true } };
    double y[UNITS];
    for (size_t l = 0; l < 3; l++) {
        double *x = draw(laws[l]);
        for (size_t k = 0; k < CALLS; k++) {
            for (size_t u = 0; u < UNITS; u++)
                y[u] = x[u * CALLS + k];
            assert_beta(y, UNITS, (double)(k + 1), (double)(CALLS - k));
            for (size_t u = 0; k && u < UNITS; u++)
                y[u] = x[u * CALLS + k] - x[u * CALLS + k - 1];
            if (k)
                assert_beta(y, UNITS, 1, CALLS);
        }
        free(x);
    }
}

/* Gaps of shape s over their sum are Dirichlet: the k-th call is at a Beta(k s, (6 - k) s). */
static void fresh_gamma_gaps_share_the_unit(void **state)
{
    (void)state;
    static const double cvs[] = { 0.5, 1, 1.5 };
    double y[UNITS];
    for (size_t c = 0; c < 3; c++) {
        double s = 1 / (cvs[c] * cvs[c]);
        double *x = draw((struct law){ .law = PLAN_PROCESS, .cv = cvs[c] });
        for (size_t u = 0; u < UNITS; u++)
            assert_true(x[u * CALLS] == 0);
        for (size_t k = 1; k < CALLS; k++) {
            for (size_t u = 0; u < UNITS; u++)
                y[u] = x[u * CALLS + k];
            assert_beta(y, UNITS, (double)k * s, (double)(CALLS - k) * s);
        }
        free(x);
    }
}

/* Turned by a random angle every call's place is uniform: one of the six, whichever, of a unit. */
static void a_turned_unit_has_no_beginning(void **state)
{
    (void)state;
    double *x = draw((struct law){ .law = PLAN_PROCESS, .cv = 1.5, .phase = true }), y[UNITS];
    for (size_t u = 0; u < UNITS; u++)
        y[u] = x[u * CALLS + u % CALLS];
    assert_beta(y, UNITS, 1, 1);
    free(x);
}

/* Carried gaps are scaled unit by unit, which the share of one of two neighbours does not see. */
static void carried_gamma_gaps_keep_their_law(void **state)
{
    (void)state;
    static const double cvs[] = { 0.5, 1, 1.5 };
    double y[UNITS];
    for (size_t c = 0; c < 3; c++) {
        double s = 1 / (cvs[c] * cvs[c]);
        double *x = draw((struct law){ .law = PLAN_PROCESS, .cv = cvs[c], .carry = true,
                                       .phase = true });
        for (size_t k = 1; k + 1 < CALLS; k++) {
            for (size_t u = 0; u < UNITS; u++) {
                const double *at = x + u * CALLS + k;
                y[u] = (at[0] - at[-1]) / (at[1] - at[-1]);
            }
            assert_beta(y, UNITS, s, s);
        }
        free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_a_conditioned_poisson_process),
        cmocka_unit_test(fresh_gamma_gaps_share_the_unit),
        cmocka_unit_test(a_turned_unit_has_no_beginning),
        cmocka_unit_test(carried_gamma_gaps_keep_their_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
