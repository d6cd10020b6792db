/* --compat tracellm: lines worked by hand from the description of the original's two steps. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <string.h>

#include "base/file.h"
#include "tests/fixtures.h"
#include "tests/memfile.h"
#include "trace/compat.h"
#include "trace/compat_priv.h"

#define HEADER                                                                                     \
    "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt\n"
#define ROOT "3723004,T_1,S_12,0,http,USER,U,i,MS_1,U,50.7\n"
#define ROOT_LINE "01h02m03s004ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50\n"

struct out {
    bool step2, good;
    struct buf b;
    struct import_report r;
    struct err err;
};

static bool add_line(void *ctx, const struct compat_graph *g, struct err *err)
{
    (void)err;
    struct out *o = ctx;
    compat_line(g, o->step2, &o->b);
    return true;
}

static void run(struct out *o, const char *const *text, size_t n)
{
    struct memfile m[4];
    char *path[4];
    for (size_t i = 0; i < n; i++) {
        m[i] = memfile_open(text[i], strlen(text[i]));
        path[i] = m[i].path;
    }
    buf_clear(&o->b);
    buf_str(&o->b, "");
    o->good = compat_tracellm(path, n, o->step2, add_line, o, &o->r, &o->err);
    uint64_t rows = o->r.rows_used, graphs = o->r.graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        rows += o->r.cause[c].rows;
        graphs += o->r.cause[c].graphs;
    }
    assert_int_equal(rows, o->r.rows_read);
    assert_int_equal(graphs, o->r.graphs_read);
    for (size_t i = 0; i < n; i++)
        memfile_close(&m[i]);
}

static void check(const char *rows, bool step2, const char *want)
{
    struct out o = { .step2 = step2 };
    struct buf text = { 0 };
    buf_str(&text, HEADER);
    buf_str(&text, rows);
    buf_str(&text, "7,T_0,S_12,0.1.1,rpc,A,U,i,B,U,1\n"); /* an id that is no number, in a trace
                                                             that is lost */
    run(&o, (const char *const[]){ text.p }, 1);
    assert_string_equal(o.b.p, want);
    assert_int_equal(o.good, want[0] != '\0');
    buf_free(&text);
    buf_free(&o.b);
}

#define R(ts, trace, id, type, um, dm, rt)                                                         \
    ts "," trace ",S_12," id "," type "," um ",U,i," dm ",U," rt "\n"

static void lines_are_as_described(void **state)
{
    (void)state;
    check(ROOT, false, ROOT_LINE);
    check(ROOT, true, "00h00m00s000ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50\n");
    /* order of calls: time, then id as text ("0.10" before "0.9"); step 2: by number */
    static const char wide[] = ROOT R("3723005", "T_1", "0.9", "rpc", "MS_1", "MS_2", "1.0")
        R("3723005", "T_1", "0.10", "mc", "MS_1", "MS_123456", "0.0")
            R("3723004", "T_1", "0.2", "db", "MS_1", "X", "-3.9");
    check(wide, false,
          "01h02m03s004ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50"
          "||0.2|db|MS_00001|X|ARRIVED_0|RT_-3||0.10|mc|MS_00001|MS_123456|ARRIVED_1|RT_0"
          "||0.9|rpc|MS_00001|MS_00002|ARRIVED_1|RT_1\n");
    check(wide, true,
          "00h00m00s000ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50"
          "||0.2|db|MS_00001|X|ARRIVED_0|RT_-3||0.9|rpc|MS_00001|MS_00002|ARRIVED_1|RT_1"
          "||0.10|mc|MS_00001|MS_123456|ARRIVED_1|RT_0\n");
    /* the clock starts again after a day; lines stand in order of the clock, then of trace ids */
    check(R("86400000", "T_9", "0.0", "rpc", "A", "B", "1")
              R("86400001", "T_8", "0", "rpc", "A", "B", "1")
                  R("5", "T_7", "0", "rpc", "A", "B", "1")
                      R("86400005", "T_6", "0", "rpc", "A", "B", "2"),
          false,
          "00h00m00s001ms S_000000012 0|rpc|A|B|ARRIVED_0|RT_1\n"
          "00h00m00s005ms S_000000012 0|rpc|A|B|ARRIVED_0|RT_2\n"
          "00h00m00s005ms S_000000012 0|rpc|A|B|ARRIVED_0|RT_1\n");
    /* the first record of a call in time stays; the least service name is the trace's */
    check(
        "10,T,S_2,0,rpc,A,U,i,B,U,9\n12,T,S_10,0.1,rpc,B,U,i,C,U,1\n11,T,S_2,0.1,rpc,B,U,i,D,U,1\n",
        false, "00h00m00s010ms S_000000010 0|rpc|A|B|ARRIVED_0|RT_9||0.1|rpc|B|D|ARRIVED_1|RT_1\n");
}

static void validity_has_the_originals_holes(void **state)
{
    (void)state;
    static const char root[] = "00h00m00s001ms S_000000012 0|rpc|A|B|ARRIVED_0|RT_9";
#define B0 R("1", "T", "0", "rpc", "A", "B", "9")
    struct { const char *rows, *rest;
    } way[] = {
        { R("1", "T", "1", "rpc", "X", "Y", "99") R("1", "T", "1.1", "rpc", "Y", "Z", "99"),
          "||1|rpc|X|Y|ARRIVED_0|RT_99||1.1|rpc|Y|Z|ARRIVED_0|RT_99\n" }, /* a second root */
        { R("1", "T", "9.1", "rpc", "X", "Y", "99"), "||9.1|rpc|X|Y|ARRIVED_0|RT_99\n" },
        { R("1", "T", "9.1.1", "rpc", "X", "Y", "99"), "||9.1.1|rpc|X|Y|ARRIVED_0|RT_99\n" },
        { R("1", "T", "0.1.1", "rpc", "B", "C", "1"), NULL }, /* 0.1 is a hole below a call */
        { R("2", "T", "0.1", "rpc", "B", "C", "8"),
          "||0.1|rpc|B|C|ARRIVED_1|RT_8\n" }, /* ends together */
        { R("2", "T", "0.1", "rpc", "B", "C", "9"), NULL },
        { R("2", "T", "0.1", "rpc", "C", "B", "1"), NULL },
        { R("0", "T", "0.1", "rpc", "B", "C", "1"), NULL }, /* the root is not first */
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct buf rows = { 0 }, want = { 0 };
        buf_printf(&rows, "%s%s", B0, way[i].rows);
        buf_printf(&want, "%s%s", way[i].rest ? root : "", way[i].rest ? way[i].rest : "");
        check(rows.p, false, want.p);
        buf_free(&rows);
        buf_free(&want);
    }
}

/* What pandas makes of odd text. Each row stands after a good trace, which must come out alone or
 * with it. */
static void fields_are_read_as_pandas_does(void **state)
{
    (void)state;
#define EXTRA "01h02m03s005ms S_000000012 0|rpc|A|B|ARRIVED_0|RT_3\n"
    static const struct { const char *row; enum import_cause cause; bool comes; } way[] = {
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,3.9\n", IMPORT_CAUSES, true },
        { "3723005,T_2,S_12,0,rpc,A,U,i,\"B\",U,\"3\"\r\n", IMPORT_CAUSES, true },
        { "\n  \t\n3723005,T_2,S_12,0,rpc,A,U,i,B,U,3\r", IMPORT_CAUSES, true },
        { "3723005,T_2,S_12,0,rpc,A,U,,B,, 3 \n", IMPORT_CAUSES, true },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,3,\n", CAUSE_FIELDS, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B\n", CAUSE_RT, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,NULL\n", CAUSE_RT, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,nan\n", CAUSE_RT, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,inf\n", CAUSE_CRASH, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,B,U,soon\n", CAUSE_CRASH, false },
        { "3723005,T_2,S_12,0,RPC,A,U,i,B,U,3\n", CAUSE_TYPE, false },
        { "3723005,T_2,S_12,0,rpc,UNKNOWN,U,i,B,U,3\n", CAUSE_UM, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,UNAVAILABLE,U,3\n", CAUSE_DM, false },
        { "3723005,T_2,S_12,0,rpc,,U,i,B,U,3\n", CAUSE_CRASH, false },
        { "3723005,T_2,S_12,0,rpc,A,U,i,\"N/A\",U,3\n", CAUSE_CRASH, false },
        { "3723005,T_2,S_12,,rpc,A,U,i,B,U,3\n", CAUSE_CRASH, false },
        { "3723005,,S_12,0,rpc,A,U,i,B,U,3\n", CAUSE_CRASH, false },
        { "3723005,T_2,,0,rpc,A,U,i,B,U,3\n", CAUSE_CRASH, false },
        { ",T_2,S_12,0,rpc,A,U,i,B,U,3\n", CAUSE_CRASH, false },
        { "3723005,T_2,S_12,0,rpc,\"A,U,i,B,U,3\n", CAUSE_QUOTE, false },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct out o = { 0 };
        struct buf b = { 0 };
        buf_printf(&b, "%s%s%s%s", HEADER, ROOT, R("7", "T_0", "0.1.1", "rpc", "A", "B", "1"),
                   way[i].row);
        run(&o, (const char *const[]){ b.p }, 1);
        assert_string_equal(o.b.p, way[i].comes ? ROOT_LINE EXTRA : ROOT_LINE);
        if (way[i].cause != IMPORT_CAUSES)
            assert_int_equal(o.r.cause[way[i].cause].rows, 1);
        buf_free(&b);
        buf_free(&o.b);
    }
}

static void wide_first_lines_and_float_ids_lose_the_file(void **state)
{
    (void)state;
    struct out o = { 0 };
    static const char floats[] =
        HEADER "5,T_2,S_1,0,rpc,A,U,i,B,U,3\n5,T_2,S_1,0.1,rpc,B,U,i,B,U,3\n";
    static const char good[] = HEADER ROOT "7,T_0,S_1,0.1.1,rpc,A,U,i,B,U,1\n";
    run(&o, (const char *const[]){ floats, good, HEADER }, 3);
    assert_string_equal(o.b.p, ROOT_LINE);
    assert_int_equal(o.r.cause[CAUSE_CRASH].rows, 2);
    assert_int_equal(o.r.files, 3);
    /* one field more than the header in the first line: pandas takes the first column for an index
     */
    static const char shifted[] = HEADER "x,7,T_0,S_1,0.1.1,rpc,A,U,i,B,U,1\n" "y," ROOT;
    run(&o, (const char *const[]){ shifted }, 1);
    assert_string_equal(o.b.p, ROOT_LINE);
    buf_free(&o.b);
}

/* Recorded from numpy 1.24: numpy.array(keys as text, dtype=object).argsort(). */
static void equal_arrivals_stand_as_numpy_leaves_them(void **state)
{
    (void)state;
    static const size_t recorded[] = {
        0, 35, 5, 30, 25, 10, 20, 15, 36, 34, 31, 29, 26, 24, 21, 16, 19, 39, 1, 11,
        9, 4, 6, 14, 37, 2, 3, 33, 32, 17, 27, 8, 23, 22, 12, 13, 38, 18, 7, 28,
    };
    enum { N = 40 };
    int64_t key[N];
    size_t order[N];
    for (int i = 0; i < N; i++)
        key[i] = i * i * 7 % 5;
    compat_order(key, order, N);
    assert_memory_equal(order, recorded, sizeof recorded);
    compat_order(key, order, 16);   /* few: stable */
    for (int i = 1; i < 16; i++)
        assert_true(key[order[i - 1]] < key[order[i]] ||
                    (key[order[i - 1]] == key[order[i]] && order[i - 1] < order[i]));
}

static void step_two_drops_repeats_and_the_deep(void **state)
{
    (void)state;
    struct out o = { .step2 = true };
    struct buf deep = { 0 };
    buf_str(&deep, HEADER "1,T_5,S_1,0,rpc,A,U,i,A,U,9\n");
    struct buf id = { 0 };
    buf_str(&id, "0");
    for (int i = 1; i < 16; i++) {
        buf_str(&id, ".1");
        buf_printf(&deep, "1,T_5,S_1,%s,rpc,A,U,i,A,U,9\n", id.p);
    }
    static const char twice[] = HEADER ROOT R("9", "T_3", "0", "http", "USER", "MS_1",
                                              "50") R("8", "T_4", "0.1", "mc", "MS_1", "C", "1")
        R("8", "T_4", "0", "http", "USER", "MS_1", "50") R("9", "T_6", "0.1.1", "mc", "A", "B", "1")
            R("8", "T_7", "0", "rpc", "A", "B", "50") R("8", "T_7", "0.a", "rpc", "B", "C", "1");
    run(&o, (const char *const[]){ deep.p, twice, twice }, 3);
    assert_string_equal(o.b.p, "00h00m00s000ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50"
                               "||0.1|mc|MS_00001|C|ARRIVED_0|RT_1\n"
                               "00h00m00s000ms S_000000012 0|http|USER|MS_00001|ARRIVED_0|RT_50\n");
    assert_int_equal(o.r.cause[CAUSE_DEPTH].graphs, 1);
    assert_int_equal(o.r.cause[CAUSE_SEEN].graphs, 4);
    assert_int_equal(o.r.cause[CAUSE_CRASH].graphs, 2);
    buf_free(&deep);
    buf_free(&id);
    buf_free(&o.b);
}

static void our_own_graphs_make_the_same_lines(void **state)
{
    (void)state;
    struct graphset *s = graphset_new();
    fixture_chain_and_leaf(s)->arrival = 86400000 + 61001;
    struct buf b = { 0 };
    compat_line_of(&s->graphs[0], s->names, 1000, false, &b);
    assert_string_equal(
        b.p, "00h01m01s001ms S_000000001 0|http|USER|MS_00001|ARRIVED_0|RT_10"
             "||0.1|rpc|MS_00001|MS_00002|ARRIVED_1|RT_6||0.1.1|mc|MS_00002|MS_00003|ARRIVED_2|RT_1"
             "||0.2|db|MS_00001|MS_00004|ARRIVED_8|RT_1\n");
    buf_free(&b);
    graphset_free(s);
}

static void the_real_sample_gives_its_lines(void **state)
{
    (void)state;
    char *path[] = { "../shared/data/callgraphs/alibaba-raw/2022-callgraph-sample.csv" };
    if (!file_exists(path[0])) {
        printf("SKIP real sample: %s is not there\n", path[0]);
        return;
    }
    struct out o = { 0 };
    assert_true(compat_tracellm(path, 1, false, add_line, &o, &o.r, &o.err));
    assert_int_equal(o.r.graphs_used, 29);
    o.step2 = true;
    assert_true(compat_tracellm(path, 1, true, add_line, &o, &o.r, &o.err));
    assert_int_equal(o.r.graphs_used, 28);
    buf_free(&o.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_as_described),
        cmocka_unit_test(validity_has_the_originals_holes),
        cmocka_unit_test(fields_are_read_as_pandas_does),
        cmocka_unit_test(wide_first_lines_and_float_ids_lose_the_file),
        cmocka_unit_test(equal_arrivals_stand_as_numpy_leaves_them),
        cmocka_unit_test(step_two_drops_repeats_and_the_deep),
        cmocka_unit_test(our_own_graphs_make_the_same_lines),
        cmocka_unit_test(the_real_sample_gives_its_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
