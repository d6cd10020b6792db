/* test_table.c: CSV tables: what they hold, and every way for one to be wrong. */
#include <math.h>
#include <string.h>

#include "report/table.h"
#include "tests/near.h"

static bool parse(struct table *t, const char *text, struct err *err)
{
    return table_parse(t, "t.csv", str_of(text), err);
}

static void cells_and_numbers(void **state)
{
    (void)state;
    struct table t;
    struct err err = { 0 };
    assert_true(
        parse(&t, "\xEF\xBB\xBFname,value\r\n\"a, \"\"b\"\"\",1.5\r\n\r\n\"two\nlines\",n/a\n,nan",
              &err));
    assert_int_equal(t.cols, 2);
    assert_int_equal(t.rows, 3);
    assert_string_equal(table_text(&t, 0, 0), "a, \"b\"");
    assert_string_equal(table_text(&t, 1, 0), "two\nlines");
    double x;
    assert_true(table_number(&t, 0, 1, &x, &err));
    assert_near(x, 1.5, 0);
    assert_true(table_number(&t, 1, 1, &x, &err) && isnan(x));
    assert_true(table_number(&t, 2, 1, &x, &err) && isnan(x));
    assert_false(table_number(&t, 0, 0, &x, &err));
    assert_string_equal(err.msg, "t.csv:2: name \"a, \"b\"\" is not a number");
    size_t col;
    assert_false(table_col(&t, "valeu", &col, &err));
    assert_string_equal(err.msg, "t.csv: no column \"valeu\" among name, value");
    table_free(&t);
}

static void conditions_choose_rows(void **state)
{
    (void)state;
    struct table t;
    struct err err = { 0 };
    assert_true(parse(&t, "a,b\n1,x\n2,x\n1,y\n3,\n", &err));
    static const struct { const char *where; size_t n;
    } c[] = {
        { NULL, 4 },   { "", 4 },   { "a=1", 2 }, { "a=1,b=x", 1 },          { "a=1|3", 3 },
        { "b!=x", 2 }, { "b=", 1 }, { "a=9", 0 }, { " a = 1 , b != y ", 1 },
    };
    size_t *rows, n;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        assert_true(table_where(&t, c[i].where, &rows, &n, &err));
        assert_int_equal(n, c[i].n);
    }
    assert_false(table_where(&t, "a", &rows, &n, &err));
    assert_false(table_where(&t, "=1", &rows, &n, &err));
    assert_false(table_where(&t, "c=1", &rows, &n, &err));
    const char **words;
    assert_true(table_where(&t, NULL, &rows, &n, &err));
    assert_int_equal(table_distinct(&t, 0, rows, n, &words), 3);
    assert_string_equal(words[2], "3");
    table_free(&t);
}

static void malformed_is_named(void **state)
{
    (void)state;
    static const struct { const char *text, *says;
    } bad[] = {
        { "", "empty" },
        { "\n\n", "empty" },
        { "a,a\n", "two columns" },
        { "a,,b\n", "column 2 has no name" },
        { "a,b\n1\n", ":2: 1 fields" },
        { "a,b\n1,2,3\n", ":2: 3 fields" },
        { "a\n\"x\n", "never ends" },
        { "a\n\"x\"y\n", "after a closing quote" },
        { "a\n\xFF\xFE\n", "not UTF-8" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct table t;
        struct err err = { 0 };
        assert_false(parse(&t, bad[i].text, &err));
        assert_int_equal(err.status, EXIT_DATA);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, bad[i].says);
        table_free(&t);
    }
    struct table t;
    struct err err = { 0 };
    assert_false(table_parse(&t, "t.csv", (struct str){ "a\n1\0\n", 5 }, &err));
    table_free(&t);
    assert_false(table_read(&t, "/nowhere/t.csv", &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
    table_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_and_numbers), cmocka_unit_test(conditions_choose_rows),
        cmocka_unit_test(malformed_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
