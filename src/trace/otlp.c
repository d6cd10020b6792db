/* otlp.c: OpenTelemetry's JSON: one export request after the other, a line each as the collector's
 * file exporter has them, or spread over lines. A line that is not well-formed is dropped and
 * counted, and reading goes on at the next.
 *
 * Ids are hex, or base64 as protobuf's own mapping would have it; kinds and codes are numbers, or
 * names as older exporters have them; 64-bit numbers are strings, or numbers.
 *
 * Source: opentelemetry-proto 1.x, trace.proto and docs/specification.md (OTLP/JSON).
 */
#include <string.h>

#include "trace/otlp_priv.h"

struct otlp {
    struct span_import *x;
    struct json j;
    struct span_hold hold;     /* of one resource */
};

uint8_t otlp_kind(uint64_t v)
{
    return v >= 1 && v <= CALL_KINDS ? (uint8_t)(v - 1) : KIND_INTERNAL;
}

uint8_t otlp_status(uint64_t v)
{
    return v < CALL_STATUSES ? (uint8_t)v : STATUS_UNSET;
}

bool otlp_time(uint64_t v, int64_t *ns)
{
    *ns = v ? (int64_t)v : SPAN_NO_TIME;
    return v < (uint64_t)INT64_MAX;
}

bool otlp_release(struct span_hold *h, struct span_import *x, struct str service, struct err *err)
{
    for (size_t i = 0; i < h->n; i++)
        h->held[i].s.service = service;
    return span_release(h, x, err);
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *k = c ? strchr(digits, c) : NULL;
    return k ? (int)(k - digits) : -1;
}

/* 8 or 16 bytes of base64 (12 or 24 digits, padded) to hex. */
static struct str from_base64(struct span_hold *h, struct str s)
{
    if (!(s.n == 12 || s.n == 24) || s.p[s.n - 1] != '=')
        return s;
    char *hex = arena_alloc(h->a, 40);
    unsigned bits = 0;
    size_t n = 0, have = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        int d = base64_digit(s.p[i]);
        if (d < 0)
            return s;
        bits = bits << 6 | (unsigned)d;
        have += 6;
        for (; have >= 4 && n < (s.n == 12 ? 16u : 32u); have -= 4)
            hex[n++] = "0123456789abcdef"[bits >> (have - 4) & 15];
    }
    return (struct str){ hex, n };
}

static struct str read_id(struct otlp *r)
{
    char room[32];
    struct str s = { "", 0 }, hex;
    if (!json_only_text(&r->j, &s) || s.n == 0)
        return (struct str){ "", 0 };
    s = from_base64(&r->hold, s);
    if (!span_hex(s, room, &hex) && str_eq(hex, STR("0000000000000000")))
        return (struct str){ "", 0 };
    return span_keep(&r->hold, span_id_text(r->x, s, room, r->j.line));
}

/* A number, or one of the names that end so. */
static uint64_t read_enum(struct otlp *r, const char *const *names, size_t n)
{
    struct str s = span_text(&r->hold, &r->j);
    uint64_t v = 0;
    if (str_u64(s, &v))
        return v;
    for (size_t i = 0; i < n; i++)
        if (str_ends(s, names[i]))
            return i;
    return 0;
}

static int64_t read_time(struct otlp *r, struct span_held *h, enum import_cause c)
{
    struct str s = span_text(&r->hold, &r->j);
    uint64_t v;
    int64_t ns = SPAN_NO_TIME;
    if (!str_u64(s, &v) || !otlp_time(v, &ns))
        span_fault(h, c, s);
    return ns;
}

/* AnyValue: its scalar as text. */
static struct str read_value(struct otlp *r)
{
    struct str key, value = { "", 0 };
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "stringValue") || str_is(key, "boolValue") || str_is(key, "intValue") ||
            str_is(key, "doubleValue"))
            value = span_text(&r->hold, &r->j);
        else
            json_skip(&r->j);
    }
    return value;
}

static void read_attribute(struct otlp *r, struct str *name, struct str *value)
{
    struct str key;
    *name = *value = (struct str){ "", 0 };
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "key"))
            *name = span_text(&r->hold, &r->j);
        else if (str_is(key, "value"))
            *value = read_value(r);
        else
            json_skip(&r->j);
    }
}

static void read_attributes(struct otlp *r, struct span *s)
{
    struct str name, value;
    for (bool more = json_begin(&r->j, '['); more && json_element(&r->j);) {
        read_attribute(r, &name, &value);
        span_tag(s, name, value);
    }
}

static void read_status(struct otlp *r, struct span *s)
{
    static const char *const names[] = { "UNSET", "OK", "ERROR" };
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "code"))
            s->status = otlp_status(read_enum(r, names, 3));
        else
            json_skip(&r->j);
    }
}

enum member { M_TRACE, M_SPAN, M_PARENT, M_NAME, M_KIND, M_START, M_END, M_ATTRIBUTES, M_STATUS,
              M_OTHER };

static const char *const members[M_OTHER] = {
    "traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano",
    "attributes", "status",
};

static void read_member(struct otlp *r, struct span_held *h, enum member m)
{
    static const char *const kinds[] = { "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER",
                                         "CONSUMER" };
    struct span *s = &h->s;
    switch (m) {
    case M_TRACE: s->trace = read_id(r); break;
    case M_SPAN: s->id = read_id(r); break;
    case M_PARENT: s->parent = read_id(r); break;
    case M_NAME: s->operation = span_text(&r->hold, &r->j); break;
    case M_KIND: s->kind = otlp_kind(read_enum(r, kinds, 6)); break;
    case M_START: s->start_ns = read_time(r, h, CAUSE_TIMESTAMP); break;
    case M_END: s->end_ns = read_time(r, h, CAUSE_RT); break;
    case M_ATTRIBUTES: read_attributes(r, s); break;
    case M_STATUS: read_status(r, s); break;
    default: json_skip(&r->j);
    }
}

static void read_span(struct otlp *r)
{
    struct span_held h = span_held_new(r->j.line);
    struct str key;
    unsigned seen = 0;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        int m = span_member(&r->hold, &h, key, members, M_OTHER, &seen);
        read_member(r, &h, (enum member)m);
    }
    if (!r->j.bad)
        span_hold(&r->hold, &h);
}

static void read_scope(struct otlp *r)
{
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (!str_is(key, "spans")) {
            json_skip(&r->j);
            continue;
        }
        for (bool in = json_begin(&r->j, '['); in && json_element(&r->j);)
            read_span(r);
    }
}

static struct str read_resource(struct otlp *r)
{
    struct str key, name, value, service = { "", 0 };
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (!str_is(key, "attributes")) {
            json_skip(&r->j);
            continue;
        }
        for (bool in = json_begin(&r->j, '['); in && json_element(&r->j);) {
            read_attribute(r, &name, &value);
            if (str_is(name, "service.name"))
                service = value;
        }
    }
    return service;
}

static bool read_resource_spans(struct otlp *r, struct err *err)
{
    struct str key, service = { "", 0 };
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (str_is(key, "resource"))
            service = read_resource(r);
        else if (str_is(key, "scopeSpans") || str_is(key, "instrumentationLibrarySpans")) {
            for (bool in = json_begin(&r->j, '['); in && json_element(&r->j);)
                read_scope(r);
        } else
            json_skip(&r->j);
    }
    return otlp_release(&r->hold, r->x, service, err);
}

/* Requests may stand in an array, as scripts collect them. */
static bool read_request(struct otlp *r, struct err *err)
{
    struct str key;
    bool good = true;
    if (json_peek(&r->j) == JSON_ARRAY) {
        for (bool more = json_begin(&r->j, '['); more && good && json_element(&r->j);)
            good = json_peek(&r->j) == JSON_ARRAY ? (json_skip(&r->j), true) : read_request(r, err);
        return good;
    }
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        if (!str_is(key, "resourceSpans")) {
            json_skip(&r->j);
            continue;
        }
        for (bool in = json_begin(&r->j, '['); in && good && json_element(&r->j);)
            good = read_resource_spans(r, err);
    }
    return good;
}

/* A bad line counts as one row. */
static bool resume(struct otlp *r)
{
    if (r->j.broken.status)
        return false;
    uint64_t line = r->j.line;
    const char *why = r->j.bad;
    if (!json_resume(&r->j)) {
        r->j.bad = why;
        return false;
    }
    span_drop(r->x, CAUSE_SYNTAX, STR(""), line, str_of(why));
    return true;
}

static bool read(struct span_import *x, struct input *in, struct err *err)
{
    struct otlp r = { .x = x, .hold = { .a = arena_new() } };
    bool good = true, any = false;
    json_open(&r.j, in);
    for (enum json_type t; good && (t = json_peek(&r.j)) != JSON_END; any = true) {
        if (t != JSON_BAD)
            good = read_request(&r, err);
        if (r.j.bad && !resume(&r))
            break;
    }
    span_json_end(x, &r.j, any);
    span_hold_free(&r.hold);
    return good;
}

static const struct span_format otlp = { "otlp", read };

bool import_otlp_stream(char *const *paths, size_t n, const struct import_options *o,
                        callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err)
{
    return span_import_run(&otlp, paths, n, o, sink, ctx, rep, err);
}
