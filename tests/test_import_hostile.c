/* test_import_hostile.c: every importer on what is made to break it, as one table: depth bombs,
 * huge numbers, fields given twice, bytes that are no UTF-8, and the same file cut anywhere and
 * with any byte changed. What is good beside it is used, what is not is counted and named. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/import_account.h"
#include "tests/memfile.h"
#include "trace/import.h"

struct got {
    struct import_report rep;
    struct err err;
    bool good;
    size_t calls;
};

/* Takes the graphs and looks at each. */
static bool look(void *ctx, const struct callgraph *g, const struct names *names, double weight,
                 struct err *err)
{
    (void)names, (void)weight, (void)err;
    size_t at;
    assert_int_equal(callgraph_check(g, &at), GRAPH_GOOD);
    *(size_t *)ctx += g->n;
    return true;
}

/* Import; whatever comes of it, all rows and graphs are accounted for. */
static struct got feed(import_function *stream, const void *p, size_t n, unsigned repair)
{
    struct memfile m = memfile_open(p, n);
    char *paths[] = { m.path };
    struct got g = { .good = false };
    struct import_options o = { .repair = repair, .threads = 1 };
    g.good = stream(paths, 1, &o, look, &g.calls, &g.rep, &g.err);
    memfile_close(&m);
    check_account(&g.rep);
    assert_int_equal(g.good, g.rep.graphs_used > 0);
    assert_true(g.good || g.err.status == EXIT_DATA);
    return g;
}

#define ALIBABA "timestamp,traceid,service,rpc_id,rpctype,um,dm,rt\n"
#define A_GOOD ALIBABA "10,T_1,S_1,0,http,USER,MS_1,9\n11,T_1,S_1,0.1,rpc,MS_1,MS_2,3\n"
#define B_GOOD "traceid,timestamp,rpcid,um,rpctype,dm,interface,rt\n" \
    "T_1,10,0,USER,http,MS_1,i,9\nT_1,11,0.1,MS_1,rpc,MS_2,i,3\n"
#define J_SPAN(trace, id, more)                                                                   \
    "{\"traceID\":\"" trace "\",\"spanID\":\"" id "\",\"operationName\":\"op\",\"duration\":50,"   \
    "\"process\":{\"serviceName\":\"s\"}" more "}"
#define J_FILE(spans) "{\"data\":[{\"spans\":[" spans "]}]}\n"
#define J_GOOD J_FILE(J_SPAN("ab", "1", ",\"startTime\":1000"))
#define O_LINE(span)                                                                              \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"     \
    "{\"stringValue\":\"svc\"}}]},\"scopeSpans\":[{\"spans\":[" span "]}]}]}\n"
#define O_SPAN(trace, more) "{\"traceId\":\"" trace "0405060708090a0b0c0d0e0f10\","               \
    "\"spanId\":\"0102030405060708\",\"endTimeUnixNano\":\"5001000\"" more "}"
#define O_GOOD O_LINE(O_SPAN("010203", ",\"startTimeUnixNano\":\"1000\""))
#define Z_SPAN(trace, more) "{\"traceId\":\"" trace "\",\"id\":\"1\",\"duration\":5,"             \
    "\"localEndpoint\":{\"serviceName\":\"a\"}" more "}\n"
#define Z_GOOD Z_SPAN("ab", ",\"timestamp\":7")
#define S_GOOD "trace,span,parent,service,operation,start,end\nt1,1,,s,op,5,9\n"
#define D_GOOD "{\"service\":\"S_1\",\"num\":2,\"edges\":[{\"source\":\"USER\",\"target\":\"A\"," \
    "\"weight\":1,\"rpctype\":\"http\"}]}\n"

static const struct source {
    const char *name;
    import_function *stream;
    const char *good;
    size_t calls;              /* of the graph in it */
} sources[] = {
    { "alibaba-2022", import_alibaba_2022_stream, A_GOOD, 2 },
    { "alibaba-2021", import_alibaba_2021_stream, B_GOOD, 2 },
    { "jaeger", import_jaeger_stream, J_GOOD, 1 },
    { "otlp", import_otlp_stream, O_GOOD, 1 },
    { "zipkin", import_zipkin_stream, Z_GOOD, 1 },
    { "spans", import_spans_stream, S_GOOD, 1 },
    { "dgg", import_dgg_stream, D_GOOD, 1 },
};
enum { SOURCES = sizeof sources / sizeof *sources };

static const struct source *source_of(const char *name)
{
    for (size_t i = 0; i < SOURCES; i++)
        if (strcmp(sources[i].name, name) == 0)
            return &sources[i];
    fail_msg("no source %s", name);
    return NULL;
}

static void what_is_hostile_is_counted_and_the_rest_used(void **state)
{
    (void)state;
    static const struct {
        const char *source, *text;      /* behind the good one */
        enum import_cause cause;
    } way[] = {
        { "alibaba-2022", "1e999,T_2,S_1,0,http,USER,MS_1,9\n", CAUSE_TIMESTAMP },
        { "alibaba-2022", "10,T_2,S_1,0,http,USER,MS_1,99999999999999999999\n", CAUSE_RT },
        { "alibaba-2022", "10,T_2,S_1,0.99999999999999,http,USER,MS_1,9\n", CAUSE_RPCID },
        { "alibaba-2022", "10,T_1,S_1,0,http,USER,MS_1,9\n", CAUSE_SECOND },
        { "alibaba-2022", "10,T_2,S_1,0,http,USER,MS\xff_1,9\n", CAUSE_UTF8 },
        { "alibaba-2022", "10,T_2,S_1,0,http,\"USER,MS_1,9\n", CAUSE_QUOTE },
        { "alibaba-2022", "10,T_2,S_1,0,ht", CAUSE_FIELDS },
        { "alibaba-2021", "T_2,1e999,0,USER,http,MS_1,i,9\n", CAUSE_TIMESTAMP },
        { "alibaba-2021", "T_2,10,0,USER,http,MS_1,i,1e400\n", CAUSE_RT },
        { "alibaba-2021", "T_1,10,0,USER,http,MS_1,i,9\n", CAUSE_SECOND },
        { "alibaba-2021", "T_2,10,0,USER,http,MS_1\xc3,i,9\n", CAUSE_UTF8 },
        { "alibaba-2021", "T_2,10,0,US", CAUSE_FIELDS },
        { "jaeger", J_FILE(J_SPAN("cd", "1", ",\"startTime\":1e999")), CAUSE_TIMESTAMP },
        { "jaeger", J_FILE(J_SPAN("cd", "1", ",\"startTime\":99999999999999999999")),
          CAUSE_TIMESTAMP },
        { "jaeger", J_FILE(J_SPAN("cd", "1", ",\"spanID\":\"2\"")), CAUSE_TWICE },
        { "jaeger", J_FILE(J_SPAN("cd", "1", ",\"x\":\"\xff\"")), CAUSE_BROKEN },
        { "jaeger", "{\"data\":[{\"spans\":[{\"traceID\":\"cd", CAUSE_BROKEN },
        { "otlp", O_LINE(O_SPAN("aaaaaa", ",\"startTimeUnixNano\":1e999")), CAUSE_TIMESTAMP },
        { "otlp", O_LINE(O_SPAN("aaaaaa", ",\"startTimeUnixNano\":\"99999999999999999999\"")),
          CAUSE_TIMESTAMP },
        { "otlp", O_LINE(O_SPAN("aaaaaa", ",\"spanId\":\"0102030405060709\"")), CAUSE_TWICE },
        { "otlp", O_LINE(O_SPAN("aaaaaa", ",\"name\":\"\xc0\xaf\"")), CAUSE_BROKEN },
        { "otlp", "{\"resourceSpans\":[{\"resource\":{", CAUSE_BROKEN },
        { "zipkin", Z_SPAN("cd", ",\"timestamp\":1e999"), CAUSE_TIMESTAMP },
        { "zipkin", Z_SPAN("cd", ",\"timestamp\":99999999999999999999"), CAUSE_TIMESTAMP },
        { "zipkin", Z_SPAN("cd", ",\"id\":\"2\""), CAUSE_TWICE },
        { "zipkin", Z_SPAN("cd", ",\"name\":\"\xed\xa0\x80\""), CAUSE_BROKEN },
        { "zipkin", "{\"traceId\":\"cd\",\"id\":", CAUSE_BROKEN },
        { "spans", "t2,1,,s,op,1e999,9\n", CAUSE_TIMESTAMP },
        { "spans", "t2,1,,s,op,5,99999999999999999999999\n", CAUSE_RT },
        { "spans", "t1,1,,s,op,5,9\n", CAUSE_SECOND },
        { "spans", "t2,1,,s,op\xff,5,9\n", CAUSE_UTF8 },
        { "spans", "t2,1,,s", CAUSE_FIELDS },
        { "dgg", "{\"num\":2,\"edges\":[{\"source\":\"USER\",\"target\":\"A\",\"weight\":1e999,"
                 "\"rpctype\":\"http\"}]}\n", CAUSE_SYNTAX },
        { "dgg", "{\"num\":2,\"edges\":[{\"source\":\"USER\",\"target\":\"A\","
                 "\"weight\":99999999999,\"rpctype\":\"http\"}]}\n", CAUSE_TOO_LARGE },
        { "dgg", "{\"num\":2,\"num\":3,\"edges\":[]}\n", CAUSE_SYNTAX },
        { "dgg", "{\"service\":\"\xff\",\"edges\":[]}\n", CAUSE_SYNTAX },
        { "dgg", "{\"num\":", CAUSE_SYNTAX },
    };
    bool met[SOURCES] = { false };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        const struct source *s = source_of(way[i].source);
        met[s - sources] = true;
        struct buf b = { 0 };
        buf_str(&b, s->good);
        buf_str(&b, way[i].text);
        struct got g = feed(s->stream, b.p, b.n, 0);
        const struct import_tally *t = &g.rep.cause[way[i].cause];
        if (!g.good || g.calls != s->calls || t->rows + t->graphs + t->files == 0)
            fail_msg("case %zu, %s: %d graphs, %zu calls, not counted as %s: %s", i, s->name,
                     (int)g.rep.graphs_used, g.calls, import_cause_names[way[i].cause],
                     g.err.msg);
        buf_free(&b);
    }
    for (size_t i = 0; i < SOURCES; i++)
        assert_true(met[i]);
}

/* What is nested without end, as each format can say it, behind the good one. */
static void bomb(const struct source *s, struct buf *b)
{
    enum { DEEP = 200000 };
    buf_str(b, s->good);
    if (strncmp(s->name, "alibaba", 7) == 0) {
        buf_str(b, strcmp(s->name, "alibaba-2022") == 0 ? "10,T_2,S_1,0" : "T_2,10,0");
        for (int i = 0; i < 700; i++)
            buf_str(b, ".1");
        buf_str(b, strcmp(s->name, "alibaba-2022") == 0 ? ",rpc,A,B,1\n" : ",A,rpc,B,i,1\n");
    } else if (strcmp(s->name, "spans") == 0) {
        for (int i = 0; i < 3000; i++)
            buf_printf(b, "t2,%d,%.0d,s,op,5,9\n", i + 1, i);
    } else {
        buf_str(b, strcmp(s->name, "dgg") == 0 ? "{\"edges\":" : "");
        for (int i = 0; i < DEEP; i++)
            buf_char(b, '[');
        buf_char(b, '\n');
    }
}

static void depth_bombs_do_not_go_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCES; i++) {
        struct buf b = { 0 };
        bomb(&sources[i], &b);
        for (int all = 0; all < 2; all++) {
            struct got g = feed(sources[i].stream, b.p, b.n, all ? REPAIR_ALL : 0);
            uint64_t said = 0;
            for (int c = 0; c < IMPORT_CAUSES; c++)
                said += g.rep.cause[c].rows + g.rep.cause[c].graphs + g.rep.cause[c].files;
            if (!g.good || g.calls != sources[i].calls || said == 0)
                fail_msg("%s: %zu calls, %d said", sources[i].name, g.calls, (int)said);
        }
        buf_free(&b);
    }
}

/* Every prefix, and every byte made 0xff, NUL, a quote or a brace: refused or used, never worse. */
static void any_byte_may_be_lost_or_wrong(void **state)
{
    (void)state;
    static const char evil[] = { '\xff', '\0', '"', '{', '9' };
    size_t refused = 0, used = 0;
    for (size_t k = 0; k < SOURCES; k++) {
        size_t n = strlen(sources[k].good);
        char *text = mem_alloc(n + 1);
        for (size_t i = 0; i < n; i++) {
            struct got g = feed(sources[k].stream, sources[k].good, i, i % 2 ? REPAIR_ALL : 0);
            refused += !g.good;
            memcpy(text, sources[k].good, n);
            text[i] = evil[i % sizeof evil];
            used += feed(sources[k].stream, text, n, i % 2 ? 0 : REPAIR_ALL).good;
        }
        free(text);
    }
    assert_true(refused > 100 && used > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_hostile_is_counted_and_the_rest_used),
        cmocka_unit_test(depth_bombs_do_not_go_off),
        cmocka_unit_test(any_byte_may_be_lost_or_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
