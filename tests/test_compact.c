/* The compact stream: known lines, decode of encode on random graphs, every way to be wrong. */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fixtures.h"
#include "tests/graphs.h"
#include "text/compact.h"
#include "text/compact_words.h"

static const struct compact_header_mask full = { 0 };
static const struct compact_header_mask open_all = { true, true, true, true };

static void the_fixture_reads_as_in_the_header(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s);
    struct buf b = { 0 };
    compact_encode(&s->graphs[0], s->names, 1000, full, &b);
    assert_string_equal(b.p, "S_000000001 4 3 10 http MS_00001 rpc MS_00002 1 6 /2 mc MS_00003 1 1 "
                             "/1 db MS_00004 1 1\n");
    buf_clear(&b);
    compact_encode(&s->graphs[0], s->names, 1000, open_all, &b);
    assert_string_equal(b.p,
                        "? ? ? ? S_000000001 http MS_00001 10 rpc MS_00002 1 6 /2 mc MS_00003 1 1 "
                        "/1 db MS_00004 1 1\n");
    buf_clear(&b);
    s->graphs[0].calls[3].start = 5;     /* overlaps its sibling, which ends at 7 */
    s->graphs[0].calls[3].id = 4;
    s->graphs[0].calls[0].rt = 1234;
    compact_encode(&s->graphs[0], s->names, 1, full, &b);
    assert_string_equal(
        b.p, "* 1 S_000000001 4 3 #2 12 34 http MS_00001 rpc MS_00002 1 6 /2 mc MS_00003 1 1 "
             "/1 db MS_00004 = 4 - 2 1\n");
    buf_free(&b);
    graphset_free(s);
}

static void numbers_are_written_in_base_100(void **state)
{
    (void)state;
    static const struct { uint64_t x; const char *words; } known[] = {
        { 0, "0" }, { 99, "99" }, { 100, "#2 1 0" }, { 9999, "#2 99 99" }, { 10000, "#3 1 0 0" },
        { INT64_MAX, "#10 9 22 33 72 3 68 54 77 58 7" },
    };
    struct buf b = { 0 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        buf_clear(&b);
        compact_put_number(known[i].x, &b);
        assert_string_equal(b.p, known[i].words);
    }
    buf_free(&b);
}

static void every_fixed_word_has_a_class(void **state)
{
    (void)state;
    size_t n = 0;
    for (; compact_word_fixed(n); n++) {
        struct compact_word w = compact_word_classify(str_of(compact_word_fixed(n)));
        assert_int_not_equal(w.class, WORD_FOREIGN);
        assert_int_not_equal(w.class, WORD_NAME);
    }
    assert_int_equal(n, 9 + 1 + 31 + 9 + 100);
    static const char *const foreign[] = { "",    "a b", "100", "007", "#1", "#11",
                                           "/32", "/0",  "~x",  "!x",  "??", "1a" };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_int_equal(compact_word_classify(str_of(foreign[i])).class, WORD_FOREIGN);
}

static void check_round_trip(const struct graphset *s, const struct callgraph *g, unsigned mask)
{
    struct compact_header_mask m = { mask & 1, mask & 2, mask & 4, mask & 8 };
    struct buf b = { 0 };
    struct graphset *t = graphset_new();
    struct err err;
    compact_encode(g, s->names, s->tick_us, m, &b);
    if (!compact_parse(buf_view(&b), t, &err)) {
        print_error("%s\n%s\n", b.p, err.msg);
        fail();
    }
    assert_int_equal(t->n, 1);
    assert_int_equal(t->tick_us, s->tick_us);
    if (!callgraph_same(g, s->names, &t->graphs[0], t->names)) {
        print_error("%s\n", b.p);
        fail();
    }
    graphset_free(t);
    buf_free(&b);
}

static void decode_of_encode_is_the_identity(void **state)
{
    (void)state;
    gsl_rng *r = rng_stream(7, "test/compact", 0);
    for (size_t k = 0; k < 6000; k++) {
        struct graphset *s = graphset_new();
        s->tick_us = k % 5 ? 1000 : 1 + (uint32_t)rng_below(r, 2000);
        bool odd = k % 3;
        struct callgraph *g =
            random_graph(s, r, 1 + rng_below(r, k % 7 ? 12 : 120), k % 11 ? 5 : 60, odd);
        size_t at;
        assert_int_equal(callgraph_check(g, &at), GRAPH_GOOD);
        check_round_trip(s, g, (unsigned)rng_below(r, 16));
        graphset_free(s);
    }
    gsl_rng_free(r);
}

static void every_wrong_line_is_named(void **state)
{
    (void)state;
    static const struct { const char *line, *message;
    } wrong[] = {
        { "", "word 1: the line ends where a name should be" },
        { "S_1", "word 2: the line ends where a number should be" },
        { "5 1 1 0 http A", "word 1: \"5\" is not a name" },
        { "S_1 1 1 0", "word 5: the line ends where a call type should be" },
        { "S_1 1 1 0 http", "word 6: the line ends where a name should be" },
        { "S_1 2 1 0 http A", "header says 2 calls, the body has 1" },
        { "S_1 0 1 0 http A", "a graph of 0 calls" },
        { "S_1 1 2 0 http A", "header says depth 2, the body has 1" },
        { "S_1 1 1 0 http A rpc B 0 0", "word 7: \"rpc\" is not the end of the line" },
        { "S_1 1 1 0 soap A", "word 5: \"soap\" is not a call type" },
        { "S_1 3 ? 9 http A rpc B 0 9 /4 rpc C 0 9", "word 11: level 4 does not follow level 1" },
        { "S_1 2 ? 9 http A rpc B - 1 9", "word 12: the call starts or ends out of range" },
        { "S_1 2 ? 9 http A rpc B 1 9", "call 2: finishes after its parent" },
        { "S_1 2 ? 9 http A rpc B 1", "word 10: the line ends where a number should be" },
        { "S_1 2 ? #2 0 9 http A", "word 5: \"0\" is not a number 0..99, the first not 0" },
        { "S_1 2 ? #10 93 0 0 0 0 0 0 0 0 0 http A", "word 14: the number is out of range" },
        { "S_1 3 ? 9 http A rpc B = 4 0 1 /1 rpc C = 3 0 1", "call 3: sibling ids do not ascend" },
        { "S_1 3 ? 9 http A rpc B = #5 42 94 96 72 95 0 1 /1 rpc C 0 1",
          "word 21: the ids of siblings run out" },
        { "S_1 1 1 0 http A%0", "word 6: \"A%0\" is not a name in UTF-8 with %XX escapes" },
        { "S_1 1 1 0 http \xff", "word 6: \"\xff\" is not a name in UTF-8 with %XX escapes" },
        { "S_1 1 1 0  http A", "word 5: \"\" is not a call type" },
        { "* 0 S_1 1 1 0 http A", "word 2: a tick of 0 us" },
        { "* 7 S_1 1 1 0 http A", "ticks of 7 us among graphs with ticks of 1000 us" },
    };
    struct graphset *s = graphset_new();
    struct err err;
    assert_true(compact_parse(STR("S_1 1 1 0 http A"), s, &err));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(compact_parse(str_of(wrong[i].line), s, &err));
        assert_string_equal(err.msg, wrong[i].message);
        assert_int_equal(err.status, EXIT_DATA);
    }
    assert_int_equal(s->n, 1);
    graphset_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fixture_reads_as_in_the_header),
        cmocka_unit_test(numbers_are_written_in_base_100),
        cmocka_unit_test(every_fixed_word_has_a_class),
        cmocka_unit_test(decode_of_encode_is_the_identity),
        cmocka_unit_test(every_wrong_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
