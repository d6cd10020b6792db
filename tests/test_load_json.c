/* test_load_json.c: the original's bytes, every way a load.json can be wrong, and the binary
 * form. */
#define _GNU_SOURCE   /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "load/load_json.h"
#include "tests/memfile.h"

static const struct load_target targets[] = {
    { "a.example", "f0" }, { "q\"\xC3\xBC.example", "f,1" }
};
static const struct load_call first[] = { { 0, 0 }, { 5, 1 }, { 5, 0 } };
static const struct load_call third[] = { { 60000000, 1 } };

static struct buf write_three(enum load_format format)
{
    struct buf b = { 0 };
    struct load_writer *w = load_writer_new(format, targets, 2);
    load_write_begin(w, &b);
    load_write_unit(w, 0, first, 3, &b);
    load_write_unit(w, 1, NULL, 0, &b);
    load_write_unit(w, 2, third, 1, &b);
    load_write_end(w, 3, 4, &b);
    load_writer_free(w);
    return b;
}

/* What Python's json.dumps(x, indent=3) gives for the same. */
static void json_has_the_originals_bytes(void **state)
{
    (void)state;
    struct buf b = write_three(LOAD_JSON);
    assert_string_equal(b.p,
        "[\n   {\n      \"timestamp\": [\n         0,\n         5,\n         5\n      ],\n"
        "      \"endpoint\": [\n         \"a.example\",\n         \"q\\\"\\u00fc.example\",\n"
        "         \"a.example\"\n      ]\n   },\n"
        "   {\n      \"timestamp\": [],\n      \"endpoint\": []\n   },\n"
        "   {\n      \"timestamp\": [\n         60000000\n      ],\n"
        "      \"endpoint\": [\n         \"q\\\"\\u00fc.example\"\n      ]\n   }\n]");
    buf_clear(&b);
    struct load_writer *w = load_writer_new(LOAD_JSON, targets, 2);
    load_write_begin(w, &b);
    load_write_end(w, 0, 0, &b);
    assert_string_equal(b.p, "[]");
    load_writer_free(w);
    buf_free(&b);
}

static void csv_is_quoted(void **state)
{
    (void)state;
    struct buf b = write_three(LOAD_CSV);
    assert_string_equal(b.p, "unit,at_us,endpoint,function\n0,0,a.example,f0\n"
                             "0,5,\"q\"\"\xC3\xBC.example\",\"f,1\"\n0,5,a.example,f0\n"
                             "2,60000000,\"q\"\"\xC3\xBC.example\",\"f,1\"\n");
    buf_free(&b);
}

static void reads_back(enum load_format format)
{
    struct buf b = write_three(format);
    struct memfile m = memfile_open(b.p, b.n);
    struct err err = { 0 };
    struct load_reader *r = load_open(m.path, &err);
    assert_non_null(r);
    struct load_unit u;
    assert_true(load_next(r, &u, &err));
    assert_int_equal(u.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(u.at_us[i], first[i].at_us);
        assert_string_equal(names_get(load_endpoints(r), u.endpoint[i]),
                            targets[first[i].target].endpoint);
        if (format == LOAD_BINARY)
            assert_string_equal(names_get(load_functions(r), u.function[i]),
                                targets[first[i].target].function);
        else
            assert_null(u.function);
    }
    assert_true(load_next(r, &u, &err));
    assert_int_equal(u.n, 0);
    assert_true(load_next(r, &u, &err));
    assert_int_equal(u.at_us[0], 60000000);
    assert_false(load_next(r, &u, &err));
    assert_int_equal(err.status, 0);
    assert_false(load_next(r, &u, &err));
    load_close(r);
    memfile_close(&m);
    buf_free(&b);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    reads_back(LOAD_JSON);
    reads_back(LOAD_BINARY);
}

static void order_and_further_members_are_free(void **state)
{
    (void)state;
    static const char text[] =
        " [{\"x\":{\"y\":[1,-2.5e3,null,{}]},\"endpoint\":[\"\\u0041\\ud83d\\ude00\"],\n"
        "\"timestamp\":[7],\"z\":\"]\"}\t]\n";
    struct memfile m = memfile_open(text, sizeof text - 1);
    struct err err = { 0 };
    struct load_reader *r = load_open(m.path, &err);
    struct load_unit u;
    assert_true(load_next(r, &u, &err));
    assert_int_equal(u.at_us[0], 7);
    assert_string_equal(names_get(load_endpoints(r), u.endpoint[0]), "A\xF0\x9F\x98\x80");
    assert_false(load_next(r, &u, &err));
    assert_int_equal(err.status, 0);
    load_close(r);
    memfile_close(&m);
}

static void every_fault_has_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "", "is empty" },
        { "{}", "is no list of units" },
        { "[", "breaks off" },
        { "[1]", "is no object" },
        { "[{}]", "has no \"timestamp\"" },
        { "[{\"timestamp\":[]}]", "has no \"endpoint\"" },
        { "[{\"timestamp\":[1],\"endpoint\":[]}]", "has 1 timestamps and 0 endpoints" },
        { "[{\"timestamp\":[1.5],\"endpoint\":[\"a\"]}]", "timestamp 0, 1.5, is no whole number" },
        { "[{\"timestamp\":[\"1\"],\"endpoint\":[\"a\"]}]", "timestamp 0 is no number" },
        { "[{\"timestamp\":1,\"endpoint\":[\"a\"]}]", "\"timestamp\" is no list" },
        { "[{\"timestamp\":[-1],\"endpoint\":[\"a\"]}]", "at least 0" },
        { "[{\"timestamp\":[01],\"endpoint\":[\"a\"]}]", "not a number" },
        { "[{\"timestamp\":[9999999999999999],\"endpoint\":[\"a\"]}]", "above 1e15" },
        { "[{\"timestamp\":[\n2,\n1],\"endpoint\":[\"a\",\"a\"]}]", ":3: unit 0: timestamp 1, 1, "
                                                                   "comes after 2" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"\"]}]", "endpoint 0 is empty" },
        { "[{\"timestamp\":[1],\"endpoint\":[7]}]", "endpoint 0 is no text" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"\xFF\"]}]", "invalid UTF-8" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"\\ud800\"]}]", "surrogate" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"\\u0000\"]}]", "NUL" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"\\q\"]}]", "bad escape" },
        { "[{\"timestamp\":[1],\"timestamp\":[1],\"endpoint\":[\"a\"]}]", "stands twice" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"a\"]}] x", "more follows" },
        { "[{\"timestamp\":[1],\"endpoint\":[\"a\"]},", "breaks off" },
        { "TWPLAN2\n", "neither a load.json nor a binary plan" },
        { "TWPLAN1\n\1", "ends early" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct memfile m = memfile_open(bad[i].text, strlen(bad[i].text));
        struct err err = { 0 };
        struct load_unit u;
        struct load_reader *r = load_open(m.path, &err);
        while (r && load_next(r, &u, &err))
            continue;
        assert_int_equal(err.status, EXIT_DATA);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, err.msg, bad[i].says);
        load_close(r);
        memfile_close(&m);
    }
    struct err err = { 0 };
    assert_null(load_open("/nowhere/load.json", &err));
    assert_int_equal(err.status, EXIT_NOINPUT);
}

static void a_cut_binary_plan_is_noticed(void **state)
{
    (void)state;
    struct buf b = write_three(LOAD_BINARY);
    for (size_t n = 0; n < b.n; n++) {
        struct memfile m = memfile_open(b.p, n);
        struct err err = { 0 };
        struct load_unit u;
        struct load_reader *r = load_open(m.path, &err);
        while (r && load_next(r, &u, &err))
            continue;
        assert_int_equal(err.status, EXIT_DATA);
        load_close(r);
        memfile_close(&m);
    }
    buf_free(&b);
}

static void shards_have_names(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "load.json", "load.2.json" }, { "a.b/load", "a.b/load.2" }, { "/x/.load", "/x/.load.2" }
    };
    for (size_t i = 0; i < 3; i++) {
        char *p = load_shard_path(pairs[i][0], 2);
        assert_string_equal(p, pairs[i][1]);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_the_originals_bytes),
        cmocka_unit_test(csv_is_quoted),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(order_and_further_members_are_free),
        cmocka_unit_test(every_fault_has_its_place),
        cmocka_unit_test(a_cut_binary_plan_is_noticed),
        cmocka_unit_test(shards_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
