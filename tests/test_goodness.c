/* Laws of gaps against SciPy; likeness of a replay by hand and by draws. */
#include "near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "replay/fidelity.h"
#include "replay/goodness.h"
#include "stats/sort.h"

static const double ten[] = { 0.05, 0.1, 0.31, 0.5, 0.75, 0.9, 1.25, 2.2, 3, 7.5 };

/* Recorded from scipy.stats 1.10.1: log-likelihood, KS and A^2 at the likeliest parameters. */
static void laws_agree_with_scipy(void **state)
{
    (void)state;
    static const struct { const struct law *law; double l, ks, ad, tol; } row[] = {
        { &law_exponential, -15.04405056, 0.180724823, 0.5136450535, 1e-8 },
        { &law_gamma, -14.60615176, 0.128522647, 0.1785303247, 1e-6 },
        { &law_weibull, -14.48768318, 0.1068931299, 0.1388227292, 1e-5 },
        { &law_lognormal, -14.46460422, 0.1152468452, 0.1672191113, 1e-8 },
        { &law_pareto, -14.48256584, 0.10955001, 0.132397344, 1e-3 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct goodness g = goodness_of(row[i].law, ten, 10);
        assert_near(g.log_likelihood, row[i].l, row[i].tol);
        assert_near(g.ks, row[i].ks, row[i].tol);
        assert_near(g.ad, row[i].ad, row[i].tol);
        double k = row[i].law == &law_exponential ? 1 : 2;
        assert_near(g.aic, 2 * k - 2 * g.log_likelihood, 1e-12);
        assert_near(g.bic, k * log(10) - 2 * g.log_likelihood, 1e-12);
    }
    struct goodness m = goodness_of(&law_mmpp, ten, 10);   /* holds the exponential within it */
    assert_true(m.log_likelihood >= -15.04405056);
}

static void equal_gaps_have_few_laws(void **state)
{
    (void)state;
    static const double equal[] = { 2, 2, 2, 2 };
    assert_near(goodness_of(&law_exponential, equal, 4).p[0], 0.5, 1e-15);
    assert_true(isnan(goodness_of(&law_gamma, equal, 4).bic));
    assert_true(isnan(goodness_of(&law_weibull, equal, 4).bic));
    assert_true(isnan(goodness_of(&law_lognormal, equal, 4).bic));
}

/* What was drawn by a law is best described by it, and its parameters come back. */
static void the_drawn_law_is_recognised(void **state)
{
    (void)state;
    static const struct { const struct process *p; double cv; const char *law; } row[] = {
        { &process_poisson, 1, "exponential" }, { &process_gamma, 1.5, "gamma" },
        { &process_pareto, 4, "pareto" }, { &process_mmpp, 3, "mmpp" },
    };
    enum { N = 5000 };
    double x[N];
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        gsl_rng *r = process_stream(1, "recognise", i);
        for (size_t k = 0; k < N; k++)
            x[k] = row[i].p->gap(r, row[i].cv) + 1e-9;
        gsl_rng_free(r);
        sort_doubles(x, N);
        size_t best = 0;
        struct goodness g[6];
        for (size_t l = 0; laws[l]; l++) {
            g[l] = goodness_of(laws[l], x, N);
            if (g[l].bic < g[best].bic)
                best = l;
        }
        assert_string_equal(laws[best]->name, row[i].law);
        assert_true(g[best].ks < 1.36 / sqrt(N));
    }
}

static struct replay_options an_hour(size_t hours)
{
    return (struct replay_options){
        .kind = REPLAY_TIMES, .trace = "t", .arrivals = "gamma", .process = &process_gamma,
        .end_s = 3600.0 * (double)hours, .interval_s = 600, .rate_scale = 1, .cv_scale = 1,
        .time_scale = 1, .replicate = 1, .least = 3, .threads = 1,
    };
}

static void a_trace_is_like_itself(void **state)
{
    (void)state;
    struct replay_options o = an_hour(24);
    struct process_window w = { 0, 86400, 0.2, 2 };
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(3, "itself", 0);
    process_run(&process_gamma, &w, 1, r, &a);
    gsl_rng_free(r);
    struct replay_share share = { .t = a.t, .n = a.n };
    struct replay same = { .model = "m", .arrivals = a };
    struct fidelity f = fidelity_of(&o, &share, &same);
    for (size_t k = 0; k < FIDELITY_METRICS; k++) {
        assert_near(f.distance[k], 0, 0);
        assert_near(f.score[k], 1, 0);
    }
    double sum = 0;
    for (size_t h = 0; h < FIDELITY_HOURS; h++)
        sum += f.profile[0][h];
    assert_near(sum, 1, 1e-12);
    assert_true(f.dispersion[0] > 2);   /* tends to cv^2 = 4 over long bins */
    /* twice the arrivals at half the gaps: the volume is ln 2 off */
    struct arrivals twice = { 0 };
    for (size_t i = 0; i < a.n; i++) {
        arrivals_add(&twice, a.t[i]);
        arrivals_add(&twice, a.t[i]);
    }
    struct replay more = { .model = "m", .arrivals = twice };
    f = fidelity_of(&o, &share, &more);
    assert_near(f.distance[7], log(2), 1e-12);
    assert_near(f.distance[5], 0, 1e-12);
    assert_true(f.overall < 0.9);
    free(twice.t);
    free(a.t);
}

/* A careful gamma replay is more like a bursty trace than a Poisson one is; an empty share has no
 * scores. */
static void the_better_law_scores_higher(void **state)
{
    (void)state;
    struct replay_options o = an_hour(24);
    struct process_window w = { 0, 86400, 0.5, 4 };
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(4, "better", 0);
    process_run(&process_gamma, &w, 1, r, &a);
    gsl_rng_free(r);
    struct replay_share share = { .t = a.t, .n = a.n };
    const char *const name = "m";
    struct fidelity f[2];
    for (size_t k = 0; k < 2; k++) {
        struct replay made;
        o.process = k ? &process_poisson : &process_gamma;
        o.interval_s = 7200;
        replay_run(&o, &name, &share, 1, &made);
        f[k] = fidelity_of(&o, &share, &made);
        replay_free(&made, 1);
    }
    assert_true(f[0].overall > f[1].overall);
    assert_true(f[0].distance[0] < 0.5 * f[1].distance[0]);   /* gap law */
    assert_true(f[0].distance[2] < 0.5 * f[1].distance[2]);   /* dispersion */
    struct replay none = { .model = "m" };
    struct replay_share empty = { 0 };
    assert_true(isnan(fidelity_of(&o, &empty, &none).overall));
    free(a.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_agree_with_scipy),
        cmocka_unit_test(equal_gaps_have_few_laws),
        cmocka_unit_test(the_drawn_law_is_recognised),
        cmocka_unit_test(a_trace_is_like_itself),
        cmocka_unit_test(the_better_law_scores_higher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
