/* test_fsample.c: samples of functions: distances against the plain definition, nesting, and the
 * nearest of its draws. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "load/fsample.h"
#include "stats/distance.h"
#include "tests/near.h"

enum { N = 40, UNITS = 6 };

static int32_t counts[N][UNITS];
static struct function table[N];
static const char *const titles[UNITS] = { "540", "541", "542", "543", "544", "545" };
static char keys[N][8];

static struct functions trace(uint64_t seed)
{
    gsl_rng *r = rng_stream(seed, "test/fsample", 0);
    struct functions o = { .mem = arena_new(), .at = table, .n = N, .units = UNITS,
                           .unit_name = (const char **)titles, .named = UNITS };
    for (size_t i = 0; i < N; i++) {
        snprintf(keys[i], sizeof keys[i], "f%zu", i);
        for (size_t u = 0; u < UNITS; u++)
            counts[i][u] = rng_below(r, 3) ? 0 : (int32_t)rng_below(r, 50) - 1;
        counts[i][2]++;
        table[i] = (struct function){ .key = keys[i], .calls = counts[i], .units = UNITS,
                                      .average = 1 + 1000 * rng_unit(r),
                                      .allocated = 20 + 200 * rng_unit(r) };
    }
    gsl_rng_free(r);
    return o;
}

/* invitro's: both Wasserstein distances of every minute, halved, and their mean over minutes. */
static double plainly(const struct functions *o, const size_t *member, size_t n)
{
    double sum = 0, all[2][N], some[2][N];
    for (size_t u = 0; u < o->units; u++) {
        for (size_t i = 0; i < o->n; i++) {
            const struct function *f = &o->at[i];
            all[0][i] = f->calls[u] > 0 ? f->calls[u] : 0;
            all[1][i] = all[0][i] * f->average * f->allocated / 1e6;
        }
        for (int what = 0; what < 2; what++) {
            for (size_t k = 0; k < n; k++)
                some[what][k] = all[what][member[k]];
            sum += distance_samples(all[what], o->n, some[what], n).w1 / 2;
        }
    }
    return sum / (double)o->units;
}

static void distances_are_the_definitions(void **state)
{
    (void)state;
    for (uint64_t t = 0; t < 20; t++) {
        struct functions o = trace(t);
        struct err err = { 0 };
        size_t dropped, order[N], n;
        assert_true(fsample_prepare(&o, 0, 0, &dropped, &err));
        gsl_rng *r = rng_stream(t, "test/fsample/members", 0);
        n = 1 + rng_below(r, o.n);
        for (size_t i = 0; i < o.n; i++)
            order[i] = i;
        rng_shuffle(r, order, o.n);
        assert_near(fsample_distance(&o, order, n), plainly(&o, order, n), 1e-10);
        gsl_rng_free(r);
        arena_free(o.mem);
    }
}

static void samples_are_nested_and_the_nearest_draw(void **state)
{
    (void)state;
    static const size_t size[] = { 20, 8, 3 };
    struct functions o = trace(1);
    struct err err = { 0 };
    struct fsample s[3], one[3], again[3];
    size_t dropped;
    assert_true(fsample_prepare(&o, 0, 0, &dropped, &err));
    fsample_draw(&o, size, 3, 50, 9, s);
    fsample_draw(&o, size, 3, 50, 9, again);
    fsample_draw(&o, size, 3, 1, 9, one);
    for (size_t k = 0; k < 3; k++) {
        assert_int_equal(s[k].n, size[k]);
        assert_memory_equal(s[k].member, again[k].member, size[k] * sizeof(size_t));
        assert_near(s[k].distance, fsample_distance(&o, s[k].member, s[k].n), 1e-12);
        assert_true(s[k].distance < s[k].random);      /* the mean of the draws */
        assert_near(one[k].distance, one[k].random, 1e-12);
        bool in[N] = { false };
        for (size_t i = 0; k && i < s[k - 1].n; i++)
            in[s[k - 1].member[i]] = true;
        for (size_t i = 0; k && i < s[k].n; i++)
            assert_true(in[s[k].member[i]]);
    }
    assert_true(s[0].distance <= one[0].distance);     /* of 50 draws the first is that one */
    for (size_t k = 0; k < 3; k++) {
        free(s[k].member);
        free(one[k].member);
        free(again[k].member);
    }
    arena_free(o.mem);
}

/* Minutes are cut out with their names; what is not called in them, or takes no time, goes. */
static void minutes_are_sliced(void **state)
{
    (void)state;
    struct functions o = trace(2);
    struct err err = { 0 };
    size_t dropped, called = 0;
    table[5].average = 0;
    table[6].allocated = NAN;
    for (size_t i = 0; i < N; i++)
        called += i != 5 && i != 6 && (counts[i][3] > 0 || counts[i][4] > 0);
    assert_true(fsample_prepare(&o, 3, 2, &dropped, &err));
    assert_true(o.n == called && dropped == N - called && o.units == 2);
    assert_string_equal(o.unit_name[0], "543");
    assert_int_equal(o.named, 2);
    for (size_t i = 0; i < o.n; i++) {
        size_t was = (size_t)atoi(o.at[i].key + 1);
        assert_int_equal(o.at[i].units, 2);
        assert_int_equal(o.at[i].calls[0], counts[was][3]);
        assert_int_equal(o.at[i].calls[1], counts[was][4]);
    }
    assert_false(fsample_prepare(&o, 1, 2, &dropped, &err));
    assert_int_equal(err.status, EXIT_USAGE);
    arena_free(o.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_the_definitions),
        cmocka_unit_test(samples_are_nested_and_the_nearest_draw),
        cmocka_unit_test(minutes_are_sliced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
