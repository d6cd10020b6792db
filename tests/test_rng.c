/* base/rng: the published sequence, named streams, unbiased draws. */
#include "tests/near.h"

#include <gsl/gsl_randist.h>
#include <string.h>

#include "base/rng.h"

/* State {1, 2, 3, 4} is the example of the generator's ports; the seeds 0 and 42 go through
 * splitmix64. Computed apart, with exact integers. */
static void xoshiro_gives_the_published_sequence(void **state)
{
    (void)state;
    static const uint64_t first[] = { 11520, 0, 1509978240, 1215971899390074240,
                                      1216172134540287360, 607988272756665600 };
    gsl_rng *r = rng_stream(1, "x", 0);
    memcpy(r->state, (uint64_t[]){ 1, 2, 3, 4 }, 32);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        assert_true(rng_u64(r) == first[i]);
    gsl_rng_set(r, 0);
    assert_true(rng_u64(r) == 0x99ec5f36cb75f2b4u && rng_u64(r) == 0xbf6e1f784956452au);
    gsl_rng_set(r, 42);
    assert_true(gsl_rng_get(r) == 0x15780b2e0c2ec716u && rng_u64(r) == 0x6104d9866d113a7eu);
    gsl_rng_free(r);
}

static void streams_are_named_and_repeat(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(1, "test", 0);
    assert_true(rng_u64(r) == 0xd158c2885c21bb60u && rng_u64(r) == 0x5813571c0544590cu);
    static const struct {
        uint64_t seed;
        const char *name;
        uint64_t index;
    } other[] = { { 2, "test", 0 }, { 1, "tesu", 0 }, { 1, "test", 1 }, { 0, "test", 0 },
                  { 1ull << 32 | 1, "test", 0 }, { 1, "test", 1ull << 63 } };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        rng_restart(r, other[i].seed, other[i].name, other[i].index);
        assert_true(rng_u64(r) != 0xd158c2885c21bb60u);
    }
    rng_restart(r, 1, "test", 0);
    assert_true(rng_u64(r) == 0xd158c2885c21bb60u);
    gsl_rng_free(r);
}

static void units_lie_in_range_with_the_right_moments(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(3, "unit", 0);
    double sum = 0, square = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        double x = i % 2 ? rng_unit(r) : gsl_rng_uniform(r);
        assert_true(x >= 0 && x < 1);
        sum += x;
        square += x * x;
    }
    assert_near(sum / N, 0.5, 4 * sqrt(1.0 / 12 / N));
    assert_near(square / N, 1.0 / 3, 4 * sqrt(4.0 / 45 / N));
    double normal = 0;
    for (int i = 0; i < N; i++)
        normal += gsl_ran_gaussian(r, 1);
    assert_near(normal / N, 0, 4 / sqrt(N));
    gsl_rng_free(r);
}

static void below_is_uniform(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(4, "below", 0);
    long count[7] = { 0 };
    for (int i = 0; i < 70000; i++)
        count[rng_below(r, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_near((double)count[i], 10000, 4 * sqrt(10000 * 6.0 / 7));
    assert_int_equal(rng_below(r, 1), 0);
    size_t huge = SIZE_MAX / 2 + 2;   /* nearly half of all words are refused */
    for (int i = 0; i < 1000; i++)
        assert_true(rng_below(r, huge) < huge);
    gsl_rng_free(r);
}

static void shuffles_are_permutations_and_all_occur(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(5, "shuffle", 0);
    long seen[6] = { 0 };
    for (int i = 0; i < 6000; i++) {
        size_t v[] = { 0, 1, 2 };
        rng_shuffle(r, v, 3);
        assert_int_equal(v[0] + v[1] + v[2], 3);
        assert_true(v[0] != v[1] && v[1] != v[2]);
        seen[v[0] * 2 + (v[1] > v[2])]++;
    }
    for (int i = 0; i < 6; i++)
        assert_near((double)seen[i], 1000, 4 * sqrt(1000 * 5.0 / 6));
    size_t one = 9;
    rng_shuffle(r, &one, 1);
    rng_shuffle(r, NULL, 0);
    assert_int_equal(one, 9);
    gsl_rng_free(r);
}

static void picks_follow_the_running_sums(void **state)
{
    (void)state;
    static const double cum[] = { 0, 1, 1, 4, 4 };   /* weights 0 1 0 3 0 */
    gsl_rng *r = rng_stream(6, "pick", 0);
    long count[5] = { 0 };
    for (int i = 0; i < 40000; i++)
        count[rng_pick(r, cum, 5)]++;
    assert_int_equal(count[0] + count[2] + count[4], 0);
    assert_near((double)count[1], 10000, 4 * sqrt(40000 * 0.25 * 0.75));
    gsl_rng_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xoshiro_gives_the_published_sequence),
        cmocka_unit_test(streams_are_named_and_repeat),
        cmocka_unit_test(units_lie_in_range_with_the_right_moments),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(shuffles_are_permutations_and_all_occur),
        cmocka_unit_test(picks_follow_the_running_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
