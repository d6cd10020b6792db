/* Arrival processes: means, gaps and windows against their laws; what must not be lost is not. */
#include "near.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "replay/estimate.h"
#include "replay/process.h"

struct moments {
    double mean, sd;
    size_t n;
};

static struct moments moments_of(const double *x, size_t n)
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        square += (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
    return (struct moments){ sum / (double)n, sqrt(square / (double)n), n };
}

/* cvs that every process of the list can have. */
static double cv_of(const struct process *p)
{
    return p->cv_hi < 2 ? p->cv_hi : 2;
}

static void gaps_have_mean_one_and_the_cv_asked_for(void **state)
{
    (void)state;
    enum { N = 400000 };
    double *x = mem_array(N, sizeof *x);
    for (size_t k = 0; processes[k]; k++) {
        const struct process *p = processes[k];
        double cv = p == &process_pareto ? 1.2 : cv_of(p);   /* a = 6.5: a variance of variances */
        gsl_rng *r = rng_stream(1, "test/gaps", k);
        for (size_t i = 0; i < N; i++)
            x[i] = p->gap(r, cv);
        struct moments m = moments_of(x, N);
        assert_near(m.mean, 1, 5 * cv / sqrt(N));
        assert_near(m.sd, cv, 0.02 * cv);
        gsl_rng_free(r);
    }
    free(x);
}

/* The mean of the equilibrium law is (1 + cv^2)/2, and P(first > x) = integral of the survival. */
static void the_first_wait_is_the_equilibrium_law(void **state)
{
    (void)state;
    enum { N = 400000 };
    for (size_t k = 0; processes[k]; k++) {
        const struct process *p = processes[k];
        double cv = cv_of(p), below[2] = { 0, 0 };
        static const double at[2] = { 0.3, 0.9 };
        gsl_rng *r = rng_stream(2, "test/first", k);
        for (size_t i = 0; i < N; i++) {
            double x = p->first(r, cv);
            below[0] += x <= at[0];
            below[1] += x <= at[1];
        }
        for (size_t j = 0; j < 2; j++) {
            double sum = 0;   /* midpoint rule: the density of `first` is the survival of a gap */
            for (int i = 0; i < 20000; i++)
                sum += p->survival(at[j] * (i + 0.5) / 20000, cv) * at[j] / 20000;
            assert_near(below[j] / N, sum, 0.004);
        }
        gsl_rng_free(r);
    }
}

/* The fast integral agrees with GSL's, from nearly regular to a cv of 100, far out and at 0. */
static void the_survival_of_gamma_agrees_with_gsl(void **state)
{
    (void)state;
    static const double cvs[] = { 1e-3, 0.02, 0.1, 0.5, 0.9, 1, 1.3, 3, 10, 100 };
    for (size_t i = 0; i < sizeof cvs / sizeof *cvs; i++) {
        double c2 = cvs[i] * cvs[i];
        assert_near(process_gamma.survival(0, cvs[i]), 1, 0);
        for (double x = 1e-12; x < 1e6; x *= 1.3)
            assert_near(process_gamma.survival(x, cvs[i]),
                        gsl_sf_gamma_inc_Q(1 / c2, x / c2), 1e-8);
        for (double z = -6; z <= 6; z += 0.1)
            if (1 + z * cvs[i] > 0)
                assert_near(process_gamma.survival(1 + z * cvs[i], cvs[i]),
                            gsl_sf_gamma_inc_Q(1 / c2, (1 + z * cvs[i]) / c2), 1e-8);
    }
}

static void survival_is_that_of_the_gaps(void **state)
{
    (void)state;
    enum { N = 200000 };
    for (size_t k = 0; processes[k]; k++) {
        const struct process *p = processes[k];
        double cv = cv_of(p), above = 0;
        gsl_rng *r = rng_stream(3, "test/survival", k);
        for (size_t i = 0; i < N; i++)
            above += p->gap(r, cv) > 0.7;
        assert_near(above / N, p->survival(0.7, cv), 0.006);
        gsl_rng_free(r);
    }
}

/* Mean count of many windows over seeds: rate-preserving against nominal. */
static double mean_count(double cv, double per_window, size_t windows, size_t seeds, double *se)
{
    struct process_window *w = mem_array(windows, sizeof *w);
    for (size_t k = 0; k < windows; k++)
        w[k] = (struct process_window){ (double)k * 60, (double)k * 60 + 60, per_window / 60, cv };
    double *count = mem_array(seeds, sizeof *count);
    struct arrivals a = { 0 };
    for (size_t s = 0; s < seeds; s++) {
        gsl_rng *r = process_stream(s, "count", 0);
        a.n = 0;
        process_run(&process_gamma, w, windows, r, &a);
        count[s] = (double)a.n;
        gsl_rng_free(r);
    }
    struct moments m = moments_of(count, seeds);
    *se = m.sd / sqrt((double)seeds);
    free(a.t);
    free(count);
    free(w);
    return m.mean;
}

static void the_rate_is_kept_through_windows_of_any_size(void **state)
{
    (void)state;
    static const double cvs[] = { 0.5, 1, 4, 8 }, sizes[] = { 0.1, 1, 60, 1000 };
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            double se, nominal = 3000;
            size_t windows = (size_t)lround(nominal / sizes[j]);
            double mean = mean_count(cvs[i], sizes[j], windows, 200, &se);
            assert_near(mean, nominal, fmax(0.01 * nominal, 4 * se));
            assert_true(se < 0.03 * nominal);
        }
}

/* The same with a cv, and a rate, that change at every border: every window's own mean is kept. */
static void a_changing_cv_keeps_the_mean_of_every_window(void **state)
{
    (void)state;
    enum { SEEDS = 20000, WINDOWS = 6 };
    static const double cv[WINDOWS] = { 4, 0.5, 8, 1, 0.2, 3 };
    static const double per[WINDOWS] = { 2, 5, 0.5, 0, 3, 10 };
    struct process_window w[WINDOWS];
    double sum[WINDOWS] = { 0 }, square[WINDOWS] = { 0 };
    for (size_t k = 0; k < WINDOWS; k++)
        w[k] = (struct process_window){ (double)k * 10, (double)k * 10 + 10, per[k] / 10, cv[k] };
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(5, "turns", 0);
    for (size_t s = 0; s < SEEDS; s++) {
        a.n = 0;
        process_run(&process_gamma, w, WINDOWS, r, &a);
        double count[WINDOWS] = { 0 };
        for (size_t i = 0; i < a.n; i++)
            count[(size_t)(a.t[i] / 10)]++;
        for (size_t k = 0; k < WINDOWS; k++) {
            sum[k] += count[k];
            square[k] += count[k] * count[k];
        }
    }
    for (size_t k = 0; k < WINDOWS; k++) {
        double mean = sum[k] / SEEDS, var = square[k] / SEEDS - mean * mean;
        assert_near(mean, per[k], 4 * sqrt(var / SEEDS) + 1e-12);
    }
    gsl_rng_free(r);
    free(a.t);
}

static void the_gaps_across_windows_are_those_of_one_process(void **state)
{
    (void)state;
    enum { WINDOWS = 4200000 };
    struct process_window *w = mem_array(WINDOWS, sizeof *w);
    static const double cvs[] = { 0.5, 2, 8 };
    for (size_t c = 0; c < 3; c++) {
        for (size_t k = 0; k < WINDOWS; k++)   /* 0.1 arrivals a window: a gap spans ten */
            w[k] = (struct process_window){ (double)k, (double)k + 1, 0.1, cvs[c] };
        struct arrivals a = { 0 };
        gsl_rng *r = process_stream(6, "gaps", c);
        process_run(&process_gamma, w, WINDOWS, r, &a);
        assert_true(a.n > 390000);
        for (size_t i = a.n - 1; i > 0; i--)
            a.t[i] -= a.t[i - 1];
        struct moments m = moments_of(a.t + 1, a.n - 1);
        assert_near(m.sd / m.mean, cvs[c], 0.05 * cvs[c]);
        gsl_rng_free(r);
        free(a.t);
    }
    free(w);
}

/* The table of the renewal inflation: nominal -> expected. */
static void a_restarted_process_has_the_known_inflation(void **state)
{
    (void)state;
    static const struct { double cv, nominal, expected, tol; } row[] = {
        { 2, 0.1, 0.72, 0.005 }, { 2, 1, 2.15, 0.005 }, { 2, 6, 7.47, 0.005 },
        { 2, 60, 61.5, 0.05 }, { 4, 0.1, 2.88, 0.005 }, { 4, 1, 5.56, 0.005 },
        { 4, 6, 12.4, 0.05 }, { 4, 60, 67.5, 0.05 }, { 8, 0.1, 10.0, 0.05 },
        { 8, 1, 15.9, 0.05 }, { 8, 6, 27.4, 0.05 }, { 8, 60, 90.2, 0.05 },
        { 0.5, 1, 0.62, 0.005 }, { 0.5, 6, 5.63, 0.0051 }, { 1, 5, 5, 1e-9 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_near(process_restart_mean(row[i].cv, row[i].nominal), row[i].expected, row[i].tol);
    assert_near(process_restart_mean(2, 399.9) - 399.9, 1.5, 1e-7);
    assert_near(process_restart_mean(2, 400.1) - 400.1, 1.5, 1e-7);
    assert_near(process_restart_mean(0.5, 99.9) - 99.9, -0.375, 1e-7);
    enum { SEEDS = 20000 };
    struct process_window w = { 100, 160, 0.1, 4 };
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(7, "restart", 0);
    for (size_t s = 0; s < SEEDS; s++)
        process_restart(&process_gamma, &w, r, &a);
    assert_near((double)a.n / SEEDS, process_restart_mean(4, 6), 0.5);
    gsl_rng_free(r);
    free(a.t);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A window too short for a second gap emits the gap that ends it: the law of compat's Pareto, whose
 * gaps are 1 s times (Pareto(a) - 1), P(gap > x) = (1 + x)^-a. Kolmogorov's distance at N draws is
 * above 1.63/sqrt(N) once in a hundred seeds. */
static void the_overshooting_pareto_has_its_law(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const double shapes[] = { 0.4, 1, 3 };
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        struct process_window w = { 5, 5 + 1e-12, shapes[k], 0 };
        struct arrivals a = { 0 };
        gsl_rng *r = process_stream(7, "pareto", k);
        for (size_t i = 0; i < N; i++)
            estimate_restart_pareto(&w, r, &a);
        assert_int_equal(a.n, N);
        qsort(a.t, a.n, sizeof *a.t, ascending);
        double ks = 0;
        for (size_t i = 0; i < N; i++)
            ks = fmax(ks, fabs(1 - pow(1 + a.t[i] - 5, -shapes[k]) - (i + 0.5) / N) + 0.5 / N);
        assert_true(ks < 1.63 / sqrt(N));
        gsl_rng_free(r);
        free(a.t);
    }
}

/* Above cv 5 most gaps are exact zeros: arrivals are equal, none is lost or leaves its window. */
static void a_cv_of_a_hundred_loses_nothing(void **state)
{
    (void)state;
    enum { WINDOWS = 300000, SEEDS = 30 };
    struct process_window *w = mem_array(WINDOWS, sizeof *w);
    for (size_t k = 0; k < WINDOWS; k++)
        w[k] = (struct process_window){ 7e5 + (double)k, 7e5 + (double)k + 1, 1, 100 };
    double count[SEEDS];
    size_t equal = 0;
    for (size_t s = 0; s < SEEDS; s++) {
        struct arrivals a = { 0 };
        gsl_rng *r = process_stream(s, "hundred", 0);
        process_run(&process_gamma, w, WINDOWS, r, &a);
        for (size_t i = 0; i < a.n; i++) {
            assert_true(a.t[i] >= 7e5 && a.t[i] < 7e5 + WINDOWS);
            assert_true(i == 0 || a.t[i] >= a.t[i - 1]);
            equal += i && a.t[i] == a.t[i - 1];
        }
        count[s] = (double)a.n;
        gsl_rng_free(r);
        free(a.t);
    }
    struct moments m = moments_of(count, SEEDS);
    assert_near(m.mean, WINDOWS, 4 * m.sd / sqrt(SEEDS));
    assert_true((double)equal > 0.5 * m.mean * SEEDS);
    free(w);
}

/* Two states, on 3 of 4 s at 8/s, off at 0: 6/s, and MMPP of rate and cv is one of that kind. */
static void explicit_states_have_their_mean_rate(void **state)
{
    (void)state;
    static const double duration[] = { 3, 1 }, rate[] = { 8, 0 };
    struct process_states s = { duration, rate, 2 };
    assert_near(process_mmpp_rate(&s), 6, 1e-12);
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(8, "states", 0);
    process_mmpp_run(&s, 50, 50 + 40000, r, &a);
    assert_near((double)a.n / 40000, 6, 0.1);
    /* cv^2 = 1 + 2 s1 l/(s1 + s2)^2 of an interrupted Poisson process */
    double s1 = 1.0 / 3, s2 = 1, cv2 = 1 + 2 * s1 * 8 / ((s1 + s2) * (s1 + s2));
    for (size_t i = a.n - 1; i > 0; i--)
        a.t[i] -= a.t[i - 1];
    struct moments m = moments_of(a.t + 1, a.n - 1);
    assert_near(m.sd / m.mean, sqrt(cv2), 0.03);
    gsl_rng_free(r);
    free(a.t);
}

static void streams_are_named(void **state)
{
    (void)state;
    gsl_rng *a = process_stream(0, "gpt0", 0), *b = process_stream(0, "gpt0", 0);
    gsl_rng *c = process_stream(0, "gpt1", 0), *d = process_stream(1, "gpt0", 0);
    gsl_rng *e = process_stream(0, "gpt0", 1);
    uint64_t x = rng_u64(a);
    assert_true(x == rng_u64(b) && x != rng_u64(c) && x != rng_u64(d) && x != rng_u64(e));
    gsl_rng_free(a);
    gsl_rng_free(b);
    gsl_rng_free(c);
    gsl_rng_free(d);
    gsl_rng_free(e);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct err err;
    assert_false(process_check(&process_gamma, 0, 1, &err));
    assert_false(process_check(&process_gamma, NAN, 1, &err));
    assert_false(process_check(&process_gamma, INFINITY, 1, &err));
    assert_false(process_check(&process_gamma, 1, -1, &err));
    assert_false(process_check(&process_gamma, 1, NAN, &err));
    assert_false(process_check(&process_pareto, 1, 1, &err));
    assert_non_null(strstr(err.msg, "pareto"));
    assert_int_equal(err.status, EXIT_USAGE);
    assert_true(process_check(&process_gamma, 1, 100, &err));
    assert_ptr_equal(process_find("exponential"), &process_poisson);
    assert_null(process_find("uniform"));
}

int main(void)
{
    gsl_set_error_handler_off();   /* an underflow of GSL's integral is a 0 */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_have_mean_one_and_the_cv_asked_for),
        cmocka_unit_test(the_first_wait_is_the_equilibrium_law),
        cmocka_unit_test(the_survival_of_gamma_agrees_with_gsl),
        cmocka_unit_test(survival_is_that_of_the_gaps),
        cmocka_unit_test(the_rate_is_kept_through_windows_of_any_size),
        cmocka_unit_test(a_changing_cv_keeps_the_mean_of_every_window),
        cmocka_unit_test(the_gaps_across_windows_are_those_of_one_process),
        cmocka_unit_test(a_restarted_process_has_the_known_inflation),
        cmocka_unit_test(the_overshooting_pareto_has_its_law),
        cmocka_unit_test(a_cv_of_a_hundred_loses_nothing),
        cmocka_unit_test(explicit_states_have_their_mean_rate),
        cmocka_unit_test(streams_are_named),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
