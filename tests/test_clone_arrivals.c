/* test_clone_arrivals.c: starts follow the recording: its rate, its bursts, its breaks. */
#include "cli/clone_arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "replay/estimate.h"
#include "tests/near.h"

/* A set whose traces start at t seconds, in ticks of 1 us from 1000 s on. */
static struct graphset *starting_at(const double *t, size_t n)
{
    struct graphset *s = graphset_new();
    s->tick_us = 1;
    for (size_t i = 0; i < n; i++)
        graphset_add(s, 1)->arrival = 1000000000 + (int64_t)(1e6 * t[i]);
    return s;
}

static double *seconds(const struct clone_arrivals *a, const int64_t *tick, size_t n)
{
    double *t = mem_array(n, sizeof *t);
    for (size_t i = 0; i < n; i++)
        t[i] = (double)(tick[i] - a->first) * a->tick_s;
    return t;
}

struct redrawn {
    struct graphset *s;
    struct clone_arrivals a;
    int64_t *tick;
    double *t;
    size_t n;
};

static struct redrawn redraw(const double *t, size_t n, size_t wanted)
{
    struct redrawn r = { .s = starting_at(t, n), .n = wanted };
    r.a = clone_arrivals_of(r.s);
    r.tick = mem_array(wanted, sizeof *r.tick);
    clone_arrivals_draw(&r.a, wanted, 1, r.tick);
    r.t = seconds(&r.a, r.tick, wanted);
    for (size_t i = 1; i < wanted; i++)
        assert_true(r.tick[i] >= r.tick[i - 1]);
    assert_true(r.tick[0] >= r.a.first);
    return r;
}

static void done(struct redrawn *r)
{
    clone_arrivals_free(&r->a);
    graphset_free(r->s);
    free(r->tick);
    free(r->t);
}

static double *drawn(const struct process *p, double cv, double rate, size_t *n)
{
    struct process_window w[] = { { 0, 300, rate, cv }, { 300, 400, 4 * rate, cv } };
    struct arrivals x = { 0 };
    gsl_rng *r = rng_stream(11, "test/clone_arrivals", 0);
    process_run(p, w, 2, r, &x);
    gsl_rng_free(r);
    *n = x.n;
    return x.t;
}

static size_t before(const double *t, size_t n, double s)
{
    size_t k = 0;
    while (k < n && t[k] < s)
        k++;
    return k;
}

/* A rate that jumps fourfold, and bursts: both come back, in a recording of the same length. */
static void rate_and_bursts_come_back(void **state)
{
    (void)state;
    static const struct { const struct process *p; double cv, gaps; } law[] = {
        { &process_poisson, 1, 0.04 }, { &process_gamma, 3, 0.12 }, { &process_gamma, 0.3, 0.08 },
    };
    for (size_t i = 0; i < 3; i++) {
        size_t n;
        double *t = drawn(law[i].p, law[i].cv, 10, &n);
        struct redrawn r = redraw(t, n, n);
        double share = (double)before(t, n, 300) / (double)n,
               again = (double)before(r.t, n, 300 - t[0]) / (double)n;
        assert_near(again, share, 0.03);
        assert_near(r.t[n - 1], t[n - 1] - t[0], 0.03 * 400);
        assert_near(estimate_gap_cv(r.t, n, 0) / estimate_gap_cv(t, n, 0), 1, 0.2);
        struct clone_arrivals_distance d = clone_arrivals_compare(&r.a, r.tick, n, 1);
        assert_true(d.gaps < law[i].gaps && d.gaps_floor < 0.03);
        assert_true(d.places < 0.03 && d.places_floor < 0.03);
        done(&r);
        free(t);
    }
}

/* Recorded for a minute, off for an hour, and on again: nothing starts while it was off. */
static void a_break_stays_empty(void **state)
{
    (void)state;
    double t[400];
    for (size_t i = 0; i < 400; i++)
        t[i] = 0.3 * (double)i + (i < 200 ? 0 : 3600);
    struct redrawn r = redraw(t, 400, 400);
    assert_int_equal(r.a.parts, 2);
    for (size_t i = 0; i < 400; i++)
        assert_true(r.t[i] < 61 || r.t[i] > 3600 + 59);
    assert_near((double)before(r.t, 400, 1000), 200, 40);
    done(&r);
}

/* More than were recorded: the recording again; fewer: its beginning; none apart: all at once. */
static void any_number_can_be_had(void **state)
{
    (void)state;
    double t[200], same[200] = { 0 };
    for (size_t i = 0; i < 200; i++)
        t[i] = (double)i;
    struct redrawn r = redraw(t, 200, 500);
    assert_near(r.t[499], 500, 40);
    done(&r);
    r = redraw(t, 200, 50);
    assert_near(r.t[49], 50, 20);
    done(&r);
    r = redraw(same, 200, 30);
    assert_null(r.a.process);
    assert_true(r.t[29] == 0);
    assert_true(isnan(clone_arrivals_compare(&r.a, r.tick, 30, 1).gaps));
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_and_bursts_come_back),
        cmocka_unit_test(a_break_stays_empty),
        cmocka_unit_test(any_number_can_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
