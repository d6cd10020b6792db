/* The room stats: hand-worked values, closed forms of known shifts, and every empty side. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stats/auc.h"
#include "stats/distance.h"
#include "stats/divergence.h"
#include "stats/interval.h"
#include "stats/resample.h"
#include "stats/sort.h"
#include "stats/zipf.h"

/*  a  1 2 2     F  1/3 at 1, 1 at 2
 *  b    2   4   G        1/2 at 2, 1 at 4      gaps 1/3 over [1,2), 1/2 over [2,4) */
static void distances_have_hand_worked_values(void **state)
{
    (void)state;
    const double a[] = { 2, 1, 2 }, b[] = { 4, 2 };
    struct distance d = distance_samples(a, 3, b, 2);
    assert_near(d.ks, 0.5, 1e-15);
    assert_near(d.w1, 1.0 / 3 + 1, 1e-15);
    const double x[] = { 1, 2, 4 }, p[] = { 10, 20, 0 }, q[] = { 0, 1, 1 };
    struct distance w = distance_weighted(x, p, q, 3);
    assert_near(w.ks, d.ks, 1e-15);
    assert_near(w.w1, d.w1, 1e-15);
    const double far[] = { 7, 8 };
    assert_near(distance_samples(a, 3, far, 2).w1, 7.5 - 5.0 / 3, 1e-14);
    assert_near(distance_samples(far, 2, a, 3).w1, 7.5 - 5.0 / 3, 1e-14);
    assert_near(distance_samples(far, 2, a, 3).ks, 1, 0);
}

static void the_same_sample_is_no_distance_away(void **state)
{
    (void)state;
    const double a[] = { 3, 1, 4, 1, 5 };
    struct distance d = distance_samples(a, 5, a, 5);
    assert_near(d.ks, 0, 0);
    assert_near(d.w1, 0, 0);
    assert_near(divergence_kl(a, a, 5, 0.5), 0, 0);
    assert_near(divergence_js_bits(a, a, 5), 0, 0);
    assert_near(divergence_tv(a, a, 5), 0, 0);
}

static void an_empty_side_is_not_a_number(void **state)
{
    (void)state;
    const double a[] = { 1, 2 }, none[] = { 0, 0 };
    assert_true(isnan(distance_samples(a, 2, a, 0).ks) && isnan(distance_samples(a, 0, a, 2).w1));
    assert_true(isnan(distance_weighted(a, a, none, 2).w1));
    assert_true(isnan(divergence_kl(a, none, 2, 0)) && isnan(divergence_js_bits(none, a, 2)));
    assert_true(isnan(divergence_tv(a, a, 0)));
    assert_true(isnan(quantile_sorted(a, 0, 0.5)));
    assert_true(isnan(auc_of(a, (bool[]){ true, true }, 2)));
    assert_true(isnan(distance_ks_p(0.1, 0, 5)));
    assert_true(isnan(zipf_fit(a, 2, 0).slope));
}

/* W1 of a law and its shift is the shift; KS of U(0,1) and U(0,c) is 1 - 1/c. */
static void known_shifts_have_closed_forms(void **state)
{
    (void)state;
    enum { N = 200000 };
    double *a = mem_array(N, sizeof *a), *b = mem_array(N, sizeof *b);
    gsl_rng *r = rng_stream(3, "test/shift", 0);
    for (size_t i = 0; i < N; i++) {
        a[i] = gsl_ran_gaussian(r, 1);
        b[i] = gsl_ran_gaussian(r, 1) + 0.7;
    }
    assert_near(distance_samples(a, N, b, N).w1, 0.7, 0.01);
    for (size_t i = 0; i < N; i++) {
        a[i] = rng_unit(r);
        b[i] = 1.25 * rng_unit(r);
    }
    assert_near(distance_samples(a, N, b, N).ks, 0.2, 0.005);
    gsl_rng_free(r);
    free(a);
    free(b);
}

/* Under the null hypothesis p-values are uniform; recorded: Q(1.36) = 0.0495 (the 5 % point). */
static void ks_p_values_are_uniform_under_the_null(void **state)
{
    (void)state;
    enum { TESTS = 400, N = 150 };
    gsl_rng *r = rng_stream(4, "test/null", 0);
    double a[N], b[N], p[TESTS], u[TESTS];
    for (size_t t = 0; t < TESTS; t++) {
        for (size_t i = 0; i < N; i++) {
            a[i] = rng_unit(r);
            b[i] = rng_unit(r);
        }
        p[t] = distance_ks_p(distance_samples(a, N, b, N).ks, N, N);
        u[t] = ((double)t + 0.5) / TESTS;
    }
    assert_true(distance_samples(p, TESTS, u, TESTS).ks < 0.1);
    assert_near(distance_ks_p(1.36 / sqrt(5e5), 1000000, 1000000), 0.0495, 2e-4);
    gsl_rng_free(r);
}

static void divergences_have_hand_worked_values(void **state)
{
    (void)state;
    const double p[] = { 3, 1 }, q[] = { 1, 1 }, one[] = { 5, 0 }, other[] = { 0, 2 };
    assert_near(divergence_kl(p, q, 2, 0), 0.75 * log(1.5) + 0.25 * log(0.5), 1e-15);
    assert_near(divergence_kl(p, q, 2, 0.5), 0.7 * log(1.4) + 0.3 * log(0.6), 1e-15);
    assert_true(isinf(divergence_kl(one, other, 2, 0)));
    assert_near(divergence_js_bits(one, other, 2), 1, 1e-15);
    assert_near(divergence_tv(p, q, 2), 0.25, 1e-15);
}

static void the_top_is_sorted_and_ties_go_by_index(void **state)
{
    (void)state;
    const double c[] = { 2, 0, 5, 2, 9, 2, 5 };
    size_t top[8];
    assert_int_equal(divergence_top(c, 7, 4, top), 4);
    const size_t want[] = { 4, 2, 6, 0 };
    assert_memory_equal(top, want, sizeof want);
    assert_int_equal(divergence_top(c, 7, 8, top), 6);
    const size_t all[] = { 4, 2, 6, 0, 3, 5 };
    assert_memory_equal(top, all, sizeof all);
    assert_int_equal(divergence_top(c, 7, 0, top), 0);
    gsl_rng *r = rng_stream(5, "test/top", 0);   /* against a full sort */
    double many[300];
    size_t best[40];
    for (size_t i = 0; i < 300; i++)
        many[i] = (double)rng_below(r, 50);
    assert_int_equal(divergence_top(many, 300, 40, best), 40);
    for (size_t k = 0; k < 40; k++) {
        size_t before = 0;
        for (size_t i = 0; i < 300; i++)
            before += many[i] > many[best[k]] || (many[i] == many[best[k]] && i < best[k]);
        assert_int_equal(before, k);
    }
    gsl_rng_free(r);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void both_sorts_agree_with_qsort(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(6, "test/sort", 0);
    static const size_t sizes[] = { 0, 1, 2, 4095, 4096, 20000 };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t n = sizes[k];
        double *x = mem_array(n + 1, sizeof *x), *y = mem_array(n + 1, sizeof *y);
        for (size_t i = 0; i < n; i++)
            x[i] = y[i] = i % 7 == 0 ? (double)rng_below(r, 5) : gsl_ran_gaussian(r, 1e10);
        if (n > 2) {
            x[1] = y[1] = -INFINITY;
            x[2] = y[2] = INFINITY;
        }
        sort_doubles(x, n);
        qsort(y, n, sizeof *y, by_value);
        assert_memory_equal(x, y, n * sizeof *x);
        free(x);
        free(y);
    }
    gsl_rng_free(r);
}

static void intervals_centre_on_the_value(void **state)
{
    (void)state;
    double d[101], e[101];
    for (int i = 0; i <= 100; i++) {
        d[i] = i;             /* mean 50, 2.5 % at 2.5, 97.5 % at 97.5 */
        e[i] = i + 3;
    }
    struct interval v = interval_of_draws(d, 101);
    assert_near(v.value, 50, 1e-12);
    assert_near(v.lo, 2.5, 1e-12);
    assert_near(v.hi, 97.5, 1e-12);
    v = interval_centred(30, d, 101, 0, 70);
    assert_near(v.value, 30, 0);
    assert_near(v.lo, 0, 0);              /* 30 + 2.5 - 50, not below 0 */
    assert_near(v.hi, 70, 0);             /* 77.5, not above 70 */
    v = interval_paired(5, d, 9, e, 101);
    assert_near(v.value, -4, 0);
    assert_near(v.lo, -4, 1e-12);         /* a constant difference has no width */
    assert_near(v.hi, -4, 1e-12);
    d[7] = NAN;
    assert_int_equal(interval_of_draws(d, 101).n, 100);
    assert_true(isnan(interval_of_draws(d, 19).lo) && isnan(interval_of_draws(d, 0).value));
    const double x[] = { 1, 2, 3, 10 };
    assert_near(quantile_sorted(x, 4, 0.5), 2.5, 1e-15);
}

/* A bootstrap of the mean of n values has standard error sd / sqrt(n). */
/* Newcombe 1998, table I: 81 of 263 has [.2553, .3662]; 0 of 20 ends at z^2 / (20 + z^2). */
static void wilson_agrees_with_newcombe(void **state)
{
    (void)state;
    struct interval x = interval_wilson(81, 263), none = interval_wilson(0, 20),
                    all = interval_wilson(20, 20);
    assert_near(x.value, 81.0 / 263, 1e-15);
    assert_near(x.lo, 0.2553, 5e-5);
    assert_near(x.hi, 0.3662, 5e-5);
    double z2 = 1.959963984540054 * 1.959963984540054;
    assert_near(none.lo, 0, 0);
    assert_near(none.hi, z2 / (20 + z2), 1e-14);
    assert_near(all.lo, 1 - none.hi, 1e-14);
    assert_near(all.hi, 1, 1e-14);
    assert_true(isnan(interval_wilson(0, 0).value) && isnan(interval_wilson(0, 0).lo));
}

static void a_bootstrap_finds_the_standard_error(void **state)
{
    (void)state;
    enum { N = 400, B = 400 };
    gsl_rng *r = rng_stream(7, "test/bootstrap", 0);
    double x[N], base[N], w[N], means[B];
    for (size_t i = 0; i < N; i++) {
        x[i] = gsl_ran_gaussian(r, 2);
        base[i] = i == 0 ? 0 : 1;         /* item 0 does not take part */
    }
    for (size_t b = 0; b < B; b++) {
        double sum = 0, drawn = 0;
        resample_bootstrap(r, base, N, 0, w);
        for (size_t i = 0; i < N; i++) {
            sum += w[i] * x[i];
            drawn += w[i];
        }
        assert_near(drawn, N - 1, 0);
        assert_near(w[0], 0, 0);
        means[b] = sum / drawn;
    }
    struct interval v = interval_of_draws(means, B);
    assert_near(v.hi - v.lo, 2 * 1.96 * 2 / sqrt(N), 0.06);
    gsl_rng_free(r);
}

static void a_split_deals_every_item_once(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(8, "test/split", 0);
    const double base[] = { 1, 3, 0, 1, 5, 1, 1, 1, 1, 1, 1 };
    double a[11], b[11];
    resample_split(r, base, 11, 0.2, a, b);
    size_t in_a = 0;
    for (size_t i = 0; i < 11; i++) {
        assert_near(a[i] + b[i], base[i], 0);
        assert_true(a[i] == 0 || b[i] == 0);
        in_a += a[i] > 0;
    }
    assert_int_equal(in_a, 2);
    gsl_rng_free(r);
}

static void zipf_recovers_its_slope(void **state)
{
    (void)state;
    double c[50];
    for (int i = 0; i < 50; i++)
        c[i] = 1000 * pow(50 - i, -1.3);
    struct zipf z = zipf_fit(c, 50, 0);
    assert_near(z.slope, 1.3, 1e-12);
    assert_near(z.r2, 1, 1e-12);
    assert_int_equal(z.ranks, 50);
    assert_int_equal(zipf_fit(c, 50, 20).ranks, 20);
}

/* scores 1- 2+ 2- 3+: of four pairs (+,-) three are won and one is a tie: 3.5 / 4 */
static void auc_counts_pairs(void **state)
{
    (void)state;
    const double score[] = { 2, 3, 1, 2 };
    const bool positive[] = { true, true, false, false };
    assert_near(auc_of(score, positive, 4), 3.5 / 4, 1e-15);
    struct auc_order o = auc_order_make(score, NULL, 4);
    const double twice[] = { 2, 1, 1, 0 };   /* 2+ twice, 2- gone: all three pairs are won */
    assert_near(auc_weighted(&o, positive, twice), 1, 1e-15);
    const double ties[] = { 1, 0, 0, 1 };
    assert_near(auc_weighted(&o, positive, ties), 0.5, 1e-15);
    auc_order_free(&o);
    const size_t fold[] = { 7, 2, 7, 2 };    /* 2+ and 1- together: won; 3+ and 2- together: won */
    o = auc_order_make(score, fold, 4);
    assert_near(auc_weighted(&o, positive, NULL), 1, 1e-15);
    auc_order_free(&o);
    const size_t alone[] = { 0, 1, 2, 3 };
    o = auc_order_make(score, alone, 4);
    assert_true(isnan(auc_weighted(&o, positive, NULL)));
    auc_order_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_have_hand_worked_values),
        cmocka_unit_test(the_same_sample_is_no_distance_away),
        cmocka_unit_test(an_empty_side_is_not_a_number),
        cmocka_unit_test(known_shifts_have_closed_forms),
        cmocka_unit_test(ks_p_values_are_uniform_under_the_null),
        cmocka_unit_test(divergences_have_hand_worked_values),
        cmocka_unit_test(the_top_is_sorted_and_ties_go_by_index),
        cmocka_unit_test(both_sorts_agree_with_qsort),
        cmocka_unit_test(intervals_centre_on_the_value),
        cmocka_unit_test(wilson_agrees_with_newcombe),
        cmocka_unit_test(a_bootstrap_finds_the_standard_error),
        cmocka_unit_test(a_split_deals_every_item_once),
        cmocka_unit_test(zipf_recovers_its_slope),
        cmocka_unit_test(auc_counts_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
