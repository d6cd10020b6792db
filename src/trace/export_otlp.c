/* export_otlp.c: OTLP in its JSON form, a request a line as the collector's file exporter writes,
 * a line a trace. Ids are hex, 64-bit numbers decimal strings, enums integers. */
#include "trace/export_spans_priv.h"

#include "trace/export_otlp_priv.h"

const struct str otlp_none = { "UNKNOWN", 7 };

struct str otlp_trace_id(const struct span *s, struct arena *a)
{
    if (s->trace.n == 32)
        return s->trace;
    REQUIRE(s->trace.n <= 32);
    char *id = arena_printf(a, "%032d", 0);
    for (size_t i = 0; i < s->trace.n; i++)
        id[32 - s->trace.n + i] = s->trace.p[i];
    return (struct str){ id, 32 };
}

size_t otlp_attributes(const struct span *s, struct span_attribute out[SPAN_ATTRIBUTES_MAX + 1])
{
    size_t n = span_attributes(s, out);
    if (s->trace.n < 32 && !s->parent.n)
        out[n++] = (struct span_attribute){ "alibaba.traceid", s->trace };
    return n;
}

static void put_attribute(struct buf *b, bool *more, const char *key, struct str value)
{
    buf_str(b, *more ? ",{\"key\":\"" : "{\"key\":\"");
    buf_str(b, key);
    buf_str(b, "\",\"value\":{\"stringValue\":");
    export_json_str(b, value);
    buf_str(b, "}}");
    *more = true;
}

static void put_span(const struct span *s, struct str trace, struct buf *b)
{
    struct span_attribute tag[SPAN_ATTRIBUTES_MAX + 1];
    size_t n = otlp_attributes(s, tag);
    bool more = false;
    buf_str(b, "{\"traceId\":");
    export_json_str(b, trace);
    export_json_member(b, "spanId", s->id);
    if (s->parent.n)
        export_json_member(b, "parentSpanId", s->parent);
    export_json_member(b, "name", s->operation.n ? s->operation : otlp_none);
    buf_str(b, ",\"kind\":");
    buf_i64(b, s->kind + 1);
    buf_str(b, ",\"startTimeUnixNano\":\"");
    buf_i64(b, s->start_ns);
    buf_str(b, "\",\"endTimeUnixNano\":\"");
    buf_i64(b, s->end_ns);
    buf_str(b, "\",\"attributes\":[");
    for (size_t i = 0; i < n; i++)
        put_attribute(b, &more, tag[i].key, tag[i].value);
    buf_str(b, "],\"status\":{");
    if (s->status != STATUS_UNSET)
        buf_printf(b, "\"code\":%d", s->status);
    buf_str(b, "}}");
}

static void graph(const struct export_graph *x, struct buf *b)
{
    size_t n;
    const struct span *s = export_spans(x, &n);
    const size_t *order = export_by_service(x, s, n);
    struct str trace = otlp_trace_id(&s[0], x->a);
    buf_str(b, "{\"resourceSpans\":[");
    for (size_t k = 0; k < n; k++) {
        const struct span *t = &s[order[k]];
        if (k == 0 || !str_eq(t->service, s[order[k - 1]].service)) {
            bool more = false;
            buf_str(b, k ? "]}]}," : "");
            buf_str(b, "{\"resource\":{\"attributes\":[");
            put_attribute(b, &more, "service.name", t->service);
            buf_str(b, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"tracewright\"},\"spans\":[");
        } else
            buf_char(b, ',');
        put_span(t, trace, b);
    }
    buf_str(b, "]}]}]}");
}

const struct exporter exporter_otlp = {
    .name = "otlp",
    .prose = "OTLP in JSON, a trace a line",
    .loses = "weights",
    .head = "", .between = "\n", .tail = "\n",
    .graph = graph,
};
