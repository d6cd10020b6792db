/* Replay without a trace: windows and parameters, guards, mapping, slices, drawing, statistics. */
#include "near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "replay/gamma_ml.h"
#include "replay/mapping.h"
#include "replay/replay_stats.h"
#include "replay/slice.h"

/*      0  1  3 3  7 8     20 21 21.5    30        gaps 1 2 0 4 1 12 1 .5 8.5, + 1e-6 s each */
static const double ten[] = { 0, 1, 3, 3, 7, 8, 20, 21, 21.5, 30 };

static struct estimate_options asked(const struct process *p, double interval, bool compat)
{
    return (struct estimate_options){ p, interval, 1, 1, compat, false, 3 };
}

/* Recorded from scipy.stats.gamma.fit(gaps, floc=0), SciPy 1.10.1. */
static void ml_agrees_with_scipy(void **state)
{
    (void)state;
    static const double gaps[] = { 0.5, 1.25, 0.1, 3, 0.75, 2.2, 0.05 };
    double t[8] = { 0 }, jitter[51] = { 0 }, mean;
    for (size_t i = 0; i < 7; i++)
        t[i + 1] = t[i] + gaps[i];
    double s = gamma_ml_s(t, 8, 1e-6, &mean);
    assert_near(1 / sqrt(gamma_ml_shape(s)), 1.0966447692399566, 1e-9);
    assert_near(1 / mean, 0.8917189500595348, 1e-12);
    s = gamma_ml_s(ten, 10, 1e-6, &mean);
    assert_near(1 / sqrt(gamma_ml_shape(s)), 1.7457782344249064, 1e-8);
    for (size_t i = 0; i < 50; i++)
        jitter[i + 1] = jitter[i] + 60 + 1e-3 * sin((double)i);
    s = gamma_ml_s(jitter, 51, 1e-6, &mean);
    assert_near(1 / sqrt(gamma_ml_shape(s)), 1.1796149230048727e-05, 1e-7);
    assert_true(s > GAMMA_ML_EQUAL);
}

/* ln a - digamma(a), recorded from SciPy; and the equation is solved to all digits. */
static void the_shape_solves_its_equation(void **state)
{
    (void)state;
    static const struct { double a, s; } row[] = {
        { 0.0001, 9991.366710811539 }, { 0.001, 993.6678166528282 }, { 0.05, 17.50211271774588 },
        { 0.7, 0.8633486097592022 }, { 3, 0.17582795356964265 },
        { 40, 0.012552080079093475 },
        { 1000, 0.0005000833333248522 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_near(gamma_ml_shape(row[i].s) / row[i].a, 1, 1e-10);
    assert_near(gamma_ml_shape(5e-11) * 2 * 5e-11, 1, 1e-9);   /* s -> 1/(2a) */
}

static void windows_cover_the_slice(void **state)
{
    (void)state;
    assert_int_equal(estimate_count(0, 3600, 600), 6);
    assert_int_equal(estimate_count(0, 3601, 600), 7);
    assert_int_equal(estimate_count(100, 100, 600), 0);
    assert_int_equal(estimate_count(0, 0.3, 0.1), 3);
    struct process_window w[4];
    struct estimate_options o = asked(&process_poisson, 12, false);
    estimate_times(ten, 10, 0, 31, &o, w);
    assert_near(w[2].to, 31, 0);
    assert_near(w[2].rate, 1.0 / 7, 1e-15);      /* the partial window's own length */
    assert_near(w[0].rate, 6.0 / 12, 1e-15);
    o.compat = true;
    estimate_times(ten, 10, 0, 31, &o, w);
    assert_near(w[2].to, 36, 0);
    assert_near(w[2].rate, 0, 0);                /* one arrival: no process */
    assert_near(w[0].rate, 1 / (8.0 / 5 + 1e-6), 1e-12);
    assert_near(w[1].rate, 3.0 / 12, 1e-15);     /* 1 / .75 s is more than five times that */
}

/* 50 arrivals in 0.6 s of 3600: the gaps say 80 a second, five times 50/3600 says no. */
static void compat_resets_a_burst(void **state)
{
    (void)state;
    double t[50];
    for (size_t i = 0; i < 50; i++)
        t[i] = 100 + 0.6 / 49 * (double)i * (1 + 0.001 * (double)(i % 3));
    struct process_window w;
    struct estimate_options o = asked(&process_gamma, 3600, true);
    o.rate_scale = 2;
    o.cv_scale = 3;
    estimate_times(t, 50, 0, 3600, &o, &w);
    assert_near(w.rate, 2 * 50.0 / 3600, 1e-15);
    double mean, s = gamma_ml_s(t, 50, 1e-6, &mean);
    assert_near(w.cv, 3 / sqrt(gamma_ml_shape(s)), 1e-15);
    o.compat = false;
    o.rate_scale = o.cv_scale = 1;
    estimate_times(t, 50, 0, 3600, &o, &w);
    assert_near(w.rate, 50.0 / 3600, 1e-15);
}

/* Regular windows vanish in compat's gamma mode; carefully they are regular. Two arrivals too. */
static void regular_and_sparse_windows_are_not_lost(void **state)
{
    (void)state;
    double t[10];
    for (size_t i = 0; i < 10; i++)
        t[i] = 60 * (double)i;
    struct process_window w;
    struct estimate_options o = asked(&process_gamma, 600, true);
    estimate_times(t, 10, 0, 600, &o, &w);
    assert_near(w.rate, 0, 0);
    estimate_times(t, 2, 0, 600, &o, &w);
    assert_near(w.rate, 0, 0);
    o.compat = false;
    estimate_times(t, 10, 0, 600, &o, &w);
    assert_near(w.rate, 10.0 / 600, 1e-15);
    assert_near(w.cv, 0, 0);
    estimate_times(t, 2, 0, 600, &o, &w);
    assert_near(w.rate, 2.0 / 600, 1e-15);
    assert_near(w.cv, 1, 0);
    o.process = &process_poisson;
    o.compat = true;
    estimate_times(t, 10, 0, 600, &o, &w);
    assert_near(w.rate, 1 / (60 + 1e-6), 1e-12);
}

static void counts_give_rates(void **state)
{
    (void)state;
    static const uint64_t count[] = { 3, 0, 5, 4000000000u, 4000000000u, 0, 0, 7 };
    struct process_window w[3];
    struct estimate_options o = asked(&process_gamma, 180, false);
    o.cv_scale = 4;
    estimate_counts(count, 8, 600, &o, w);
    assert_near(w[0].rate, 8.0 / 180, 1e-15);
    assert_near(w[1].rate, 8e9 / 180, 1);        /* does not wrap at 2^32 */
    assert_near(w[2].rate, 7.0 / 120, 1e-15);
    assert_near(w[2].from, 960, 0);
    assert_near(w[2].to, 1080, 0);
    assert_near(w[0].cv, 4, 0);
    o.compat = true;
    estimate_counts(count, 8, 600, &o, w);
    assert_near(w[2].rate, 7.0 / 180, 1e-15);
    assert_near(w[2].to, 1140, 0);
}

/* ML recovers the burstiness that a window was drawn with, by every law that has one. */
static void estimates_recover_what_was_drawn(void **state)
{
    (void)state;
    static const struct { const struct process *p; double cv, tol; bool moments; } row[] = {
        { &process_gamma, 0.5, 0.02, false }, { &process_gamma, 1.5, 0.1, false },
        { &process_gamma, 3, 0.2, true }, { &process_pareto, 1.5, 0.15, false },
        { &process_mmpp, 3, 0.2, false },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct process_window w = { 0, 40000, 1, row[i].cv }, got;
        struct arrivals a = { 0 };
        gsl_rng *r = process_stream(3, "recover", i);
        process_run(row[i].p, &w, 1, r, &a);
        struct estimate_options o = asked(row[i].p, 40000, false);
        o.moments = row[i].moments;
        estimate_times(a.t, a.n, 0, 40000, &o, &got);
        assert_near(got.rate, (double)a.n / 40000, 1e-12);
        assert_near(got.cv, row[i].cv, row[i].tol);
        gsl_rng_free(r);
        free(a.t);
    }
}

static void functions_are_dealt_as_named(void **state)
{
    (void)state;
    static const uint64_t volume[] = { 5, 1, 9, 2, 2, 4, 1 };
    static const struct { const char *name; size_t want[7]; } row[] = {
        { "stripe", { 0, 1, 2, 0, 1, 2, 0 } },
        { "round_robin", { 0, 0, 0, 1, 1, 2, 2 } },
        { "block", { 0, 0, 0, 1, 1, 2, 2 } },
        { "volume", { 1, 2, 0, 2, 1, 2, 1 } },   /* 9 | 5 2 1 | 4 2 1 */
    };
    size_t model[7];
    struct err err;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_true(mapping_apply(mapping_find(row[i].name), volume, 7, 3, 0, model, &err));
        assert_memory_equal(model, row[i].want, sizeof model);
    }
    size_t other[7], used[3] = { 0 };
    assert_true(mapping_apply(mapping_find("random"), volume, 7, 3, 1, model, &err));
    assert_true(mapping_apply(mapping_find("random"), volume, 7, 3, 2, other, &err));
    assert_memory_not_equal(model, other, sizeof model);
    for (size_t i = 0; i < 7; i++)
        used[model[i]]++;
    assert_true(used[0] == 3 && used[1] == 2 && used[2] == 2);
    assert_false(mapping_apply(mapping_find("stripe"), volume, 2, 3, 0, model, &err));
    assert_string_equal(err.msg, "#function 2 < #models 3: every model needs a function with an "
                                 "invocation in the slice");
}

static void slices_are_read_as_written(void **state)
{
    (void)state;
    static const struct { const char *a, *b; uint32_t days; bool compat, good; double from, to; }
    row[] = {
        { "0.0.0", NULL, 3, false, true, 0, 259200 },
        { "0.0.0", NULL, 14, true, true, 0, 1209600 },
        { "5.5.5", "8.8.8", 14, true, true, 450300, 720480 },
        { "0.0.0", "0.23.60", 14, true, true, 0, 86400 },
        { "1.0.0", "1.0.0", 14, true, true, 86400, 86400 },
        { "1.0.0", "1.0.0", 14, false, false, 0, 0 },
        { "0.0.0", "14.0.0", 14, false, true, 0, 1209600 },
        { "0.0.0", "14.0.0", 14, true, false, 0, 0 },
        { "0.0.0", "14.0.1", 14, false, false, 0, 0 },
        { "0.0.0", "3.0.60", 3, false, false, 0, 0 },
        { "2.0.0", "1.0.0", 14, true, false, 0, 0 },
        { "0.24.0", "1.0.0", 14, true, false, 0, 0 },
        { "0.0.61", "1.0.0", 14, true, false, 0, 0 },
        { "-1.0.0", "1.0.0", 14, true, false, 0, 0 },
        { "0.0", "1.0.0", 14, true, false, 0, 0 },
        { "0.0.0.0", "1.0.0", 14, true, false, 0, 0 },
        { "0.0.0.", "1.0.0", 14, true, false, 0, 0 },
        { "0.0.x", "1.0.0", 14, true, false, 0, 0 },
        { "", "1.0.0", 14, true, false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        double from, to;
        struct err err;
        bool good = slice_parse(row[i].a, row[i].b, row[i].days, row[i].compat, &from, &to, &err);
        if (good != row[i].good)
            print_error("row %zu: %s %s\n", i, row[i].a, row[i].b ? row[i].b : "");
        assert_true(good == row[i].good);
        if (good) {
            assert_near(from, row[i].from, 0);
            assert_near(to, row[i].to, 0);
        } else
            assert_int_equal(err.status, EXIT_USAGE);
    }
}

static struct replay_options standard(enum replay_kind kind, const struct process *p)
{
    return (struct replay_options){
        .kind = kind, .trace = kind == REPLAY_COUNTS ? "azure_v1" : "azure_v2",
        .arrivals = p ? p->name : "vanilla", .start = "0.0.0", .end = "0.1.0", .end_s = 3600,
        .process = p, .interval_s = 600, .rate_scale = 1, .cv_scale = 1, .time_scale = 1,
        .replicate = 1, .least = 3, .threads = 1,
    };
}

/* Each guard: what is changed, whether the careful way and compat let it pass. */
static void what_makes_no_sense_together_is_refused(void **state)
{
    (void)state;
    enum { RATE, CV, TIME, REPLICATE, INTERVAL, NOTHING };
    static const struct process *const vanilla = NULL;
    const struct { enum replay_kind kind; const struct process *p; int what; double x;
                   bool careful, compat; } row[] = {
        { REPLAY_TIMES, &process_poisson, NOTHING, 0, true, true },
        { REPLAY_TIMES, vanilla, NOTHING, 0, true, true },
        { REPLAY_COUNTS, vanilla, NOTHING, 0, false, false },
        { REPLAY_TIMES, vanilla, REPLICATE, 0, false, true },
        { REPLAY_TIMES, vanilla, REPLICATE, 3, true, true },
        { REPLAY_TIMES, &process_gamma, REPLICATE, 3, false, false },
        { REPLAY_COUNTS, &process_gamma, REPLICATE, 3, false, false },
        { REPLAY_TIMES, vanilla, TIME, 2, true, true },
        { REPLAY_TIMES, &process_gamma, TIME, 2, false, false },
        { REPLAY_COUNTS, &process_gamma, TIME, 2, false, false },
        { REPLAY_TIMES, vanilla, CV, 2, false, false },
        { REPLAY_TIMES, &process_poisson, CV, 2, false, false },
        { REPLAY_TIMES, &process_gamma, CV, 100, true, true },
        { REPLAY_TIMES, &process_pareto, CV, 2, true, false },
        { REPLAY_TIMES, vanilla, RATE, 2, false, true },
        { REPLAY_TIMES, &process_gamma, RATE, 0, false, false },
        { REPLAY_TIMES, &process_gamma, RATE, -1, false, false },
        { REPLAY_TIMES, &process_gamma, INTERVAL, 0, false, false },
        { REPLAY_TIMES, &process_gamma, INTERVAL, 0.5, true, true },
        { REPLAY_COUNTS, &process_gamma, INTERVAL, 90, false, false },
        { REPLAY_COUNTS, &process_pareto, NOTHING, 0, true, false },
        { REPLAY_TIMES, &process_pareto, NOTHING, 0, true, true },
        { REPLAY_TIMES, &process_mmpp, NOTHING, 0, true, false },
        { REPLAY_TIMES, &process_deterministic, NOTHING, 0, true, false },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (int compat = 0; compat < 2; compat++) {
            struct replay_options o = standard(row[i].kind, row[i].p);
            double *const field[] = { &o.rate_scale, &o.cv_scale, &o.time_scale, NULL,
                                      &o.interval_s, NULL };
            if (field[row[i].what])
                *field[row[i].what] = row[i].x;
            if (row[i].what == REPLICATE)
                o.replicate = (long)row[i].x;
            o.compat = compat;
            const char *warning;
            struct err err;
            bool good = replay_check(&o, &warning, &err);
            if (good != (compat ? row[i].compat : row[i].careful))
                print_error("row %zu, compat %d\n", i, compat);
            assert_true(good == (compat ? row[i].compat : row[i].careful));
            assert_true((warning != NULL) == (o.replicate < 1 && compat));
        }
    struct replay_options o = standard(REPLAY_TIMES, vanilla);
    struct err err;
    const char *warning;
    o.time_scale = o.rate_scale = 2;
    o.compat = true;
    assert_false(replay_check(&o, &warning, &err));
}

static void models_are_named(void **state)
{
    (void)state;
    char **name;
    size_t n;
    struct err err;
    assert_true(replay_models("gpt:3", false, &name, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(name[0], "gpt0");
    assert_string_equal(name[2], "gpt2");
    free(name);
    assert_true(replay_models("a,b:c,a", true, &name, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(name[1], "b:c");
    free(name);
    static const char *const wrong[] = { "a,b,a", "", "a,,b", "gpt:0", ":3", "gpt:999999999" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(replay_models(wrong[i], false, &name, &n, &err));
}

static void vanilla_repeats_first_and_then_squeezes(void **state)
{
    (void)state;
    struct replay_options o = standard(REPLAY_TIMES, NULL);
    static const double t[] = { 100, 100, 130 };
    struct replay_share s = { .t = t, .n = 3 };
    struct replay r;
    const char *const model = "m";
    o.start_s = 60;
    o.replicate = 2;
    o.time_scale = 2;
    replay_run(&o, &model, &s, 1, &r);
    static const double want[] = { 80, 80, 80, 80, 95, 95 };
    assert_int_equal(r.arrivals.n, 6);
    assert_memory_equal(r.arrivals.t, want, sizeof want);
    assert_int_equal(r.windows, 0);
    replay_free(&r, 1);
}

/* Counts that make 1 to 40 arrivals a window: what each mode expects, and that threads and other
 * models change nothing. */
static void both_modes_expect_what_theory_says(void **state)
{
    (void)state;
    enum { SEEDS = 400, MINUTES = 120 };
    uint64_t count[MINUTES];
    double nominal = 0, inflated = 0;
    for (size_t i = 0; i < MINUTES; i++) {
        count[i] = 1 + i % 40;
        nominal += (double)count[i];
        inflated += process_restart_mean(4, (double)count[i]);
    }
    struct replay_share s[2] = { { .count = count, .minutes = MINUTES },
                                 { .count = count, .minutes = MINUTES } };
    struct replay_options o = standard(REPLAY_COUNTS, &process_gamma);
    o.interval_s = 60;
    o.cv_scale = 4;
    o.end_s = 60 * MINUTES;
    static const char *const models[] = { "a", "b" };
    for (int compat = 0; compat < 2; compat++) {
        double sum = 0, square = 0;
        for (size_t seed = 0; seed < SEEDS; seed++) {
            struct replay r;
            o.compat = compat;
            o.seed = seed;
            replay_run(&o, models, s, 1, &r);
            for (size_t i = 1; i < r.arrivals.n; i++)
                assert_true(r.arrivals.t[i] >= r.arrivals.t[i - 1] &&
                            r.arrivals.t[i] < 60.0 * MINUTES);
            sum += (double)r.arrivals.n;
            square += (double)r.arrivals.n * (double)r.arrivals.n;
            replay_free(&r, 1);
        }
        double mean = sum / SEEDS, se = sqrt((square / SEEDS - mean * mean) / SEEDS);
        assert_near(mean, compat ? inflated : nominal, 4 * se);
        assert_true(inflated > 1.2 * nominal);
        struct replay one, both[2];
        replay_run(&o, models + 1, s, 1, &one);
        o.threads = 4;
        replay_run(&o, models, s, 2, both);
        assert_int_equal(one.arrivals.n, both[1].arrivals.n);
        assert_memory_equal(one.arrivals.t, both[1].arrivals.t, one.arrivals.n * sizeof(double));
        o.threads = 1;
        replay_free(&one, 1);
        replay_free(both, 2);
    }
}

/* Gaps 1 3 2 over 10 s: population sd sqrt(2/3). */
static void statistics_have_the_originals_numbers(void **state)
{
    (void)state;
    double t[] = { 1, 2, 5, 7 }, u[] = { 6 };
    struct replay r[2] = { { .model = "gpt0", .arrivals = { t, 4, 4 } },
                           { .model = "gpt1", .arrivals = { u, 1, 1 } } };
    struct replay_options o = standard(REPLAY_TIMES, &process_gamma);
    o.end_s = 10;
    o.rate_scale = 0.002;
    struct replay_stats s = replay_stats(&o, &r[0]);
    assert_near(s.rate, 0.4, 1e-15);
    assert_near(s.cv, sqrt(2.0 / 3) / (2 + 1e-5), 1e-15);
    assert_true(isnan(replay_stats(&o, &r[1]).cv));
    s = replay_group_stats(&o, r, 2);
    assert_near(s.rate, 0.5, 1e-15);
    assert_near(s.cv, sqrt((0.25 + 2.25 + 0.25 + 0.25) / 4) / (1.5 + 1e-5), 1e-12);
    o.compat = true;
    assert_near(replay_stats(&o, &r[1]).cv, 0, 0);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    replay_stats_words(&o, r, 1, f);
    fclose(f);
    assert_non_null(strstr(text, "Trace for gpt0, duration: (0, 0, 0, 10), 10 (s), #arrivals: 4, "
        "arrival distribution: gamma, generation interval: 600, scale factor: (0.002, 1.0, 1.0, "
        "1). overall rate: 0.40, overall cv: 0.41.\n"));
    free(text);
}

static void parameters_are_written_per_window(void **state)
{
    (void)state;
    struct process_window w[3] = { { 0, 1, 0.1, 2 }, { 1, 2, 0, 1 }, { 2, 3, 3, 1 } };
    struct replay r = { .model = "a\"b", .window = w, .windows = 3 };
    struct replay_options o = standard(REPLAY_TIMES, &process_gamma);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    replay_params_json(&o, &r, 1, f);
    fclose(f);
    assert_string_equal(text, "{\n\"a\\\"b\":[[0.10000000000000001,2],null,[3,1]]\n}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ml_agrees_with_scipy),
        cmocka_unit_test(the_shape_solves_its_equation),
        cmocka_unit_test(windows_cover_the_slice),
        cmocka_unit_test(compat_resets_a_burst),
        cmocka_unit_test(regular_and_sparse_windows_are_not_lost),
        cmocka_unit_test(counts_give_rates),
        cmocka_unit_test(estimates_recover_what_was_drawn),
        cmocka_unit_test(functions_are_dealt_as_named),
        cmocka_unit_test(slices_are_read_as_written),
        cmocka_unit_test(what_makes_no_sense_together_is_refused),
        cmocka_unit_test(models_are_named),
        cmocka_unit_test(vanilla_repeats_first_and_then_squeezes),
        cmocka_unit_test(both_modes_expect_what_theory_says),
        cmocka_unit_test(statistics_have_the_originals_numbers),
        cmocka_unit_test(parameters_are_written_per_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
