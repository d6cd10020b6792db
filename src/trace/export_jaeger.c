/* export_jaeger.c: Jaeger's JSON, as its query API answers and its UI uploads. A process for each
 * service; an asynchronous call follows from its parent, any other is its child. */
#include "trace/export_spans_priv.h"

static void put_tag(struct buf *b, const char *key, struct str value)
{
    if (b->p[b->n - 1] == '}')
        buf_char(b, ',');
    buf_str(b, "{\"key\":\"");
    buf_str(b, key);
    buf_str(b, "\",\"type\":\"string\",\"value\":");
    export_json_str(b, value);
    buf_char(b, '}');
}

static void put_tags(const struct span *s, struct buf *b)
{
    struct span_attribute tag[SPAN_ATTRIBUTES_MAX];
    buf_str(b, "\"tags\":[");
    put_tag(b, "span.kind", str_of(export_kind_names[s->kind]));
    if (s->status == STATUS_ERROR)
        buf_str(b, ",{\"key\":\"error\",\"type\":\"bool\",\"value\":true}");
    if (s->status == STATUS_OK)
        put_tag(b, "otel.status_code", STR("OK"));
    size_t n = span_attributes(s, tag);
    for (size_t i = 0; i < n; i++)
        put_tag(b, tag[i].key, tag[i].value);
    buf_char(b, ']');
}

static void put_span(const struct span *s, size_t process, struct buf *b)
{
    buf_str(b, "{\"traceID\":");
    export_json_str(b, s->trace);
    export_json_member(b, "spanID", s->id);
    buf_str(b, ",\"flags\":1");
    export_json_member(b, "operationName", s->operation.n ? s->operation : STR("UNKNOWN"));
    buf_str(b, ",\"references\":[");
    if (s->parent.n) {
        buf_str(b, s->async && !s->half ? "{\"refType\":\"FOLLOWS_FROM\""
                                        : "{\"refType\":\"CHILD_OF\"");
        export_json_member(b, "traceID", s->trace);
        export_json_member(b, "spanID", s->parent);
        buf_char(b, '}');
    }
    buf_str(b, "],\"startTime\":");
    buf_i64(b, s->start_ns / 1000);
    buf_str(b, ",\"duration\":");
    buf_i64(b, s->end_ns / 1000 - s->start_ns / 1000);
    buf_char(b, ',');
    put_tags(s, b);
    buf_str(b, ",\"logs\":[],\"processID\":\"p");
    buf_u64(b, process);
    buf_str(b, "\",\"warnings\":null}");
}

static void graph(const struct export_graph *x, struct buf *b)
{
    size_t n;
    const struct span *s = export_spans(x, &n);
    const size_t *order = export_by_service(x, s, n);
    size_t *process = ARENA_ARRAY(x->a, n, size_t), count = 0;
    buf_str(b, "{\"traceID\":");
    export_json_str(b, s[0].trace);
    buf_str(b, ",\"processes\":{");
    for (size_t k = 0; k < n; k++) {
        if (k == 0 || !str_eq(s[order[k]].service, s[order[k - 1]].service)) {
            buf_printf(b, "%s\"p%zu\":{\"serviceName\":", count ? "," : "", count + 1);
            export_json_str(b, s[order[k]].service);
            buf_str(b, ",\"tags\":[]}");
            count++;
        }
        process[order[k]] = count;
    }
    buf_str(b, "},\"spans\":[");
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? ",\n" : "\n");
        put_span(&s[i], process[i], b);
    }
    buf_str(b, "],\"warnings\":null}");
}

const struct exporter exporter_jaeger = {
    .name = "jaeger",
    .prose = "Jaeger's JSON, as its UI uploads it",
    .loses = "weights",
    .head = "{\"data\":[\n", .between = ",\n",
    .tail = "\n],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}\n",
    .graph = graph,
};
