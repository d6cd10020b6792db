/* spans_tags.c: the few attributes that matter, by the names that OpenTelemetry, OpenTracing and
 * Zipkin give them. An attribute of the protocol decides before the kind does. */
#include <string.h>
#include <strings.h>

#include "trace/spans.h"

struct span span_new(void)
{
    return (struct span){ .start_ns = SPAN_NO_TIME, .end_ns = SPAN_NO_TIME, .kind = KIND_INTERNAL,
                          .type = SPAN_TYPE_GUESS };
}

static bool is_cache(struct str v)
{
    return str_is(v, "redis") || str_is(v, "memcached");
}

static void guess(struct span *s, enum call_type t)
{
    if (s->typed)
        return;
    if (s->type == SPAN_TYPE_GUESS || (t != CALL_HTTP && s->type == CALL_HTTP))
        s->type = (uint8_t)t;
}

/* peer.service names the peer best; the system is better than nothing. */
static void name_peer(struct span *s, struct str v)
{
    if (s->peer.n == 0)
        s->peer = v;
}

static void kind_of(struct span *s, struct str v)
{
    static const char *const words[CALL_KINDS] = { "internal", "server", "client", "producer",
                                                   "consumer" };
    for (int k = 0; k < CALL_KINDS; k++)
        if (v.n == strlen(words[k]) && strncasecmp(v.p, words[k], v.n) == 0)
            s->kind = (uint8_t)k;
}

static void tag_alibaba(struct span *s, struct str key, struct str v)
{
    enum call_type t;
    if (str_is(key, "alibaba.rpctype") && call_type_parse(v, &t)) {
        s->type = (uint8_t)t;
        s->typed = true;
    } else if (str_is(key, "alibaba.half"))
        s->half = str_is(v, "callee");
    else if (str_is(key, "alibaba.async"))
        s->async = str_is(v, "1") || str_is(v, "true");
    else if (str_is(key, "alibaba.traceid"))
        s->origin_trace = v;
    else if (str_is(key, "alibaba.service"))
        s->origin_service = v;
    else if (str_is(key, "alibaba.rpcid"))
        s->origin_rpcid = v;
    else if (str_is(key, "alibaba.interface"))
        s->origin_interface = v;
}

static void tag_system(struct span *s, struct str key, struct str v)
{
    if (str_is(key, "db.system") || str_is(key, "db.system.name") || str_is(key, "db.type")) {
        guess(s, is_cache(v) ? CALL_MC : CALL_DB);
        name_peer(s, v);
    } else if (str_is(key, "messaging.system")) {
        guess(s, CALL_MQ);
        name_peer(s, v);
    } else if (str_is(key, "rpc.system") || str_is(key, "grpc.status_code"))
        guess(s, CALL_RPC);
    else if (str_starts(key, "http."))
        guess(s, CALL_HTTP);
}

void span_tag(struct span *s, struct str key, struct str v)
{
    if (str_starts(key, "alibaba."))
        tag_alibaba(s, key, v);
    else if (str_is(key, "span.kind"))
        kind_of(s, v);
    else if (str_is(key, "peer.service"))
        s->peer = v;
    else if (str_is(key, "error")) {
        if (!str_is(v, "false"))
            s->status = STATUS_ERROR;
    } else if (str_is(key, "otel.status_code")) {
        if (s->status != STATUS_ERROR)
            s->status = str_is(v, "ERROR") ? STATUS_ERROR : str_is(v, "OK") ? STATUS_OK : s->status;
    } else if (str_is(key, "component") && (str_is(v, "gRPC") || str_is(v, "grpc")))
        guess(s, CALL_RPC);
    else
        tag_system(s, key, v);
}

bool span_hex(struct str id, char room[32], struct str *out)
{
    if (id.n == 0 || id.n > 32)
        return false;
    size_t width = id.n <= 16 ? 16 : 32;
    bool zero = true;
    memset(room, '0', width);
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        zero &= c == '0';
        room[width - id.n + i] = c;
    }
    *out = (struct str){ room, width };
    return !zero;
}

enum call_type span_type(const struct span *s)
{
    if (s->type != SPAN_TYPE_GUESS)
        return (enum call_type)s->type;
    switch (s->kind) {
    case KIND_SERVER: case KIND_CLIENT: return CALL_RPC;
    case KIND_PRODUCER: case KIND_CONSUMER: return CALL_MQ;
    default: return CALL_OTHER;
    }
}
