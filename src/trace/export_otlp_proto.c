/* export_otlp_proto.c: OTLP in protobuf, by hand.
 *
 *     TracesData      1 resource_spans*
 *     ResourceSpans   1 Resource { 1 attributes* }   2 scope_spans*
 *     ScopeSpans      1 scope { 1 name }   2 spans*
 *     Span            1 trace_id 2 span_id 4 parent 5 name 6 kind 7 start 8 end 9 attributes*
 *                     15 Status { 3 code }
 *     KeyValue        1 key   2 AnyValue { 1 string }
 *
 * A message's length stands before it, so inner messages are made first, in buffers of their own.
 */
#include "trace/export_spans_priv.h"

#include "trace/export_otlp_priv.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2 };

static void put_varint(struct buf *b, uint64_t v)
{
    for (; v > 0x7F; v >>= 7)
        buf_char(b, (char)(0x80 | (v & 0x7F)));
    buf_char(b, (char)v);
}

static void put_bytes(struct buf *b, unsigned field, struct str s)
{
    put_varint(b, field << 3 | BYTES);
    put_varint(b, s.n);
    buf_add(b, s.p, s.n);
}

static void put_number(struct buf *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3 | VARINT);
    put_varint(b, v);
}

static void put_fixed64(struct buf *b, unsigned field, uint64_t v)
{
    put_varint(b, field << 3 | FIXED64);
    for (int i = 0; i < 8; i++)
        buf_char(b, (char)(v >> (8 * i)));
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void put_id(struct buf *b, unsigned field, struct str hex)
{
    char raw[16];
    REQUIRE(hex.n == 16 || hex.n == 32);
    for (size_t i = 0; i < hex.n / 2; i++)
        raw[i] = (char)(digit(hex.p[2 * i]) << 4 | digit(hex.p[2 * i + 1]));
    put_bytes(b, field, (struct str){ raw, hex.n / 2 });
}

/* Scratch for messages within messages. */
struct proto {
    struct buf value, pair, span, status, scope, resource;
};

static void put_pair(struct proto *p, struct buf *b, unsigned field, const char *key,
                     struct str value)
{
    buf_clear(&p->value);
    buf_clear(&p->pair);
    put_bytes(&p->value, 1, value);
    put_bytes(&p->pair, 1, str_of(key));
    put_bytes(&p->pair, 2, buf_view(&p->value));
    put_bytes(b, field, buf_view(&p->pair));
}

static void put_span(struct proto *p, const struct span *s, struct str trace, struct buf *b)
{
    struct span_attribute tag[SPAN_ATTRIBUTES_MAX + 1];
    size_t n = otlp_attributes(s, tag);
    put_id(b, 1, trace);
    put_id(b, 2, s->id);
    if (s->parent.n)
        put_id(b, 4, s->parent);
    put_bytes(b, 5, s->operation.n ? s->operation : otlp_none);
    put_number(b, 6, s->kind + 1u);
    put_fixed64(b, 7, (uint64_t)s->start_ns);
    put_fixed64(b, 8, (uint64_t)s->end_ns);
    for (size_t i = 0; i < n; i++)
        put_pair(p, b, 9, tag[i].key, tag[i].value);
    if (s->status != STATUS_UNSET) {
        buf_clear(&p->status);
        put_number(&p->status, 3, s->status);
        put_bytes(b, 15, buf_view(&p->status));
    }
}

static void put_service(struct proto *p, struct str service, struct buf *out)
{
    struct buf *resource = &p->span;   /* free between spans */
    buf_clear(resource);
    put_pair(p, resource, 1, "service.name", service);
    buf_clear(&p->resource);
    put_bytes(&p->resource, 1, buf_view(resource));
    put_bytes(&p->resource, 2, buf_view(&p->scope));
    put_bytes(out, 1, buf_view(&p->resource));
}

static void graph(const struct export_graph *x, struct buf *out)
{
    size_t n;
    const struct span *s = export_spans(x, &n);
    const size_t *order = export_by_service(x, s, n);
    struct str trace = otlp_trace_id(&s[0], x->a);
    struct proto p = { 0 };
    for (size_t k = 0; k < n;) {
        struct str service = s[order[k]].service;
        buf_clear(&p.scope);
        buf_clear(&p.span);
        put_bytes(&p.span, 1, STR("tracewright"));
        put_bytes(&p.scope, 1, buf_view(&p.span));
        for (; k < n && str_eq(s[order[k]].service, service); k++) {
            buf_clear(&p.span);
            put_span(&p, &s[order[k]], trace, &p.span);
            put_bytes(&p.scope, 2, buf_view(&p.span));
        }
        put_service(&p, service, out);
    }
    buf_free(&p.value);
    buf_free(&p.pair);
    buf_free(&p.span);
    buf_free(&p.status);
    buf_free(&p.scope);
    buf_free(&p.resource);
}

const struct exporter exporter_otlp_proto = {
    .name = "otlp-proto",
    .prose = "OTLP in protobuf, a message a trace behind its length",
    .loses = "weights",
    .head = "", .between = "", .tail = "", .framed = true,
    .graph = graph,
};
