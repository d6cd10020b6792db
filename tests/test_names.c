/* base/names: ids in order of appearance, any bytes, many of them. */
#include "tests/near.h"

#include "base/names.h"

static void ids_count_up_in_order_of_appearance(void **state)
{
    (void)state;
    struct names *t = names_new();
    assert_int_equal(names_find(t, STR("a")), NAMES_NONE);
    assert_int_equal(names_id_of(t, "b"), 0);
    assert_int_equal(names_id_of(t, "a"), 1);
    assert_int_equal(names_id_of(t, "b"), 0);
    assert_int_equal(names_id(t, (struct str){ NULL, 0 }), 2);   /* the empty name is a name */
    assert_int_equal(names_id_of(t, ""), 2);
    assert_int_equal(names_id(t, STR("\xFF\x01,\"")), 3);
    assert_string_equal(names_get(t, 3), "\xFF\x01,\"");
    assert_int_equal(names_find(t, STR("a")), 1);
    assert_int_equal(names_count(t), 4);
    names_free(t);
    names_free(NULL);
}

static void a_hundred_thousand_names_come_back(void **state)
{
    (void)state;
    struct names *t = names_new();
    char s[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(s, sizeof s, "MS_%05d", i);
        assert_int_equal(names_id_of(t, s), i);
    }
    const char *first = names_get(t, 0);
    for (int i = 0; i < 100000; i++) {
        snprintf(s, sizeof s, "MS_%05d", i);
        assert_int_equal(names_find(t, str_of(s)), i);
        assert_string_equal(names_get(t, (uint32_t)i), s);
    }
    assert_ptr_equal(first, names_get(t, 0));   /* strings do not move */
    names_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_count_up_in_order_of_appearance),
        cmocka_unit_test(a_hundred_thousand_names_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
