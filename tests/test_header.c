/* Header lines: Python's int(), aliases, what throws, what is merely odd; and escaped names. */
#include "tests/near.h"

#include "text/escape.h"
#include "text/header.h"

static void integers_are_pythons(void **state)
{
    (void)state;
    static const struct { const char *text; bool good; int64_t value; } way[] = {
        { "0", true, 0 }, { "007", true, 7 }, { " 12\t", true, 12 }, { "-3", true, -3 },
        { "+4", true, 4 }, { "1_000", true, 1000 }, { "99999999999999999999", true, INT64_MAX },
        { "-99999999999999999999", true, INT64_MIN + 1 }, { "", false, 0 }, { " ", false, 0 },
        { "-", false, 0 }, { "1__0", false, 0 }, { "_1", false, 0 }, { "1_", false, 0 },
        { "1.0", false, 0 }, { "1e3", false, 0 }, { "0x1", false, 0 }, { "- 1", false, 0 },
        { "nan", false, 0 }, { "1 2", false, 0 }, { "--1", false, 0 },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        int64_t x = 0;
        if (header_int(str_of(way[i].text), &x) != way[i].good)
            fail_msg("int(\"%s\")", way[i].text);
        if (way[i].good)
            assert_int_equal(x, way[i].value);
    }
}

static void lines_are_read_as_the_original_reads_them(void **state)
{
    (void)state;
    struct header h;
    assert_true(header_parse(STR("latency:5/id:S_1/depth:2/offset:7/colour:red"), &h));
    assert_int_equal(h.keys,
    1u << HEAD_LATENCY | 1u << HEAD_ID | 1u << HEAD_DEPTH | 1u << HEAD_START_AT);
    assert_int_equal(h.number[HEAD_DEPTH], 2);
    assert_int_equal(h.number[HEAD_START_AT], 7);
    assert_int_equal(h.number[HEAD_NUM_EDGES], -1);
    assert_true(str_is(h.text[HEAD_ID], "S_1"));
    assert_true(header_parse(STR("latency:5/latency:6"), &h));
    assert_int_equal(h.number[HEAD_LATENCY], 6);
    static const char *const bad[] = { "", "latency", "latency:5/", "/latency:5", "latency:5:6",
                                       "latency:x", "latency:", "latency:5//id:S_1", "depth:1.5" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (header_parse(str_of(bad[i]), &h))
            fail_msg("\"%s\" was read", bad[i]);
    static const char *const odd[] = { "latency:5/latency:5", "colour:red", "offset:7",
    "num edges:2",
                                       "latency:+5", "latency: 5", "latency:-5", "id:", "depth" };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (header_is_plain(str_of(odd[i])))
            fail_msg("\"%s\" is plain", odd[i]);
    assert_true(header_is_plain(STR("id:S_1/depth:2/latency:5")));
    assert_true(header_is_plain(STR("id:S_1/remaining_depth:2/caller:None")));
}

static void what_is_put_is_read_back(void **state)
{
    (void)state;
    static const enum header_key order[] = { HEAD_DEPTH, HEAD_ID, HEAD_NUM_EDGES };
    struct header h = { .text = { [HEAD_ID] = STR("S_9") } };
    h.number[HEAD_DEPTH] = 3;
    h.number[HEAD_NUM_EDGES] = 12;
    struct buf b = { 0 };
    header_put(&h, order, 3, true, &b);
    assert_string_equal(b.p, "depth:3/id:S_9/num_edges:12");
    buf_clear(&b);
    header_put(&h, order, 3, false, &b);
    assert_string_equal(b.p, "remaining_depth:3/id:S_9/num_edges:12");
    struct header back;
    assert_true(header_parse(buf_view(&b), &back));
    assert_int_equal(back.number[HEAD_NUM_EDGES], 12);
    buf_free(&b);
}

static void names_are_escaped_and_come_back(void **state)
{
    (void)state;
    static const struct { const char *name, *text; } way[] = {
        { "MS_1", "MS_1" }, { "", "%" }, { "a b", "a%20b" }, { "50%", "50%25" },
        { "x/y:z", "x%2Fy%3Az" }, { "tab\t", "tab%09" }, { "caf\xc3\xa9", "caf\xc3\xa9" },
    };
    struct buf b = { 0 }, back = { 0 };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        buf_clear(&b);
        escape_put(str_of(way[i].name), "/:", &b);
        assert_string_equal(b.p, way[i].text);
        assert_true(escape_read(buf_view(&b), &back));
        assert_true(str_is(buf_view(&back), way[i].name));
    }
    static const char *const bad[] = { "%2", "a%", "%zz", "%2f", "%00", "x%4" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(escape_read(str_of(bad[i]), &back));
    buf_free(&b);
    buf_free(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_pythons),
        cmocka_unit_test(lines_are_read_as_the_original_reads_them),
        cmocka_unit_test(what_is_put_is_read_back),
        cmocka_unit_test(names_are_escaped_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
