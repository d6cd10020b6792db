/* test_callstats.c: figures worked by hand, both ways of merging, JSON there and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fixtures.h"
#include "tests/near.h"
#include "trace/callstats.h"

/* USER -http-> MS_1, and with `extra` also MS_1 -db-> MS_9 twice; the root takes `finish` ms. */
static void add(struct callstats *s, const char *service, int64_t finish, bool extra)
{
    struct graphset *set = graphset_new();
    const struct fixture_call f[] = { { 0, 0, CALL_HTTP, "MS_1", 0, finish },
                                      { 1, 1, CALL_DB, "MS_9", 0, 0 },
                                      { 1, 2, CALL_DB, "MS_9", 0, 0 } };
    const struct callgraph *g = fixture_graph(set, service, f, extra ? 3 : 1);
    callstats_add(s, g, set->names, set->tick_us);
    graphset_free(set);
}

static void add_run(struct callstats *s, int64_t from, int64_t to)
{
    for (int64_t i = to; i >= from; i--)   /* not sorted on arrival */
        add(s, "S_5", i, i == from);
}

static void ten_graphs_have_latencies_and_nine_have_not(void **state)
{
    (void)state;
    struct callstats *s = callstats_new(CALLSTATS_CAREFUL);
    add_run(s, 1, 10);
    for (int i = 0; i < 9; i++)
        add(s, "S_4", i, false);
    callstats_finish(s);
    assert_int_equal(callstats_services(s), 2);
    const struct callstats_service *five = callstats_find(s, "S_5"),
                                   *four = callstats_find(s, "S_4");
    assert_int_equal(five->graphs, 10);
    assert_near(five->p90_ms, 10, 0);   /* index floor(9) of 1 .. 10 */
    assert_near(five->max_ms, 10, 0);
    assert_near(five->mean_ms, 5.5, 0);
    assert_int_equal(four->graphs, 9);
    assert_true(isnan(four->p90_ms) && isnan(four->max_ms) && isnan(four->mean_ms));
    assert_ptr_equal(callstats_find(s, "S_6"), NULL);
    assert_string_equal(callstats_at(s, 0)->name, "S_4");
    callstats_free(s);
}

static void rare_is_under_a_tenth_of_the_graphs_once_each(void **state)
{
    (void)state;
    for (int n = 10; n <= 11; n++) {   /* 1 of 10 is not rare, 1 of 11 is */
        struct callstats *s = callstats_new(CALLSTATS_CAREFUL);
        add_run(s, 1, n);
        callstats_finish(s);
        const struct callstats_service *v = callstats_find(s, "S_5");
        assert_int_equal(v->n_rare, n == 11);
        assert_int_equal(callstats_is_rare(v, "MS_1", CALL_DB, "MS_9"), n == 11);
        assert_false(callstats_is_rare(v, "MS_1", CALL_MC, "MS_9"));
        assert_int_equal(v->n_calls, 2);
        assert_string_equal(v->calls[0].src, "MS_1");
        assert_int_equal(v->calls[0].graphs, 1);   /* twice in its graph, counted once */
        assert_string_equal(v->calls[1].dst, "MS_1");
        assert_int_equal(v->calls[1].graphs, n);
        callstats_free(s);
    }
}

static void ticks_become_milliseconds(void **state)
{
    (void)state;
    struct callstats *s = callstats_new(CALLSTATS_CAREFUL);
    struct graphset *set = graphset_new();
    const struct fixture_call f = { 0, 0, CALL_HTTP, "MS_1", 0, 250 };
    const struct callgraph *g = fixture_graph(set, "S_1", &f, 1);
    for (int i = 0; i < 10; i++)
        callstats_add(s, g, set->names, 10);   /* 250 ticks of 10 us */
    callstats_finish(s);
    assert_near(callstats_at(s, 0)->mean_ms, 2.5, 1e-12);
    callstats_free(s);
    graphset_free(set);
}

/* file 1: 1 .. 11, file 2: 21 .. 31; the rare call is in the first of each */
static struct callstats *two_files(enum callstats_mode mode)
{
    struct callstats *s = callstats_new(mode);
    add_run(s, 1, 11);
    callstats_end_file(s);
    add_run(s, 21, 31);
    callstats_end_file(s);
    callstats_finish(s);
    return s;
}

static void careful_files_are_one_population(void **state)
{
    (void)state;
    struct callstats *s = two_files(CALLSTATS_CAREFUL);
    const struct callstats_service *v = callstats_find(s, "S_5");
    assert_int_equal(v->graphs, 22);
    assert_near(v->p90_ms, 29, 0);   /* index floor(19.8) = 19: 11 of the first file, then 21 + 8 */
    assert_near(v->max_ms, 31, 0);
    assert_near(v->mean_ms, 16, 0);
    assert_int_equal(v->n_rare, 1);
    callstats_free(s);
}

static void tracellm_merges_as_the_original_does(void **state)
{
    (void)state;
    struct callstats *s = two_files(CALLSTATS_TRACELLM);
    const struct callstats_service *v = callstats_find(s, "S_000000005");   /* padded */
    assert_int_equal(v->graphs, 22);
    assert_near(v->p90_ms, 10, 0);   /* minimum of 10 (index floor(9.9) of 1 .. 11) and 30 */
    assert_near(v->max_ms, 31, 0);
    assert_near(v->mean_ms, 0, 0);
    assert_int_equal(v->n_rare, 2);  /* once per file */
    assert_string_equal(v->rare[0].src, "MS_00001");
    assert_string_equal(v->rare[1].dst, "MS_00009");
    callstats_free(s);
}

static void tracellm_needs_ten_in_one_file(void **state)
{
    (void)state;
    struct callstats *s = callstats_new(CALLSTATS_TRACELLM);
    add_run(s, 1, 6);
    callstats_end_file(s);
    add_run(s, 7, 12);
    callstats_finish(s);
    assert_int_equal(callstats_at(s, 0)->graphs, 12);
    assert_true(isnan(callstats_at(s, 0)->p90_ms));
    assert_int_equal(callstats_at(s, 0)->n_rare, 0);
    callstats_free(s);
}

static void tracellm_skips_repeats_and_deep_graphs(void **state)
{
    (void)state;
    struct callstats *s = callstats_new(CALLSTATS_TRACELLM);
    add(s, "S_5", 3, false);
    add(s, "S_5", 3, false);
    callstats_end_file(s);
    add(s, "S_5", 3, false);   /* seen in an earlier file */
    add(s, "S_5", 4, false);
    struct graphset *set = graphset_new();
    struct fixture_call f[16];
    for (uint16_t i = 0; i < 16; i++)
        f[i] = (struct fixture_call){ i, i > 0, CALL_RPC, "MS_1", 0, 0 };
    callstats_add(s, fixture_graph(set, "S_7", f, 16), set->names, 1000);
    callstats_add(s, fixture_graph(set, "S_8", f, 15), set->names, 1000);
    callstats_finish(s);
    assert_int_equal(callstats_find(s, "S_000000005")->graphs, 2);
    assert_ptr_equal(callstats_find(s, "S_000000007"), NULL);
    assert_int_equal(callstats_find(s, "S_000000008")->graphs, 1);
    callstats_free(s);
    graphset_free(set);
}

/* What only the original's preprocessing lets through: a negative rt, a second root. */
static void graphs_of_the_original_count_as_they_are(void **state)
{
    (void)state;
    struct compat_call call[] = {
        { STR("0"), STR("http"), STR("USER"), STR("MS_00001"), 3, -5 },
        { STR("1"), STR("mc"), STR("USER"), STR("MS_00002"), 0, 1 },
    };
    struct compat_graph g = { .service = STR("S_000000001"), .n = 2, .depth = 1, .calls = call };
    struct callstats *s = callstats_new(CALLSTATS_TRACELLM);
    for (int64_t i = 0; i < 10; i++) {
        call[0].start = 3 + i;
        callstats_add_compat(s, &g);
    }
    callstats_add_compat(s, &g);   /* again: not counted */
    g.depth = 16;
    call[0].start = 99;
    callstats_add_compat(s, &g);   /* too deep */
    callstats_finish(s);
    const struct callstats_service *v = callstats_find(s, "S_000000001");
    assert_int_equal(v->graphs, 10);
    assert_near(v->p90_ms, 7, 0);   /* finishes -2 .. 7 */
    assert_near(v->max_ms, 7, 0);
    assert_int_equal(v->n_calls, 2);
    assert_int_equal(v->calls[0].graphs, 10);
    callstats_free(s);
}

static void names_are_padded_only_when_they_are_numbers(void **state)
{
    (void)state;
    static const char *const names[][2] = { { "S_5", "S_000000005" },
                                            { "S_1234567890", "S_1234567890" },
                                            { "S_x", "S_x" },
                                            { "cart", "cart" },
                                            { "S_", "S_" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct callstats *s = callstats_new(CALLSTATS_TRACELLM);
        add(s, names[i][0], 1, false);
        callstats_finish(s);
        assert_string_equal(callstats_at(s, 0)->name, names[i][1]);
        callstats_free(s);
    }
}

static char *as_json(const struct callstats *s)
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    callstats_write(s, f);
    fclose(f);
    return text;
}

static void json_there_and_back_is_the_identity(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        struct callstats *s = callstats_new((enum callstats_mode)mode);
        add_run(s, 1, 11);
        callstats_end_file(s);
        add(s, "cart \"\\ \xC3\xA9", 7, true);
        add_run(s, 30, 41);
        callstats_finish(s);
        char *first = as_json(s), *second;
        struct err err;
        struct callstats *again = callstats_read("stats.json", str_of(first), &err);
        assert_non_null(again);
        second = as_json(again);
        assert_string_equal(first, second);
        const struct callstats_service *a = callstats_at(s, 0), *b = callstats_at(again, 0);
        assert_near(a->p90_ms, b->p90_ms, 0);
        assert_int_equal(a->n_rare, b->n_rare);
        free(first);
        free(second);
        callstats_free(s);
        callstats_free(again);
    }
}

static void statistics_of_nothing_are_empty(void **state)
{
    (void)state;
    struct callstats *s = callstats_new(CALLSTATS_CAREFUL);
    callstats_finish(s);
    assert_int_equal(callstats_services(s), 0);
    assert_ptr_equal(callstats_find(s, "S_1"), NULL);
    char *text = as_json(s);
    struct err err;
    struct callstats *again = callstats_read("stats.json", str_of(text), &err);
    assert_non_null(again);
    callstats_free(again);
    callstats_free(s);
    free(text);
}

#define SERVICE(rest)                                                                              \
    "{\"mode\":\"careful\",\"services\":[{\"service\":\"S_1\",\"graphs\":3," rest "}]}"
#define LATENCIES "\"p90_ms\":1.5,\"max_ms\":2,\"mean_ms\":null,"

static void every_way_to_be_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } wrong[] = {
        { "", "stats.json:1" },
        { "[1,2", "stats.json:1" },
        { "[]", "not statistics" },
        { "{\"mode\":\"other\",\"services\":[]}", "not statistics" },
        { "{\"mode\":\"careful\",\"services\":{}}", "not statistics" },
        { "{\"mode\":\"careful\",\"services\":[7]}", "service 0: no \"service\"" },
        { "{\"mode\":\"careful\",\"services\":[{\"service\":\"a\\u0000b\"}]}", "stats.json:1" },
        { "{\"mode\":\"careful\",\"services\":[{\"service\":\"S_1\",\"graphs\":-1}]}",
          "not a count" },
        { SERVICE("\"p90_ms\":\"x\""), "neither a number nor null" },
        { SERVICE(LATENCIES "\"rare\":{}"), "\"rare\" is not a list" },
        { SERVICE(LATENCIES "\"rare\":[{\"src\":\"a\",\"type\":\"x\",\"dst\":\"b\"}]"),
          "a rare call without" },
        { SERVICE(LATENCIES "\"rare\":[]"), "\"candidates\" is not a list" },
        { SERVICE(LATENCIES "\"rare\":[],\"candidates\":[{}]"), "a candidate without" },
        { SERVICE(LATENCIES "\"rare\":[],\"candidates\":[{\"src\":\"a\",\"type\":\"mc\",\"dst\":[{"
                            "\"name\":\"b\"}]}]"),
          "dst without name" },
        { "{\"mode\":\"careful\",\"mode\":\"careful\",\"services\":[]}", "stats.json:1" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };
        assert_null(callstats_read("stats.json", str_of(wrong[i].json), &err));
        assert_int_equal(err.status, EXIT_DATA);
        if (!strstr(err.msg, wrong[i].says))
            fail_msg("case %zu says \"%s\", not \"%s\"", i, err.msg, wrong[i].says);
    }
    struct err err = { 0 };
    const char *twice =
        "{\"mode\":\"careful\",\"services\":[{\"service\":\"S\",\"graphs\":1," LATENCIES
        "\"rare\":[],\"candidates\":[]},"
        "{\"service\":\"S\",\"graphs\":1," LATENCIES "\"rare\":[],\"candidates\":[]}]}";
    assert_null(callstats_read("stats.json", str_of(twice), &err));
    assert_non_null(strstr(err.msg, "stands twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_graphs_have_latencies_and_nine_have_not),
        cmocka_unit_test(rare_is_under_a_tenth_of_the_graphs_once_each),
        cmocka_unit_test(ticks_become_milliseconds),
        cmocka_unit_test(careful_files_are_one_population),
        cmocka_unit_test(tracellm_merges_as_the_original_does),
        cmocka_unit_test(tracellm_needs_ten_in_one_file),
        cmocka_unit_test(tracellm_skips_repeats_and_deep_graphs),
        cmocka_unit_test(graphs_of_the_original_count_as_they_are),
        cmocka_unit_test(names_are_padded_only_when_they_are_numbers),
        cmocka_unit_test(json_there_and_back_is_the_identity),
        cmocka_unit_test(statistics_of_nothing_are_empty),
        cmocka_unit_test(every_way_to_be_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
