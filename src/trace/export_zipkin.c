/* export_zipkin.c: Zipkin's v2 JSON, a list of spans.
 *
 * Names are in lower case there: where that changes one, the tag alibaba.interface has the
 * original. A duration is 1 us or more; a call that takes no time is written without one. */
#include "trace/export_spans_priv.h"

static bool has_upper(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    return false;
}

static void put_lower(struct buf *b, const char *key, struct str s)
{
    size_t from = b->n;
    export_json_member(b, key, s);
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] >= 'A' && b->p[i] <= 'Z')
            b->p[i] = (char)(b->p[i] - 'A' + 'a');
}

static void put_tag(struct buf *b, bool *more, const char *key, struct str value)
{
    buf_str(b, *more ? ",\"" : ",\"tags\":{\"");
    buf_str(b, key);
    buf_str(b, "\":");
    export_json_str(b, value);
    *more = true;
}

static void put_tags(const struct span *s, struct buf *b)
{
    struct span_attribute tag[SPAN_ATTRIBUTES_MAX];
    size_t n = span_attributes(s, tag);
    bool more = false;
    for (size_t i = 0; i < n; i++)
        put_tag(b, &more, tag[i].key, tag[i].value);
    if (has_upper(s->operation) && !s->origin_interface.n)
        put_tag(b, &more, "alibaba.interface", s->operation);
    if (s->status == STATUS_ERROR)
        put_tag(b, &more, "error", STR("true"));
    if (s->status == STATUS_OK)
        put_tag(b, &more, "otel.status_code", STR("OK"));
    if (more)
        buf_char(b, '}');
}

static void put_span(const struct span *s, struct buf *b)
{
    static const char *const kinds[CALL_KINDS] = { NULL, "SERVER", "CLIENT", "PRODUCER",
                                                   "CONSUMER" };
    int64_t start = s->start_ns / 1000, duration = s->end_ns / 1000 - start;
    buf_str(b, "{\"traceId\":");
    export_json_str(b, s->trace);
    export_json_member(b, "id", s->id);
    if (s->parent.n)
        export_json_member(b, "parentId", s->parent);
    if (s->operation.n)
        put_lower(b, "name", s->operation);
    if (kinds[s->kind])
        export_json_member(b, "kind", str_of(kinds[s->kind]));
    buf_str(b, ",\"timestamp\":");
    buf_i64(b, start);
    if (duration > 0) {
        buf_str(b, ",\"duration\":");
        buf_i64(b, duration);
    }
    buf_str(b, ",\"localEndpoint\":{\"serviceName\":");
    export_json_str(b, s->service);
    buf_char(b, '}');
    if (s->peer.n) {
        buf_str(b, ",\"remoteEndpoint\":{\"serviceName\":");
        export_json_str(b, s->peer);
        buf_char(b, '}');
    }
    put_tags(s, b);
    buf_char(b, '}');
}

static void graph(const struct export_graph *x, struct buf *b)
{
    size_t n;
    const struct span *s = export_spans(x, &n);
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? ",\n" : "");
        put_span(&s[i], b);
    }
}

const struct exporter exporter_zipkin = {
    .name = "zipkin",
    .prose = "Zipkin v2 JSON",
    .loses = "weights; a Zipkin server lower-cases services",
    .head = "[", .between = ",\n", .tail = "]\n",
    .graph = graph,
};
