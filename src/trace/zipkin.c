/* zipkin.c: Zipkin's JSON, version 2: spans in an array, or arrays of them in one (as
 * /api/v2/traces answers), or spans alone, one after the other.
 *
 * Both sides of a call may bear one id; the server's then says shared, and spans_graph.c hangs it
 * below the client's. Reports that come late have the same id and no timestamp: they complete the
 * first.
 *
 * Source: openzipkin/zipkin-api, zipkin2-api.yaml.
 */
#include <string.h>

#include "trace/span_hold_priv.h"

struct zipkin {
    struct span_import *x;
    struct json j;
    struct span_hold hold;     /* of one span */
};

enum member { M_TRACE, M_ID, M_PARENT, M_NAME, M_KIND, M_START, M_DURATION, M_LOCAL, M_REMOTE,
              M_TAGS, M_SHARED, M_OTHER };

static const char *const members[M_OTHER] = {
    "traceId", "id", "parentId", "name", "kind", "timestamp", "duration", "localEndpoint",
    "remoteEndpoint", "tags", "shared",
};

static void read_tags(struct zipkin *r, struct span *s)
{
    struct str key;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        struct str name = span_keep(&r->hold, key);
        span_tag(s, name, span_text(&r->hold, &r->j));
    }
}

static void read_kind(struct zipkin *r, struct span *s)
{
    static const char *const words[CALL_KINDS] = { "", "SERVER", "CLIENT", "PRODUCER", "CONSUMER" };
    struct str v = span_text(&r->hold, &r->j);
    for (int k = 1; k < CALL_KINDS; k++)
        if (str_is(v, words[k]))
            s->kind = (uint8_t)k;
}

/* remoteEndpoint names the peer, unless peer.service does. */
static void read_member(struct zipkin *r, struct span_held *h, enum member m, int64_t *duration_ns,
                        struct str *remote)
{
    struct span *s = &h->s;
    switch (m) {
    case M_TRACE: s->trace = span_id(&r->hold, r->x, &r->j); break;
    case M_ID: s->id = span_id(&r->hold, r->x, &r->j); break;
    case M_PARENT: s->parent = span_id(&r->hold, r->x, &r->j); break;
    case M_NAME: s->operation = span_text(&r->hold, &r->j); break;
    case M_KIND: read_kind(r, s); break;
    case M_START: s->start_ns = span_us(&r->hold, h, &r->j, CAUSE_TIMESTAMP); break;
    case M_DURATION: *duration_ns = span_us(&r->hold, h, &r->j, CAUSE_RT); break;
    case M_LOCAL: s->service = span_service(&r->hold, &r->j); break;
    case M_REMOTE: *remote = span_service(&r->hold, &r->j); break;
    case M_TAGS: read_tags(r, s); break;
    case M_SHARED: s->shared = str_is(span_text(&r->hold, &r->j), "true"); break;
    default: json_skip(&r->j);
    }
}

static bool read_span(struct zipkin *r, struct err *err)
{
    struct span_held h = span_held_new(r->j.line);
    int64_t duration_ns = SPAN_NO_TIME;
    struct str key, remote = { "", 0 };
    unsigned seen = 0;
    for (bool more = json_begin(&r->j, '{'); more && json_key(&r->j, &key);) {
        int m = span_member(&r->hold, &h, key, members, M_OTHER, &seen);
        read_member(r, &h, (enum member)m, &duration_ns, &remote);
    }
    if (r->j.bad)
        return true;
    if (remote.n)
        h.s.peer = remote;
    if (h.s.start_ns != SPAN_NO_TIME && duration_ns != SPAN_NO_TIME)
        h.s.end_ns = h.s.start_ns + duration_ns;
    span_hold(&r->hold, &h);
    return span_release(&r->hold, r->x, err);
}

static bool read_any(struct zipkin *r, int level, struct err *err)
{
    enum { LEVELS = 3 };
    bool good = true;
    if (json_peek(&r->j) != JSON_ARRAY || level == LEVELS)
        return read_span(r, err);
    for (bool more = json_begin(&r->j, '['); more && good && json_element(&r->j);)
        good = read_any(r, level + 1, err);
    return good;
}

static bool read(struct span_import *x, struct input *in, struct err *err)
{
    struct zipkin r = { .x = x, .hold = { .a = arena_new() } };
    bool good = true, any = false;
    json_open(&r.j, in);
    for (enum json_type t; good && (t = json_peek(&r.j)) != JSON_END && t != JSON_BAD; any = true)
        good = read_any(&r, 0, err);
    span_json_end(x, &r.j, any);
    span_hold_free(&r.hold);
    return good;
}

static const struct span_format zipkin = { "zipkin", read };

bool import_zipkin_stream(char *const *paths, size_t n, const struct import_options *o,
                          callgraph_sink sink, void *ctx, struct import_report *rep,
                          struct err *err)
{
    return span_import_run(&zipkin, paths, n, o, sink, ctx, rep, err);
}
