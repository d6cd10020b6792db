/* CSV text: the index of commas and line ends, by every instruction set, is what a loop finds; the
 * reader of records does what RFC 4180 and pandas do. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trace/csv_priv.h"
#include "trace/csv_scan_priv.h"

static void check_index(const char *p, size_t n, const struct csv_index *x)
{
    size_t k = 0, lines = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] != ',' && p[i] != '\n')
            continue;
        if (p[i] == '\n') {
            assert_true(lines < x->lines);
            assert_int_equal(x->line[lines++], k);
        }
        assert_true(k < x->n);
        assert_int_equal(x->cut[k++], i);
    }
    assert_int_equal(x->n, k);
    assert_int_equal(x->lines, lines);
}

static void every_instruction_set_finds_the_same(void **state)
{
    (void)state;
    static const char *const way[] = { "plain", "avx2", "avx512" };
    static const char letter[] = {
        ',', '\n',      'a', '0', ',' + 1, ',' - 1, '\n' + 1, '\n' - 1, (char)(',' | 128),
        0,   (char)255, ',', ','
    };
    struct csv_index x = { 0 };
    char text[700 + SCAN_SLACK];
    uint64_t r = 1;
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)round % 700;
        for (size_t i = 0; i < sizeof text; i++) {
            r = r * 6364136223846793005u + 1442695040888963407u;
            text[i] = round % 7 ? letter[(r >> 33) % sizeof letter] : ',';
        }
        for (size_t w = 0; w < 3; w++)
            if (csv_scan_by(way[w], text, n, &x))
                check_index(text, n, &x);
        csv_scan(text, n, &x);
        check_index(text, n, &x);
    }
    assert_false(csv_scan_by("abacus", text, 1, &x));
    csv_index_free(&x);
}

/* Records as field|field; a record ends in a newline here; "..." for an open quote. */
static void check_records(const char *text, bool cr, const char *want)
{
    struct csv c = { 0 };
    struct buf b = { 0 };
    size_t n = strlen(text);
    char *copy = mem_alloc(n + 16);
    memcpy(copy, text, n);
    buf_str(&b, "");
    for (const char *p = copy, *end = copy + n, *next; p < end; p = next) {
        if (csv_record(&c, p, end, true, cr, &next) == CSV_OPEN) {
            buf_str(&b, "...");
            break;
        }
        for (size_t i = 0; i < c.n; i++) {
            buf_str(&b, i ? "|" : "");
            buf_add(&b, c.field[i].p, c.field[i].n);
        }
        buf_char(&b, '\n');
    }
    assert_string_equal(b.p, want);
    free(copy);
    buf_free(&b);
    csv_free(&c);
}

static void records_are_read_by_the_rules(void **state)
{
    (void)state;
    check_records("a,b\nc\n\n,\n", false, "a|b\nc\n\n|\n");
    check_records("a,b\r\nc\r\n", false, "a|b\nc\n");
    check_records("a\rb\nc\r", false, "a\rb\nc\n");
    check_records("a\rb\nc\r\rd", true, "a\nb\nc\n\nd\n");
    check_records("\"a,b\",\"c\"\"d\",\"\"\n", false, "a,b|c\"d|\n");
    check_records("\"two\nlines\",x\r\n", false, "two\nlines|x\n");
    check_records("\"two\r\nlines\",x\r\n", true, "two\r\nlines|x\n");
    check_records("a\"b,\"c\"d\"e\"\n", false, "a\"b|cd\"e\"\n");
    check_records("x\n\"open,y\nz", false, "x\n...");
    check_records("\"a\"", false, "a\n");
    check_records("a,", false, "a|\n");
}

static void a_record_that_is_not_whole_is_more(void **state)
{
    (void)state;
    static const char text[] = "a,b\"c,\"d\"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct csv c = { 0 };
    const char *next;
    assert_int_equal(csv_record(&c, text, text + 9, false, false, &next), CSV_MORE);
    assert_int_equal(csv_record(&c, text, text + 8, false, false, &next), CSV_OPEN);
    assert_int_equal(csv_record(&c, text, text + 9, true, false, &next), CSV_RECORD);
    assert_int_equal(c.n, 3);
    csv_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_finds_the_same),
        cmocka_unit_test(records_are_read_by_the_rules),
        cmocka_unit_test(a_record_that_is_not_whole_is_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
