/* test_mend.c: repairs of Alibaba's rows, each class by hand, and how often they are wrong where
 * the truth is known. */
#define _GNU_SOURCE   /* memfd_create */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "tests/memfile.h"
#include "trace/import.h"
#include "trace/mend_check.h"

#define HEADER "timestamp,traceid,service,rpc_id,rpctype,um,interface,dm,rt,kind\n"

/* The graph as "id caller>callee" in pre-order, a call that outlasts its parent with "~". */
static void words_of(const struct graphset *s, struct buf *b)
{
    const struct callgraph *g = &s->graphs[0];
    for (size_t i = 0; i < g->n; i++) {
        if (i)
            buf_char(b, ' ');
        callgraph_rpcid(g, i, b);
        buf_printf(b, " %s>%s%s", names_get(s->names, g->calls[i].src),
                   names_get(s->names, g->calls[i].dst), g->calls[i].async ? "~" : "");
    }
    buf_char(b, 0);
}

/* Rows "start rt id type um dm interface [kind]", one a line, as a table. */
static void table_of(const char *rows, struct buf *b)
{
    struct str rest = str_of(rows), line, word;
    buf_str(b, HEADER);
    while (str_next(&rest, '\n', &line)) {
        struct str f[8] = { { 0 } };
        for (size_t n = 0; n < 8 && str_next(&line, ' ', &word); n++)
            f[n] = word;
        const struct str order[] = { f[0], STR("T"), STR("S"), f[2], f[3],
                                     f[4], f[6],     f[5],     f[1], f[7] };
        for (size_t i = 0; i < sizeof order / sizeof *order; i++)
            buf_printf(b, "%s%.*s", i ? "," : "", (int)order[i].n, order[i].p);
        buf_char(b, '\n');
    }
}

static void each_class_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *what, *rows, *want;
        unsigned repair;
    } way[] = {
        { "nothing to do", "0 9 0 http USER A i\n1 5 0.1 rpc A B j", "0 USER>A 0.1 A>B",
          REPAIR_ALL },
        { "the client of a store kept its number",
          "0 9 0 http USER A i\n1 5 0.1 mc A M i\n2 1 0.1.1 mc A M i\n4 1 0.1.2 mc A N i\n"
          "6 1 0.2 rpc A B i",
          "0 USER>A 0.1 A>M 0.2 A>M 0.3 A>N 0.4 A>B", REPAIR_ALL },
        { "and what called is unknown",
          "0 9 0 http USER A i\n1 5 0.1 mc A M i\n2 1 0.1.1 mc UNKNOWN N i",
          "0 USER>A 0.1 A>M 0.2 A>N", REPAIR_ALL },
        { "a store that does call", "0 9 0 http USER A i\n1 5 0.1 db A M i\n2 1 0.1.1 rpc M N i",
          "0 USER>A 0.1 A>M 0.1.1 M>N", REPAIR_ALL },
        { "a number kept for two levels",
          "0 9 0 http USER A i\n1 8 0.1 rpc A B i\n2 5 0.1.1 rpc B C i\n8 1 0.1.1.1 rpc A D i",
          "0 USER>A 0.1 A>B 0.1.1 B>C 0.2 A>D", REPAIR_ALL },
        { "who received a message, below a number that was kept",
          "0 9 0 http USER A i\n1 0 0.1 mq A Q i\n1 1 0.1.1 mc A M i\n"
          "20 1 0.1.1.3343110237 mq Q R i",
          "0 USER>A 0.1 A>Q 0.1.1 Q>R~ 0.2 A>M", REPAIR_ALL },
        { "two calls of a caller that was not called",
          "0 9 0 http USER A i\n1 2 0.1 rpc B C i\n4 2 0.2 rpc B D i",
          "0 USER>A 0.1 A>B 0.1.1 B>C 0.1.2 B>D", REPAIR_ALL },
        { "one call to itself", "0 9 0 http USER A i\n1 2 0.1 rpc B B i",
          "0 USER>A 0.1 A>B 0.1.1 B>B", REPAIR_ALL },
        { "one call of somebody", "0 9 0 http USER A i\n1 2 0.1 rpc B C i", "0 USER>A 0.1 A>C",
          REPAIR_ALL },
        { "three levels are missing", "0 9 0 http USER A i\n1 2 0.1.1.1.1 rpc B C i",
          "0 USER>A 0.1 A>unknown_service 0.1.1 unknown_service>unknown_service "
          "0.1.1.1 unknown_service>B 0.1.1.1.1 B>C", REPAIR_ALL },
        { "calls that share an id",
          "0 90 0 http USER A i\n1 5 0.1 rpc A B i\n50 1 0.1 mc A M k\n2 1 0.1.1 rpc B C i\n"
          "60 1 0.2 rpc A D i",
          "0 USER>A 0.1 A>B 0.1.1 B>C 0.2 A>M 0.3 A>D", REPAIR_ALL },
        { "and of which the second calls",
          "0 90 0 http USER A i\n1 5 0.1 rpc A B i\n50 9 0.1 rpc A E k\n52 1 0.1.1 rpc E C i",
          "0 USER>A 0.1 A>B 0.2 A>E 0.2.1 E>C", REPAIR_ALL },
        { "two sides that name the callee differently, who calls",
          "0 90 0 http USER A i\n1 5 0.1 rpc A B i client\n2 4 0.1 rpc A E k server\n"
          "3 1 0.1.1 rpc E C i", "0 USER>A 0.1 A>E 0.1.1 E>C", REPAIR_ALL },
        { "and who does not", "0 90 0 http USER A i\n1 5 0.1 rpc A B i client\n"
          "2 4 0.1 rpc A E k server", "0 USER>A 0.1 A>unknown_service", REPAIR_ALL },
        { "a stray number, recorded twice",
          "0 90 0 http USER A i\n1 5 0.1 rpc A B i\n1 5 0.1.1113852171 rpc A B i\n"
          "2 1 0.1.1 mc B M i", "0 USER>A 0.1 A>B 0.1.1 B>M", REPAIR_ALL },
        { "a stray number of a call that others are below",
          "0 90 0 http USER A i\n1 5 0.1.1113852171 rpc A B i\n2 1 0.1.1 mc B M i",
          "0 USER>A 0.1 A>B 0.1.1 B>M", REPAIR_ALL },
        { "an id that is not its row's own: between those above and below",
          "0 90 0 http USER A i\n1 50 0.1 rpc A B i\n20 1 0.1.1 rpc X Y i\n5 1 0.1.1.1 rpc B C i\n"
          "6 1 0.1.1.2 rpc B D i",
          "0 USER>A 0.1 A>B 0.1.1 B>Y 0.1.2 B>B 0.1.2.1 B>C 0.1.2.2 B>D", REPAIR_ALL },
        { "no root", "1 2 0.1.1 rpc A B i\n3 2 0.1.2 rpc A C i", "0 USER>A 0.1 A>B 0.2 A>C",
          REPAIR_ALL },
        { "what the repairs that were asked for do not place is cut",
          "0 9 0 http USER A i\n1 2 0.1.1 rpc B C i\n3 2 0.2 rpc A D i", "0 USER>A 0.2 A>D",
          1u << DEED_LOSS },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct buf text = { 0 }, got = { 0 };
        table_of(way[i].rows, &text);
        struct memfile m = memfile_open(text.p, text.n);
        struct graphset *s = graphset_new();
        struct import_report rep;
        struct err err = { 0 };
        char *path = m.path;
        struct import_options o = { .repair = way[i].repair };
        if (!import_alibaba_2022(&path, 1, &o, s, &rep, &err))
            fail_msg("%s: %s", way[i].what, err.msg);
        words_of(s, &got);
        if (strcmp(got.p, way[i].want) != 0)
            fail_msg("%s:\n  %s, not\n  %s", way[i].what, got.p, way[i].want);
        size_t at;
        assert_int_equal(callgraph_check(&s->graphs[0], &at), GRAPH_GOOD);
        assert_int_equal(rep.whole, way[i].repair == REPAIR_ALL);
        assert_int_equal(rep.named, rep.whole && !strstr(way[i].want, "unknown_service"));
        graphset_free(s);
        memfile_close(&m);
        buf_free(&text);
        buf_free(&got);
    }
}

/* Under 1 in 100, by repair and by call, at the rates of the raw samples and at
 * three times those. */
static void wrong_repairs_are_rare(void **state)
{
    (void)state;
    static const uint64_t seeds[] = { 1, 7, 23 };
    static const double rates[] = { 1, 3 };
    for (int preset = REFERENCE_2022; preset <= REFERENCE_2021; preset++)
        for (size_t r = 0; r < 2; r++)
            for (size_t i = 0; i < 3; i++) {
                struct reference_options o = {
                    .seed = seeds[i], .preset = (enum reference_preset)preset, .defects = true,
                    .defect_rate = rates[r], .traces = preset == REFERENCE_2021 ? 700 : 3000
                };
                struct mend_check c = mend_check(&o, REPAIR_ALL);
                printf("%s, %g times the defects, seed %d: %d repairs, %d wrong, %d unknown; "
                       "%d of %d calls touched, %d wrong, %d unknown\n",
                       preset == REFERENCE_2021 ? "2021" : "2022", rates[r], (int)seeds[i],
                       (int)c.repair.made, (int)c.repair.wrong, (int)c.repair.unknown,
                       (int)c.call.made, (int)c.calls, (int)c.call.wrong, (int)c.call.unknown);
                assert_true(c.repair.made > 3000 && c.call.made > 1500);
                assert_true(c.repair.wrong < c.repair.made / 100);
                assert_true(c.call.wrong < c.call.made / 100);
                assert_int_equal(c.whole, c.traces);
                assert_true(c.call.unknown > 0 && c.named < c.whole);
            }
}

/* The judge itself: without the repairs that move calls, more is cut, and it says so. */
static void less_is_repaired_if_less_is_asked_for(void **state)
{
    (void)state;
    struct reference_options o = { .seed = 1, .traces = 2000, .defects = true };
    struct mend_check all = mend_check(&o, REPAIR_ALL),
                      some = mend_check(&o, REPAIR_ALL & ~(1u << DEED_IDS | 1u << DEED_PARENT)),
                      none = mend_check(&o, 0);
    assert_true(some.whole < all.whole && none.whole < some.whole);
    assert_int_equal(some.kind[DEED_IDS].made + some.kind[DEED_PARENT].made, 0);
    assert_int_equal(none.repair.made, 0);
    assert_int_equal(none.trees, none.whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_by_hand),
        cmocka_unit_test(wrong_repairs_are_rare),
        cmocka_unit_test(less_is_repaired_if_less_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
