/* test_import_spans.c: the importers of spans on hand-made exports: what is read, what is refused
 * and how it is counted, and that little memory gives the same. */
#define _GNU_SOURCE   /* memfd_create */
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/import_account.h"
#include "tests/memfile.h"
#include "trace/import.h"

struct got {
    struct graphset *set;
    struct import_report rep;
    struct err err;
    bool good;
};

static struct got read_bytes(import_function *stream, const void *p, size_t n,
                             struct import_options o)
{
    struct memfile m = memfile_open(p, n);
    char *paths[] = { m.path };
    struct got g = { .set = graphset_new() };
    g.good = stream(paths, 1, &o, import_collect, g.set, &g.rep, &g.err);
    memfile_close(&m);
    check_account(&g.rep);
    return g;
}

static struct got read_text(import_function *stream, const char *text)
{
    return read_bytes(stream, text, strlen(text), (struct import_options){ 0 });
}

static const char *name(const struct got *g, uint32_t id)
{
    return names_get(g->set->names, id);
}

#define JAEGER_SPAN(id, parent, service, more)                                                    \
    "{\"traceID\":\"ab\",\"spanID\":\"" id "\",\"operationName\":\"op\",\"references\":[" parent \
    "],\"startTime\":1000,\"duration\":50,\"processID\":\"" service "\"" more "}"
#define CHILD_OF(id) "{\"refType\":\"CHILD_OF\",\"traceID\":\"ab\",\"spanID\":\"" id "\"}"
#define FOLLOWS(id) "{\"refType\":\"FOLLOWS_FROM\",\"traceID\":\"00000000000000ab\",\"spanID\":\"" \
    id "\"}"
#define PROCESSES "\"processes\":{\"p\":{\"serviceName\":\"front\"}," \
    "\"q\":{\"serviceName\":\"caf\\u00e9\"}}"

static void jaeger_in_its_envelope(void **state)
{
    (void)state;
    struct got g = read_text(
        import_jaeger_stream,
        "{\"data\":[{\"traceID\":\"ab\",\"spans\":[" JAEGER_SPAN("01", "", "p", "") ","
        JAEGER_SPAN("2", CHILD_OF("1"), "q", ",\"tags\":[{\"key\":\"error\",\"value\":true}]") ","
        JAEGER_SPAN("3", FOLLOWS("2"), "q", "") "]," PROCESSES "}],\"errors\":null}");
    assert_true(g.good);
    assert_int_equal(g.set->n, 1);
    const struct callgraph *c = &g.set->graphs[0];
    assert_string_equal(name(&g, c->trace_id), "00000000000000ab");
    assert_int_equal(c->n, 3);
    assert_int_equal(c->arrival, 1000);
    assert_string_equal(name(&g, c->calls[1].dst), "caf\xc3\xa9");
    assert_int_equal(c->calls[1].status, STATUS_ERROR);
    assert_true(c->calls[2].async && !c->calls[1].async);
    assert_int_equal(c->calls[2].level, 2);
    graphset_free(g.set);
}

/* Every way to be wrong: what is read, used, and why not. */
static void jaeger_that_is_wrong(void **state)
{
    (void)state;
    static const struct { const char *text; uint64_t read, used; enum import_cause cause; } way[] =
        {
        { "", 0, 0, CAUSE_EMPTY },
        { "[1, \"x\", null]", 0, 0, CAUSE_EMPTY },
        { "{\"data\":[{\"spans\":[" JAEGER_SPAN("1", "", "p", "") "],", 1, 1, CAUSE_BROKEN },
        { "{\"data\":[{\"spans\":[" JAEGER_SPAN("1", "", "p", "") ",{\"spanID\":\"2", 1, 1,
            CAUSE_BROKEN },
        { "{\"spans\":[" JAEGER_SPAN("1", "", "p", ",\"spanID\":\"2\"") "]}", 1, 0, CAUSE_TWICE },
        { "{\"spans\":[" JAEGER_SPAN("", "", "p", "") "]}", 1, 0, CAUSE_SPANID },
        { "{\"spans\":[" JAEGER_SPAN("1", "", "p", ",\"parentSpanID\":\"7\"") "]}", 1, 0,
            CAUSE_NO_ROOT },
        { "{\"spans\":[{\"traceID\":\"1\",\"spanID\":\"1\",\"startTime\":1e999}]}", 1, 0,
            CAUSE_TIMESTAMP },
        { "{\"spans\":[{\"traceID\":\"1\",\"spanID\":\"1\",\"startTime\":99999999999999999999}]}",
            1, 0,
          CAUSE_TIMESTAMP },
        { "{\"spans\":[{\"traceID\":\"1\",\"spanID\":\"1\",\"duration\":-5}]}", 1, 0, CAUSE_RT },
        { "{\"spans\":[{\"spanID\":\"1\",\"startTime\":1}]}", 1, 0, CAUSE_TRACEID },
        { "{\"spans\":[{\"traceID\":\"1\",\"spanID\":\"1\",\"operationName\":\"a\\u0000b\"}]}", 1,
            0, CAUSE_UTF8 },
        { "{\"spans\":[{\"traceID\":\"1\",\"operationName\":\"\xff\"}]}", 0, 0, CAUSE_BROKEN },
        { "{\"spans\":[{\"traceID\":\"1\",\"operationName\":\"\\ud800\"}]}", 0, 0, CAUSE_BROKEN },
        { "{\"spans\":[{\"traceID\":\"1\",}]}", 0, 0, CAUSE_BROKEN },
        { "{\"spans\":[{\"traceID\":01}]}", 0, 0, CAUSE_BROKEN },
        { "{\"spans\":[{\"traceID\" \"1\"}]}", 0, 0, CAUSE_BROKEN },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct got g = read_text(import_jaeger_stream, way[i].text);
        assert_int_equal(g.rep.rows_read, way[i].read);
        assert_int_equal(g.rep.rows_used, way[i].used);
        assert_int_equal(g.good, way[i].used > 0);
        const struct import_tally *t = &g.rep.cause[way[i].cause];
        if (way[i].cause != CAUSE_EMPTY || i == 0)
            assert_true(t->rows + t->files > 0);
        assert_true(g.good || g.err.status == EXIT_DATA);
        graphset_free(g.set);
    }
}

static void depth_bombs_are_refused(void **state)
{
    (void)state;
    enum { N = 200000 };
    char *text = mem_alloc(N + 1);
    static import_function *const streams[] = { import_jaeger_stream, import_otlp_stream,
                                                import_zipkin_stream };
    for (size_t k = 0; k < 3; k++)
        for (int way = 0; way < 2; way++) {
            for (size_t i = 0; i < N; i++)
                text[i] = way ? "{\"a\":"[i % 5] : '[';
            struct got g = read_text(streams[k], text);
            assert_false(g.good);
            assert_int_equal(g.rep.rows_read, 0);
            assert_int_equal(g.rep.cause[CAUSE_BROKEN].files, 1);
            graphset_free(g.set);
        }
    free(text);
}

#define OTLP_LINE(span)                                                                           \
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"     \
    "{\"stringValue\":\"svc\"}}]},\"scopeSpans\":[{\"spans\":[" span "]}]}]}\n"

static void otlp_lines_one_of_them_bad(void **state)
{
    (void)state;
    struct got g = read_text(
        import_otlp_stream,
        OTLP_LINE("{\"traceId\":\"0102030405060708090A0b0c0d0e0f10\","
            "\"spanId\":\"0102030405060708\","
                  "\"name\":\"r\",\"kind\":2,\"startTimeUnixNano\":\"1000999\","
                  "\"endTimeUnixNano\":\"5001000\",\"status\":{\"code\":2}}")
        "{\"resourceSpans\":[{\"resource\" nonsense\n"
        OTLP_LINE("{\"traceId\":\"AQIDBAUGBwgJCgsMDQ4PEA==\",\"spanId\":\"AQIDBAUGBwk=\","
                  "\"parentSpanId\":\"0102030405060708\",\"name\":\"c\","
                      "\"kind\":\"SPAN_KIND_CLIENT\","
                  "\"startTimeUnixNano\":2000000,\"endTimeUnixNano\":3000000,"
                      "\"attributes\":[{\"key\":"
                  "\"db.system\",\"value\":{\"stringValue\":\"redis\"}}]}"));
    assert_true(g.good);
    assert_int_equal(g.rep.rows_read, 3);
    assert_int_equal(g.rep.cause[CAUSE_SYNTAX].rows, 1);
    const struct callgraph *c = &g.set->graphs[0];
    assert_int_equal(c->n, 2);
    assert_int_equal(c->arrival, 1000);
    assert_int_equal(c->calls[0].rt, 4001);
    assert_int_equal(c->calls[0].kind, KIND_SERVER);
    assert_int_equal(c->calls[1].type, CALL_MC);
    assert_string_equal(name(&g, c->calls[1].dst), "redis");
    assert_int_equal(g.rep.deed[DEED_ROUNDED].rows, 1);
    graphset_free(g.set);
}

static uint8_t *put_field(uint8_t *p, int number, const void *bytes, size_t n)
{
    *p++ = (uint8_t)(number << 3 | 2);
    *p++ = (uint8_t)n;         /* short ones only */
    memcpy(p, bytes, n);
    return p + n;
}

/* One span "op" of service "svc", as TracesData. */
static size_t otlp_message(uint8_t *out)
{
    uint8_t span[64], scope[80], pair[32], resource[40], all[128], *p = span;
    p = put_field(p, 1, "0123456789abcdef", 16);
    p = put_field(p, 2, "ABCDEFGH", 8);
    p = put_field(p, 5, "op", 2);
    *p++ = 6 << 3, *p++ = 2;
    *p++ = 7 << 3 | 1, memcpy(p, "\x40\x42\x0f\0\0\0\0\0", 8), p += 8;   /* 1,000,000 */
    *p++ = 8 << 3 | 1, memcpy(p, "\x80\x84\x1e\0\0\0\0\0", 8), p += 8;   /* 2,000,000 */
    size_t n = (size_t)(put_field(scope, 2, span, (size_t)(p - span)) - scope);
    uint8_t *q = put_field(pair, 1, "service.name", 12);
    q = put_field(q, 2, "\x0a\x03svc", 5);
    size_t k = (size_t)(put_field(resource, 1, pair, (size_t)(q - pair)) - resource);
    uint8_t *r = put_field(all, 1, resource, k);
    r = put_field(r, 2, scope, n);
    return (size_t)(put_field(out, 1, all, (size_t)(r - all)) - out);
}

static void otlp_protobuf_plain_and_framed(void **state)
{
    (void)state;
    uint8_t b[300], framed[300] = { 0 };
    size_t n = otlp_message(b);
    framed[3] = (uint8_t)n;
    memcpy(framed + 4, b, n);
    for (int way = 0; way < 2; way++) {
        struct got g = read_bytes(import_otlp_proto_stream, way ? framed : b, way ? n + 4 : n,
                                  (struct import_options){ 0 });
        assert_true(g.good);
        const struct callgraph *c = &g.set->graphs[0];
        assert_string_equal(name(&g, c->trace_id), "30313233343536373839616263646566");
        assert_string_equal(name(&g, c->service), "svc:op");
        assert_int_equal(c->calls[0].rt, 1000);
        graphset_free(g.set);
    }
}

/* Every prefix of a file is used, or is refused with a reason. */
static void otlp_protobuf_cut_anywhere(void **state)
{
    (void)state;
    uint8_t b[300];
    size_t n = otlp_message(b);
    for (size_t i = 0; i < n; i++) {
        struct got g = read_bytes(import_otlp_proto_stream, b, i, (struct import_options){ 0 });
        assert_false(g.good);
        assert_int_equal(g.err.status, EXIT_DATA);
        assert_int_equal(g.rep.cause[i ? CAUSE_BROKEN : CAUSE_EMPTY].files, 1);
        graphset_free(g.set);
    }
    memset(b + 4, 0xFF, 30);
    struct got g = read_bytes(import_otlp_proto_stream, b, n, (struct import_options){ 0 });
    assert_false(g.good);
    assert_int_equal(g.rep.cause[CAUSE_SYNTAX].rows, 1);
    graphset_free(g.set);
}

static void zipkin_has_two_sides_and_late_reports(void **state)
{
    (void)state;
    struct got g = read_text(
        import_zipkin_stream,
        "[[{\"traceId\":\"a\",\"id\":\"1\",\"kind\":\"SERVER\",\"name\":\"get\","
            "\"localEndpoint\":{\"serviceName\":\"a\"}},"
        "{\"traceId\":\"a\",\"id\":\"1\",\"timestamp\":100,\"duration\":90,"
            "\"localEndpoint\":{\"serviceName\":\"a\"}},"
        "{\"traceId\":\"a\",\"parentId\":\"1\",\"id\":\"2\",\"kind\":\"CLIENT\",\"timestamp\":110,"
            "\"duration\":50,"
        "\"localEndpoint\":{\"serviceName\":\"a\"},\"remoteEndpoint\":{\"serviceName\":\"b\"}},"
        "{\"traceId\":\"a\",\"parentId\":\"1\",\"id\":\"2\",\"kind\":\"SERVER\",\"timestamp\":120,"
            "\"duration\":30,"
        "\"localEndpoint\":{\"serviceName\":\"b\"},\"shared\":true},"
        "{\"traceId\":\"a\",\"parentId\":\"2\",\"id\":\"3\",\"kind\":\"CLIENT\",\"timestamp\":121,"
        "\"localEndpoint\":{\"serviceName\":\"b\"},"
            "\"remoteEndpoint\":{\"serviceName\":\"kafka\"}}]]");
    assert_true(g.good);
    assert_int_equal(g.rep.rows_read, 5);
    assert_int_equal(g.rep.cause[CAUSE_SECOND].rows, 1);
    const struct callgraph *c = &g.set->graphs[0];
    assert_int_equal(c->n, 4);
    assert_int_equal(c->calls[0].rt, 90);
    assert_string_equal(name(&g, c->calls[2].dst), "b");
    assert_int_equal(c->calls[2].level, 2);
    assert_int_equal(c->calls[3].level, 3);
    assert_string_equal(name(&g, c->calls[3].dst), "kafka");
    assert_int_equal(g.rep.deed[DEED_NO_END].rows, 1);
    graphset_free(g.set);
}

static void csv_by_any_names_and_units(void **state)
{
    (void)state;
    static const struct { const char *columns, *text; int64_t start, rt; const char *service; }
        way[] = {
        { NULL, "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,"
            "Duration\n"
                "aa,1,root,ts-x-service-6f6cfc45b-h5m2n,op,5000000,7001999,9\n", 5000, 2001,
                    "ts-x-service" },
        { NULL, "trace_id,span_id,parent_span_id,service_name,start_time_ms,duration_ms\r\naa,1,,"
            "s,7,2.5\r\n",
          7000, 2500, "s" },
        { "trace=t,span=i,parent=p,service=w:eird,start=a:s,duration=d:us",
            "p,i,t,a,d,w:eird\n,1,aa,3,4,s\n",
          3000000, 4, "s" },
        { "trace=t,span=i,parent=p,service=s,start=a,end=b", "t,i,p,s,a,b\naa,1,null,\"q\"\"\","
            "1655759368183644,1655759368183645\n",
          1655759368183644, 1, "q\"" },
        /* What the map leaves open has usual names, but for what it says already. */
        { "trace=t,span=i,end=b", "t,i,ParentID,Service,startTime,b,Duration\naa,1,,s,"
            "1655759368183644,1655759368183646,7\n",
          1655759368183644, 2, "s" },
        { "trace=t,span=i,service=name", "t,i,parent,name,pod,start_us,duration\naa,1,,s,x-1-2,5,"
            "3\n",
          5, 3, "s" },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct got g = read_bytes(import_spans_stream, way[i].text, strlen(way[i].text),
                                  (struct import_options){ .columns = way[i].columns });
        assert_true(g.good);
        const struct callgraph *c = &g.set->graphs[0];
        assert_int_equal(c->arrival, way[i].start);
        assert_int_equal(c->calls[0].rt, way[i].rt);
        assert_string_equal(name(&g, c->calls[0].dst), way[i].service);
        graphset_free(g.set);
    }
    struct got none = read_text(import_spans_stream, "");
    assert_int_equal(none.rep.cause[CAUSE_EMPTY].files, 1);
    graphset_free(none.set);
    struct got g = read_bytes(import_spans_stream, "a,b\n", 4, (struct import_options){ .columns =
        "nonsense=a" });
    assert_int_equal(g.err.status, EXIT_USAGE);
    graphset_free(g.set);
}

/* 3,000 traces of 4 spans, dealt over the file in turn: with a byte of memory all goes to disk. */
static void little_memory_gives_the_same(void **state)
{
    (void)state;
    struct buf b = { 0 };
    buf_str(&b, "trace,span,parent,service,operation,start,end\n");
    for (int k = 0; k < 4; k++)
        for (int t = 0; t < 3000; t++)
            buf_printf(&b, "t%d,%d,%s,s%d,op%d,%d,%d\n", t, k + 1, k ? k == 3 ? "2" : "1" : "", k,
                t % 7,
                       1700000000 + t + k, 1700000009 + t);
    struct got g = read_bytes(import_spans_stream, b.p, b.n, (struct import_options){ 0 });
    struct got h = read_bytes(import_spans_stream, b.p, b.n, (struct import_options){ .memory_bytes
        = 1 });
    assert_int_equal(g.set->n, 3000);
    assert_int_equal(h.set->n, 3000);
    for (size_t i = 0; i < g.set->n; i++) {
        assert_true(callgraph_same(&g.set->graphs[i], g.set->names, &h.set->graphs[i],
            h.set->names));
        assert_int_equal(g.set->graphs[i].n, 4);
    }
    graphset_free(g.set);
    graphset_free(h.set);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jaeger_in_its_envelope),
        cmocka_unit_test(jaeger_that_is_wrong),
        cmocka_unit_test(depth_bombs_are_refused),
        cmocka_unit_test(otlp_lines_one_of_them_bad),
        cmocka_unit_test(otlp_protobuf_plain_and_framed),
        cmocka_unit_test(otlp_protobuf_cut_anywhere),
        cmocka_unit_test(zipkin_has_two_sides_and_late_reports),
        cmocka_unit_test(csv_by_any_names_and_units),
        cmocka_unit_test(little_memory_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
