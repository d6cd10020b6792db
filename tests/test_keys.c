/* base/keys: what is sorted by a key is found, and counted. */
#include "tests/near.h"

#include <stdlib.h>

#include "base/keys.h"

static void the_first_not_below_is_found(void **state)
{
    (void)state;
    static const struct item {
        uint64_t key;
        char name;
    } item[] = { { 3, 'a' }, { 3, 'b' }, { 5, 'c' }, { UINT64_MAX, 'd' } };
    static const struct {
        uint64_t key;
        size_t below;
    } know[] = { { 0, 0 }, { 3, 0 }, { 4, 2 }, { 5, 2 }, { 6, 3 }, { UINT64_MAX, 3 } };
    for (size_t i = 0; i < sizeof know / sizeof *know; i++)
        assert_int_equal(keys_lower(item, 4, sizeof *item, know[i].key), know[i].below);
    assert_int_equal(keys_lower(item, 3, sizeof *item, 6), 3);     /* all are below */
    assert_int_equal(keys_lower(NULL, 0, sizeof *item, 6), 0);
}

/* Keys that differ in the top bit alone, or by more than an int holds. */
static void the_order_is_that_of_unsigned_numbers(void **state)
{
    (void)state;
    static const uint64_t up[] = { 0, 1, 1u << 31, UINT64_C(1) << 32, UINT64_C(1) << 63,
                                   UINT64_MAX };
    size_t n = sizeof up / sizeof *up;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            assert_int_equal(keys_ascending(&up[i], &up[k]), (i > k) - (i < k));
}

static void runs_are_counted(void **state)
{
    (void)state;
    uint64_t key[] = { 7, UINT64_MAX, 0, 7, 0, 7, 2 }, one[] = { 9 };
    static const uint64_t sorted[] = { 0, 0, 2, 7, 7, 7, UINT64_MAX };
    size_t most = 99;
    assert_int_equal(keys_distinct(key, 7, &most), 4);
    assert_int_equal(most, 3);
    assert_memory_equal(key, sorted, sizeof key);
    assert_int_equal(keys_distinct(one, 1, &most), 1);
    assert_int_equal(most, 1);
    assert_int_equal(keys_distinct(NULL, 0, &most), 0);
    assert_int_equal(most, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_not_below_is_found),
        cmocka_unit_test(the_order_is_that_of_unsigned_numbers),
        cmocka_unit_test(runs_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
