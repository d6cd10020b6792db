/* base/str: pieces, strict numbers at their edges, UTF-8, buffers. */
#include "tests/near.h"

#include <string.h>

#include "base/str.h"

static void comparisons(void **state)
{
    (void)state;
    assert_true(str_is(STR("abc"), "abc"));
    assert_false(str_is(STR("abc"), "ab"));
    assert_true(str_starts(STR("abc"), "ab") && str_starts(STR("abc"), ""));
    assert_true(str_ends(STR("abc"), "bc") && !str_ends(STR("c"), "bc"));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
    assert_true(str_cmp(STR("a"), STR("\xFF")) < 0);   /* bytes are unsigned */
    assert_true(str_eq((struct str){ NULL, 0 }, STR("")));
    assert_true(str_is(str_trim(STR(" \t a b\r\n")), "a b"));
    assert_true(str_is(str_trim(STR(" \r ")), ""));
}

static void pieces_between_separators(void **state)
{
    (void)state;
    static const struct {
        const char *text, *joined;   /* the pieces, each in brackets */
    } way[] = {
        { "a,,b", "[a][][b]" }, { "a,", "[a][]" }, { ",", "[][]" }, { "", "" },
        { "a", "[a]" },         { ",a", "[][a]" }, { ",,", "[][][]" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct str rest = str_of(way[i].text), piece;
        struct buf b = { 0 };
        while (str_next(&rest, ',', &piece))
            buf_printf(&b, "[%.*s]", (int)piece.n, piece.p);
        assert_false(str_next(&rest, ',', &piece));
        assert_string_equal(b.p ? b.p : "", way[i].joined);
        buf_free(&b);
    }
}

static void integers_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool u_good, i_good;
        uint64_t u;
        int64_t i;
    } way[] = {
        { "0", 1, 1, 0, 0 },
        { "007", 1, 1, 7, 7 },
        { "-0", 0, 1, 0, 0 },
        { "-1", 0, 1, 0, -1 },
        { "9223372036854775807", 1, 1, 9223372036854775807u, INT64_MAX },
        { "9223372036854775808", 1, 0, 9223372036854775808u, 0 },
        { "-9223372036854775808", 0, 1, 0, INT64_MIN },
        { "-9223372036854775809", 0, 0, 0, 0 },
        { "18446744073709551615", 1, 0, UINT64_MAX, 0 },
        { "18446744073709551616", 0, 0, 0, 0 },
        { "99999999999999999999999", 0, 0, 0, 0 },
        { "", 0, 0, 0, 0 }, { "-", 0, 0, 0, 0 }, { "+1", 0, 0, 0, 0 }, { " 1", 0, 0, 0, 0 },
        { "1 ", 0, 0, 0, 0 }, { "1.0", 0, 0, 0, 0 }, { "0x1", 0, 0, 0, 0 }, { "--1", 0, 0, 0, 0 },
        { "1e3", 0, 0, 0, 0 }, { "\xD9\xA1", 0, 0, 0, 0 },   /* an Arabic one */
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        uint64_t u = 0;
        int64_t s = 0;
        assert_int_equal(str_u64(str_of(way[i].text), &u), way[i].u_good);
        assert_int_equal(str_i64(str_of(way[i].text), &s), way[i].i_good);
        assert_true(u == way[i].u && s == way[i].i);
    }
    int64_t x;
    assert_false(str_i64((struct str){ "1\0002", 3 }, &x));
    assert_true(str_i64((struct str){ "123", 2 }, &x) && x == 12);   /* the view ends here */
}

static void reals_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        double x;
    } way[] = {
        { "0", 1, 0 }, { "1.5", 1, 1.5 }, { "-2e3", 1, -2000 }, { ".5", 1, 0.5 }, { "5.", 1, 5 },
        { "+1", 1, 1 }, { "1e-400", 1, 0 }, { "nan", 1, NAN }, { "inf", 1, INFINITY },
        { "-inf", 1, -INFINITY }, { "1e999", 1, INFINITY }, { "4.9e-324", 1, 0x1p-1074 },
        { "0.1", 1, 0.1 }, { "1.7976931348623157e308", 1, 1.7976931348623157e308 },
        { "", 0, 0 }, { "-", 0, 0 }, { ".", 0, 0 }, { "e5", 0, 0 }, { "1e", 0, 0 }, { "1,5", 0, 0 },
        { " 1", 0, 0 }, { "1 ", 0, 0 }, { "\f1", 0, 0 }, { "0x10", 0, 0 }, { "1.5ms", 0, 0 },
        /* 64 bytes */
        { "1111111111111111111111111111111111111111111111111111111111111111", 0, 0 },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        double x = 0;
        assert_int_equal(str_f64(str_of(way[i].text), &x), way[i].good);
        if (way[i].good && !isinf(way[i].x))
            assert_near(x, way[i].x, 0);
        else if (way[i].good)
            assert_true(isinf(x) && x * way[i].x > 0);
    }
    double x;
    assert_false(str_f64((struct str){ "1\0002", 3 }, &x));
}

static void utf8_is_well_formed_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } way[] = {
        { "", 1 }, { "abc", 1 }, { "\xC3\xA9", 1 }, { "\xE2\x82\xAC", 1 },
        { "\xF0\x9F\x8C\xB2", 1 },
        { "\xF4\x8F\xBF\xBF", 1 }, { "\xEF\xBB\xBF", 1 },
        { "\xC0\xAF", 0 },            /* overlong slash */
        { "\xE0\x80\xAF", 0 }, { "\xF0\x80\x80\xAF", 0 },
        { "\xED\xA0\x80", 0 },        /* surrogate */
        { "\xF4\x90\x80\x80", 0 },    /* above U+10FFFF */
        { "\xC3", 0 }, { "\xE2\x82", 0 }, { "\xF0\x9F\x8C", 0 }, { "\x80", 0 }, { "\xFF", 0 },
        { "\xC3(", 0 }, { "a\xF8\x88\x80\x80\x80", 0 },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++)
        assert_int_equal(str_utf8(str_of(way[i].text)), way[i].good);
    assert_false(str_utf8((struct str){ "a\0b", 3 }));
}

static void buffers_grow_and_end_with_nul(void **state)
{
    (void)state;
    struct buf b = { 0 };
    assert_int_equal(buf_view(&b).n, 0);
    buf_clear(&b);
    buf_u64(&b, 0);
    buf_char(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    buf_char(&b, ' ');
    buf_i64(&b, INT64_MIN);
    buf_str(&b, " x");
    buf_printf(&b, "%s%03d", "y", 5);
    buf_add(&b, NULL, 0);
    assert_string_equal(b.p, "0 18446744073709551615 -9223372036854775808 xy005");
    assert_int_equal(b.n, strlen(b.p));
    buf_clear(&b);
    assert_string_equal(b.p, "");
    for (int i = 0; i < 10000; i++)
        buf_char(&b, 'z');
    assert_int_equal(strlen(b.p), 10000);
    buf_str(&b, "end");
    buf_drop(&b, 0);
    assert_int_equal(b.n, 10003);
    buf_drop(&b, 9999);
    assert_string_equal(b.p, "zend");
    buf_drop(&b, b.n);
    assert_string_equal(b.p, "");
    assert_int_equal(b.n, 0);
    buf_free(&b);
    buf_drop(&b, 0);
    buf_free(&b);
}

static void buffers_take_code_points_and_fields(void **state)
{
    (void)state;
    static const struct { uint32_t code; const char *bytes; } points[] = {
        { 'A', "A" }, { 0xE9, "\xC3\xA9" }, { 0x20AC, "\xE2\x82\xAC" },
        { 0x1F600, "\xF0\x9F\x98\x80" },
    };
    static const struct { const char *in, *out; } fields[] = {
        { "", "" }, { "a b", "a b" }, { "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
        { "a\nb", "\"a\nb\"" },
    };
    struct buf b = { 0 };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        buf_clear(&b);
        buf_utf8(&b, points[i].code);
        assert_string_equal(b.p, points[i].bytes);
        assert_true(str_utf8(buf_view(&b)));
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        buf_clear(&b);
        buf_csv(&b, str_of(fields[i].in));
        assert_string_equal(b.p, fields[i].out);
        char file[64] = "";
        FILE *f = fmemopen(file, sizeof file, "w");
        str_put_csv(f, fields[i].in);
        fclose(f);
        assert_string_equal(file, fields[i].out);
    }
    buf_clear(&b);
    buf_xml(&b, "<a b=\"c\"> & d");
    assert_string_equal(b.p, "&lt;a b=&quot;c&quot;&gt; &amp; d");
    buf_free(&b);
    char text[20] = "x ";
    str_printable(text, sizeof text, str_of("a\n"));
    assert_string_equal(text, "x a\\x0a");
    str_printable(text, sizeof text, str_of("bcdefghijklmn"));
    assert_string_equal(text, "x a\\x0abcdef...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons),
        cmocka_unit_test(pieces_between_separators),
        cmocka_unit_test(integers_are_strict),
        cmocka_unit_test(reals_are_strict),
        cmocka_unit_test(utf8_is_well_formed_or_not),
        cmocka_unit_test(buffers_grow_and_end_with_nul),
        cmocka_unit_test(buffers_take_code_points_and_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
