/* export_spans_csv.c: spans as rows of CSV, with the columns that import --from spans knows. */
#include "trace/export.h"
#include "trace/export_spans_priv.h"

static void put_row(const struct span *s, struct buf *b)
{
    static const char *const statuses[CALL_STATUSES] = { "unset", "ok", "error" };
    const struct str text[] = { s->trace, s->id, s->parent, s->service,
                                s->operation.n ? s->operation : STR("UNKNOWN") };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        if (text[i].n)
            export_csv_field(b, text[i]);
        buf_char(b, ',');
    }
    buf_printf(b, "%lld,%lld,%s,%s,", (long long)s->start_ns, (long long)s->end_ns,
               export_kind_names[s->kind], statuses[s->status]);
    if (s->peer.n)
        export_csv_field(b, s->peer);
    buf_char(b, '\n');
}

static void graph(const struct export_graph *x, struct buf *b)
{
    size_t n;
    const struct span *s = export_spans(x, &n);
    for (size_t i = 0; i < n; i++)
        put_row(&s[i], b);
}

const struct exporter exporter_spans = {
    .name = "spans",
    .prose = "CSV, a row a span",
    .loses = "protocols, rpc ids, which spans are two sides of one call, weights",
    .head = "TraceID,SpanID,ParentID,ServiceName,OperationName,StartTimeUnixNano,EndTimeUnixNano,"
            "SpanKind,StatusCode,PeerService\n",
    .between = "", .tail = "",
    .graph = graph,
};
