/* otlp_proto.c: OpenTelemetry's protobuf in files: one TracesData, or what the collector's file
 * exporter writes, messages each behind its length (32 bits, big-endian). Which it is the first
 * byte says: a TracesData begins with the tag of resource_spans, 0x0A, which as the first byte of
 * a length would mean a message of 160 MB.
 *
 *     TracesData    1 resource_spans
 *     ResourceSpans 1 resource {1 attributes}   2 scope_spans {2 spans}   (1000: as 2, of old)
 *     Span          1 trace_id 2 span_id 4 parent_span_id 5 name 6 kind 7 start 8 end 9 attributes
 *                   15 status {3 code}
 *     KeyValue      1 key 2 value {1 string 2 bool 3 int 4 double}
 *
 * One ResourceSpans is in memory at a time. One that is not well-formed is dropped and counted as a
 * row; its length says where the next begins.
 *
 * Source: opentelemetry-proto 1.x, trace.proto, common.proto, resource.proto.
 */
#include <stdlib.h>

#include "trace/otlp_priv.h"
#include "trace/proto_priv.h"

enum { MESSAGE_MAX = 1 << 28, READ_BYTES = 1 << 18 };

struct otlp_proto {
    struct span_import *x;
    struct input *in;
    struct span_hold hold;
    struct buf b;              /* b.p[at..b.n) is read and not yet used */
    size_t at;
    uint64_t bytes, row;       /* read; spans and messages so far: what stands for a line */
    bool ended;
    struct err broken;
};

/* Read until n bytes are there; false if the stream ends before. */
static bool want(struct otlp_proto *r, size_t n)
{
    if (r->at > READ_BYTES) {
        buf_drop(&r->b, r->at);
        r->at = 0;
    }
    while (r->b.n - r->at < n && !r->ended) {
        size_t got = 0;
        MEM_RESERVE(r->b.p, r->b.n + READ_BYTES, r->b.cap);
        if (!input_read(r->in, r->b.p + r->b.n, READ_BYTES, &got, &r->broken) || got == 0)
            r->ended = true;
        r->b.n += got;
        r->bytes += got;
    }
    return r->b.n - r->at >= n;
}

static struct str id_of(struct otlp_proto *r, struct str bytes)
{
    bool zero = true;
    char *hex = arena_alloc(r->hold.a, 2 * bytes.n + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        zero &= c == 0;
        hex[2 * i] = "0123456789abcdef"[c >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[c & 15];
    }
    return (struct str){ hex, zero ? 0 : 2 * bytes.n };
}

static struct str value_of(struct otlp_proto *r, struct str message)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    struct str v = { "", 0 };
    while (proto_next(&m, &f)) {
        if (f.number == 1 && f.wire == PROTO_BYTES)
            v = span_keep(&r->hold, f.bytes);
        else if (f.number == 2 && f.wire == PROTO_VARINT)
            v = f.value ? STR("true") : STR("false");
        else if (f.number == 3 && f.wire == PROTO_VARINT)
            v = str_of(arena_printf(r->hold.a, "%lld", (long long)f.value));
    }
    return v;
}

static const char *attribute_of(struct otlp_proto *r, struct str message, struct str *key,
                                struct str *value)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    *key = *value = (struct str){ "", 0 };
    while (proto_next(&m, &f)) {
        if (f.number == 1 && f.wire == PROTO_BYTES)
            *key = span_keep(&r->hold, f.bytes);
        else if (f.number == 2 && f.wire == PROTO_BYTES)
            *value = value_of(r, f.bytes);
    }
    return m.bad;
}

static const char *read_status(struct str message, struct span *s)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    while (proto_next(&m, &f))
        if (f.number == 3 && f.wire == PROTO_VARINT)
            s->status = otlp_status(f.value);
    return m.bad;
}

static void read_number(struct span_held *h, const struct proto_field *f)
{
    struct span *s = &h->s;
    if (f->number == 6 && f->wire == PROTO_VARINT)
        s->kind = otlp_kind(f->value);
    else if (f->number == 7 && f->wire == PROTO_64 && !otlp_time(f->value, &s->start_ns))
        span_fault(h, CAUSE_TIMESTAMP, s->id);
    else if (f->number == 8 && f->wire == PROTO_64 && !otlp_time(f->value, &s->end_ns))
        span_fault(h, CAUSE_RT, s->id);
}

static const char *read_bytes(struct otlp_proto *r, struct span_held *h,
                              const struct proto_field *f)
{
    struct span *s = &h->s;
    struct str key, value;
    const char *bad = NULL;
    switch (f->number) {
    case 1: s->trace = id_of(r, f->bytes); break;
    case 2: s->id = id_of(r, f->bytes); break;
    case 4: s->parent = id_of(r, f->bytes); break;
    case 5: s->operation = span_keep(&r->hold, f->bytes); break;
    case 9:
        bad = attribute_of(r, f->bytes, &key, &value);
        if (!bad)
            span_tag(s, key, value);
        break;
    case 15: bad = read_status(f->bytes, s); break;
    default: break;
    }
    return bad;
}

static const char *read_span(struct otlp_proto *r, struct str message)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    struct span_held h = span_held_new(++r->row);
    while (proto_next(&m, &f)) {
        if (f.wire != PROTO_BYTES)
            read_number(&h, &f);
        else {
            const char *bad = read_bytes(r, &h, &f);
            if (bad)
                return bad;
        }
    }
    if (!m.bad)
        span_hold(&r->hold, &h);
    return m.bad;
}

static const char *read_scope(struct otlp_proto *r, struct str message)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    while (proto_next(&m, &f)) {
        const char *bad = f.number == 2 && f.wire == PROTO_BYTES ? read_span(r, f.bytes) : NULL;
        if (bad)
            return bad;
    }
    return m.bad;
}

static const char *read_resource(struct otlp_proto *r, struct str message, struct str *service)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    struct str key, value;
    while (proto_next(&m, &f)) {
        if (f.number != 1 || f.wire != PROTO_BYTES)
            continue;
        const char *bad = attribute_of(r, f.bytes, &key, &value);
        if (bad)
            return bad;
        if (str_is(key, "service.name"))
            *service = value;
    }
    return m.bad;
}

static bool read_resource_spans(struct otlp_proto *r, struct str message, struct err *err)
{
    struct proto m = proto_of(message);
    struct proto_field f;
    struct str service = { "", 0 };
    const char *bad = NULL;
    while (!bad && proto_next(&m, &f)) {
        if (f.wire == PROTO_BYTES && f.number == 1)
            bad = read_resource(r, f.bytes, &service);
        else if (f.wire == PROTO_BYTES && (f.number == 2 || f.number == 1000))
            bad = read_scope(r, f.bytes);
    }
    bad = bad ? bad : m.bad;
    bool good = otlp_release(&r->hold, r->x, service, err);
    if (bad)
        span_drop(r->x, CAUSE_SYNTAX, STR(""), ++r->row, str_of(bad));
    return good;
}

static void broken(struct otlp_proto *r, const char *why)
{
    span_broken(r->x, CAUSE_BROKEN, r->row + 1, r->broken.status ? r->broken.msg : why);
    r->ended = true;
    r->at = r->b.n;
}

/* One field of a TracesData, at most `left` bytes of it; the bytes it took, 0 if it is broken. */
static size_t read_field(struct otlp_proto *r, size_t left, bool *good, struct err *err)
{
    uint64_t tag, n;
    want(r, left < 20 ? left : 20);
    const uint8_t *p = (const uint8_t *)r->b.p + r->at, *end = (const uint8_t *)r->b.p + r->b.n;
    int a = proto_varint(p, end, &tag), b = a > 0 ? proto_varint(p + a, end, &n) : 0;
    if (a <= 0 || b <= 0 || (tag & 7) != PROTO_BYTES) {
        broken(r, a > 0 && b > 0 ? "bad wire type" : "bad field");
        return 0;
    }
    size_t head = (size_t)(a + b);
    if (n > MESSAGE_MAX || head + n > left || !want(r, head + (size_t)n)) {
        broken(r, n > MESSAGE_MAX ? "message too long" : "message breaks off");
        return 0;
    }
    if (tag >> 3 == 1)
        *good = read_resource_spans(r, (struct str){ r->b.p + r->at + head, (size_t)n }, err);
    r->at += head + (size_t)n;
    return head + (size_t)n;
}

static bool read_message(struct otlp_proto *r, size_t left, struct err *err)
{
    bool good = true;
    for (size_t used; good && left > 0 && want(r, 1); left -= used) {
        used = read_field(r, left, &good, err);
        if (used == 0)
            break;
    }
    return good;
}

static bool read_frames(struct otlp_proto *r, struct err *err)
{
    bool good = true;
    while (good && want(r, 1)) {
        if (!want(r, 4)) {
            broken(r, "length breaks off");
            break;
        }
        const uint8_t *p = (const uint8_t *)r->b.p + r->at;
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        r->at += 4;
        if (n && !want(r, 1)) {
            broken(r, "message breaks off");
            break;
        }
        good = read_message(r, n, err);
    }
    return good;
}

static bool read(struct span_import *x, struct input *in, struct err *err)
{
    struct otlp_proto r = { .x = x, .in = in, .hold = { .a = arena_new() } };
    bool good = true, any = want(&r, 1);
    if (any && r.b.p[0] == 0x0A)
        good = read_message(&r, SIZE_MAX, err);
    else if (any)
        good = read_frames(&r, err);
    if (r.broken.status && r.at < r.b.n)
        broken(&r, "");
    else if (!any)
        span_broken(x, r.broken.status ? CAUSE_BROKEN : CAUSE_EMPTY, 1,
                    r.broken.status ? r.broken.msg : "no bytes");
    span_import_report(x)->bytes += r.bytes;
    span_hold_free(&r.hold);
    buf_free(&r.b);
    return good;
}

static const struct span_format otlp_proto = { "otlp-proto", read };

bool import_otlp_proto_stream(char *const *paths, size_t n, const struct import_options *o,
                              callgraph_sink sink, void *ctx, struct import_report *rep,
                              struct err *err)
{
    return span_import_run(&otlp_proto, paths, n, o, sink, ctx, rep, err);
}
