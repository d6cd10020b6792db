/* test_plan.c: counts that stay, laws that hold, the same bytes for any number of threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "load/plan.h"
#include "stats/distance.h"
#include "stats/sort.h"
#include "tests/near.h"

enum { UNITS = 40, FUNCTIONS = 5 };

static int32_t counts[FUNCTIONS][UNITS];
static struct function table[FUNCTIONS];
static struct functions functions = { .at = table, .n = FUNCTIONS, .units = UNITS };
static const uint32_t target[FUNCTIONS] = { 0, 1, 2, PLAN_NONE, 3 };

static int set_up(void **state)
{
    (void)state;
    static const char *const keys[] = { "a", "b", "c", "d", "e" };
    gsl_rng *r = rng_stream(1, "test/plan", 0);
    for (size_t f = 0; f < FUNCTIONS; f++) {
        for (size_t u = 0; u < UNITS; u++)
            counts[f][u] = (int32_t)rng_below(r, f == 1 ? 400 : 6) - (f == 2);
        table[f] = (struct function){ .key = keys[f], .calls = counts[f], .units = UNITS };
    }
    table[4].units = UNITS - 7;
    gsl_rng_free(r);
    return 0;
}

struct kept {
    struct load_call *calls;     /* all, unit after unit */
    size_t *unit, n, cap, unit_cap;
    struct buf text[2 * 64];
    size_t held[2 * 64];
    size_t next;                 /* unit expected by take */
};

static void make(void *ctx, size_t slot, size_t unit, const struct load_call *calls, size_t n)
{
    struct kept *k = ctx;
    (void)unit;
    assert_true(slot < 2 * 64);
    buf_clear(&k->text[slot]);
    buf_add(&k->text[slot], calls, n * sizeof *calls);
    k->held[slot] = n;
}

static bool take(void *ctx, size_t slot, size_t unit)
{
    struct kept *k = ctx;
    assert_int_equal(unit, k->next++);
    for (size_t i = 0; i < k->held[slot]; i++) {
        MEM_GROW(k->calls, k->n, k->cap);
        MEM_GROW(k->unit, k->n, k->unit_cap);
        memcpy(&k->calls[k->n], k->text[slot].p + i * sizeof *k->calls, sizeof *k->calls);
        k->unit[k->n++] = unit;
    }
    return true;
}

static struct kept run(const struct plan_job *job, struct plan_count *count)
{
    struct kept k = { 0 };
    struct plan_sink sink = { make, take, &k };
    assert_true(plan_run(job, &sink, count));
    assert_int_equal(k.next, job->units);
    return k;
}

static void done(struct kept *k)
{
    free(k->calls);
    free(k->unit);
    for (size_t i = 0; i < 2 * 64; i++)
        buf_free(&k->text[i]);
}

static struct plan_job job_of(enum plan_law law, const struct process *p, double cv)
{
    return (struct plan_job){ .functions = &functions, .target = target, .law = law, .process = p,
                              .cv = cv, .minute = true, .offset = 3, .units = UNITS, .seed = 7,
                              .threads = 1 };
}

static int32_t wanted(size_t f, size_t u)
{
    return u < table[f].units && counts[f][u] > 0 ? counts[f][u] : 0;
}

static void no_call_is_lost_or_moved(void **state)
{
    (void)state;
    static const struct {
        enum plan_law law;
        double cv;
    } laws[] = { { PLAN_EQUIDISTANT, 0 }, { PLAN_UNIFORM, 0 }, { PLAN_EXPONENTIAL, 0 },
                 { PLAN_PROCESS, 0 }, { PLAN_PROCESS, 1 }, { PLAN_PROCESS, 30 } };
    for (size_t l = 0; l < sizeof laws / sizeof *laws; l++)
        for (int way = 0; way < 4; way++) {
            struct plan_job job = job_of(laws[l].law, &process_gamma, laws[l].cv);
            job.carry = way & 1;
            job.random_phase = way & 2;
            struct plan_count count;
            struct kept k = run(&job, &count);
            size_t got[4][UNITS] = { { 0 } };
            for (size_t i = 0; i < k.n; i++) {
                got[k.calls[i].target][k.unit[i]]++;
                assert_true(k.calls[i].at_us < PLAN_MINUTE_US);
                if (i && k.unit[i] == k.unit[i - 1]) {
                    assert_true(k.calls[i].at_us >= k.calls[i - 1].at_us);
                    if (k.calls[i].at_us == k.calls[i - 1].at_us)
                        assert_true(k.calls[i].target >= k.calls[i - 1].target);
                }
            }
            for (size_t f = 0; f < FUNCTIONS; f++)
                for (size_t u = 0; target[f] != PLAN_NONE && u < UNITS; u++)
                    assert_int_equal(got[target[f]][u], wanted(f, u + 3));
            assert_int_equal(count.calls, k.n);
            assert_int_equal(count.lost, 0);
            assert_int_equal(count.beyond, 3 * 3 + 10);
            done(&k);
        }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    for (int carry = 0; carry < 2; carry++) {
        struct plan_job job = job_of(PLAN_PROCESS, &process_gamma, 3);
        struct plan_count count;
        job.carry = carry;
        struct kept one = run(&job, &count);
        job.threads = 4;
        struct kept four = run(&job, &count);
        assert_int_equal(one.n, four.n);
        assert_memory_equal(one.calls, four.calls, one.n * sizeof *one.calls);
        done(&one);
        done(&four);
    }
}

static void the_offset_moves_no_call(void **state)
{
    (void)state;
    struct plan_job job = job_of(PLAN_UNIFORM, NULL, 0);
    struct plan_count count;
    struct kept late = run(&job, &count);
    job.offset = 0;
    struct kept early = run(&job, &count);
    size_t skip = 0;
    while (early.unit[skip] < 3)
        skip++;
    for (size_t i = 0; skip + i < early.n; i++)
        assert_int_equal(early.calls[skip + i].at_us, late.calls[i].at_us);
    done(&late);
    done(&early);
}

/* All times of a function of n calls in one unit, as x in [0, 1], sorted. */
static double *times(enum plan_law law, bool compat, const struct process *p, double cv,
                     int32_t per_unit, size_t units, size_t *n)
{
    static int32_t calls[20000];
    struct function f = { .key = "k", .calls = calls, .units = units };
    struct functions one = { .at = &f, .n = 1, .units = units };
    static const uint32_t to[] = { 0 };
    for (size_t u = 0; u < units; u++)
        calls[u] = per_unit;
    struct plan_job job = { .functions = &one, .target = to, .law = law, .process = p, .cv = cv,
                            .units = units, .seed = 3, .threads = 1, .compat = compat,
                            .minute = true, .carry = true };
    struct plan_count count;
    struct kept k = run(&job, &count);
    double *x = mem_array(k.n, sizeof *x);
    *n = k.n;
    for (size_t i = 0; i < k.n; i++)
        x[i] = (double)k.calls[i].at_us / PLAN_MINUTE_US;
    done(&k);
    return x;
}

static void uniform_and_exponential_are_uniform(void **state)
{
    (void)state;
    static const enum plan_law laws[] = { PLAN_UNIFORM, PLAN_EXPONENTIAL };
    for (size_t l = 0; l < 2; l++) {
        size_t n;
        double *x = times(laws[l], false, NULL, 0, 5, 4000, &n), *u = mem_array(n, sizeof *u);
        for (size_t i = 0; i < n; i++)
            u[i] = ((double)i + 0.5) / (double)n;
        double ks = distance_samples(x, n, u, n).ks;
        assert_true(ks < 1.63 / sqrt((double)n));      /* 1 % of uniform samples are beyond */
        free(x);
        free(u);
    }
}

/* The original's own way of drawing, 1000 exponentials a call. */
static void compat_exponential_has_the_originals_law(void **state)
{
    (void)state;
    enum { N = 4000 };
    size_t n;
    double *x = times(PLAN_EXPONENTIAL, true, NULL, 0, 1, 20000, &n);
    double *y = mem_array(N, sizeof *y), mean = 0;
    gsl_rng *r = rng_stream(5, "test/plan/exponential", 0);
    for (size_t i = 0; i < N; i++) {
        double first = -log1p(-rng_unit(r)), lo = first, hi = first;
        for (size_t k = 1; k < 1000; k++) {
            double e = -log1p(-rng_unit(r));
            lo = fmin(lo, e);
            hi = fmax(hi, e);
        }
        y[i] = (first - lo) / (hi - lo);
    }
    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    assert_near(mean, 0.13691, 0.004);
    assert_true(distance_ks_p(distance_samples(x, n, y, N).ks, n, N) > 0.001);
    gsl_rng_free(r);
    free(x);
    free(y);
}

/* Defect 7: calls of "exponential" fill the unit; the original's crowd into its first third. */
static void exponential_fills_the_unit(void **state)
{
    (void)state;
    size_t n, early = 0;
    double *x = times(PLAN_EXPONENTIAL, false, NULL, 0, 10, 2000, &n);
    for (size_t i = 0; i < n; i++)
        early += x[i] < 0.32;
    assert_near((double)early / (double)n, 0.32, 0.02);
    free(x);
}

/* A regular process carried over units keeps its gap across every boundary. */
static void regular_gaps_cross_boundaries(void **state)
{
    (void)state;
    size_t n;
    double *x = times(PLAN_PROCESS, false, &process_deterministic, 0, 4, 50, &n);
    for (size_t i = 1; i < n; i++) {
        double gap = x[i] + (i % 4 ? 0 : 1) - x[i - 1];
        assert_near(gap, 0.25, 1e-7);
    }
    free(x);
}

/* Bursty gaps stay bursty, at boundaries too: no unit begins with a call. */
static void gamma_gaps_are_carried(void **state)
{
    (void)state;
    size_t n, at_start = 0;
    double *x = times(PLAN_PROCESS, false, &process_gamma, 2, 20, 2000, &n), sum = 0, squares = 0;
    for (size_t i = 1; i < n; i++) {
        double gap = (x[i] + (i % 20 ? 0 : 1) - x[i - 1]) * 20;
        sum += gap;
        squares += gap * gap;
        at_start += i % 20 == 0 && x[i] == 0;
    }
    double mean = sum / (double)(n - 1), cv = sqrt(squares / (double)(n - 1) - mean * mean) / mean;
    assert_near(mean, 1, 0.01);
    assert_true(cv > 1.6 && cv < 2.4);
    assert_true(at_start < 200);      /* begun anew, all 2000 would; a few gaps are below 1 us */
    free(x);
}

/* Equal microseconds: both calls stay; the original keeps the later function's. */
static void equal_times_collapse_under_compat_alone(void **state)
{
    (void)state;
    struct plan_job job = job_of(PLAN_EQUIDISTANT, NULL, 0);
    struct plan_count careful, compat;
    struct kept k = run(&job, &careful);
    done(&k);
    job.compat = true;
    k = run(&job, &compat);
    assert_true(compat.lost > 0);
    assert_int_equal(compat.calls + compat.lost, careful.calls);
    for (size_t i = 1; i < k.n; i++)
        assert_true(k.unit[i] != k.unit[i - 1] || k.calls[i].at_us > k.calls[i - 1].at_us);
    for (size_t i = 0; i < k.n; i++)
        if (k.calls[i].at_us == 0 && wanted(4, k.unit[i] + 3) > 0)
            assert_int_equal(k.calls[i].target, 3);
    done(&k);
}

static void scales_keep_sums(void **state)
{
    (void)state;
    static const double scale[FUNCTIONS] = { 0.3, 1.7, 1, 1, 0 };
    struct plan_job job = job_of(PLAN_UNIFORM, NULL, 0);
    struct plan_count count;
    job.scale = scale;
    job.offset = 0;
    struct kept k = run(&job, &count);
    double got[4] = { 0 }, want[4] = { 0 };
    for (size_t i = 0; i < k.n; i++)
        got[k.calls[i].target]++;
    for (size_t f = 0; f < FUNCTIONS; f++)
        for (size_t u = 0; target[f] != PLAN_NONE && u < UNITS; u++)
            want[target[f]] += scale[f] * wanted(f, u);
    for (size_t t = 0; t < 4; t++)
        assert_true(fabs(got[t] - want[t]) < 1.0 + 1e-9);
    done(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_call_is_lost_or_moved),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(the_offset_moves_no_call),
        cmocka_unit_test(uniform_and_exponential_are_uniform),
        cmocka_unit_test(compat_exponential_has_the_originals_law),
        cmocka_unit_test(exponential_fills_the_unit),
        cmocka_unit_test(regular_gaps_cross_boundaries),
        cmocka_unit_test(gamma_gaps_are_carried),
        cmocka_unit_test(equal_times_collapse_under_compat_alone),
        cmocka_unit_test(scales_keep_sums),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
