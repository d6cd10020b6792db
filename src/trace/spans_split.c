/* spans_split.c: a graph as spans; the table in spans.h from left to right. Ids are hashes of where
 * a call stands, so that the same graph gives the same ids, whoever writes it. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "trace/spans.h"

struct split {
    const struct callgraph *g;
    const struct names *names;
    struct arena *a;
    int64_t tick_ns;
    bool edges;                /* every call was recorded at its caller */
    struct str trace;
    struct str *inner;         /* (n): id of the span that children of a call hang below */
    struct span *out;
    size_t n;
};

static bool is_caller(const struct call *c)
{
    return c->kind == KIND_CLIENT || c->kind == KIND_PRODUCER;
}

static bool all_callers(const struct callgraph *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (!is_caller(&g->calls[i]))
            return false;
    return g->calls[0].src != g->calls[0].dst;
}

static bool is_pair(const struct split *x, size_t i)
{
    const struct call *c = &x->g->calls[i];
    if (!is_caller(c) || c->src == c->dst)
        return false;
    bool parent = i + 1 < x->g->n && x->g->calls[i + 1].parent == i;
    return parent || (x->edges && !(c->type == CALL_DB || c->type == CALL_MC ||
                                    c->type == CALL_OTHER));
}

/* By hand: ids are most of the numbers of an export, and printf most of its time. */
static struct str hex_of(struct arena *a, uint64_t hash)
{
    char text[16];
    hash = hash ? hash : 1;
    for (int i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    return (struct str){ arena_strndup(a, text, 16), 16 };
}

static struct str id_of(struct split *x, struct str rpcid, const char *side)
{
    uint64_t h = hash64(rpcid.p, rpcid.n, hash64(x->trace.p, x->trace.n, 1));
    return hex_of(x->a, hash64(side, strlen(side), h));
}

/* A name that already is an id stays; any other is hashed and kept beside it. */
static void name_trace(struct split *x, struct span *root)
{
    char room[32];
    struct str name = x->g->trace_id == NAMES_NONE ? STR("") : names_str(x->names, x->g->trace_id);
    struct str hex;
    if ((name.n == 16 || name.n == 32) && span_hex(name, room, &hex) && str_eq(hex, name)) {
        x->trace = name;
        return;
    }
    uint64_t a = hash64(name.p, name.n, 1), b = hash64(name.p, name.n, 2);
    if (name.n == 0) {
        a = callgraph_hash_full(x->g, x->names);
        b = hash64_mix(a, (uint64_t)x->g->arrival);
    }
    x->trace = (struct str){ arena_printf(x->a, "%016llx%016llx", (unsigned long long)(a ? a : 1),
                                          (unsigned long long)b), 32 };
    root->origin_trace = name;
}

static void name_service(struct split *x, struct span *root)
{
    struct str service = names_str(x->names, x->g->service);
    struct buf usual = { 0 };
    const struct call *c = &x->g->calls[0];
    buf_str(&usual, names_get(x->names, c->dst));
    if (c->interface != NAMES_NONE)
        buf_printf(&usual, ":%s", names_get(x->names, c->interface));
    if (!str_eq(buf_view(&usual), service))
        root->origin_service = service;
    buf_free(&usual);
}

/* Ticks as ns; what is beyond the year 2262 stays there. */
static int64_t ns_of(const struct split *x, int64_t ticks)
{
    return ticks > INT64_MAX / x->tick_ns ? INT64_MAX : ticks * x->tick_ns;
}

static struct span span_of(struct split *x, size_t i)
{
    const struct callgraph *g = x->g;
    const struct call *c = &g->calls[i];
    struct buf rpcid = { 0 };
    callgraph_rpcid(g, i, &rpcid);
    struct span s = span_new();
    s.trace = x->trace;
    s.origin_rpcid = (struct str){ arena_strndup(x->a, rpcid.p, rpcid.n), rpcid.n };
    buf_free(&rpcid);
    s.id = id_of(x, s.origin_rpcid, "caller");
    s.parent = c->parent == CALL_NONE ? STR("") : x->inner[c->parent];
    s.service = names_str(x->names, c->dst);
    s.operation = c->interface == NAMES_NONE ? STR("") : names_str(x->names, c->interface);
    s.start_ns = ns_of(x, g->arrival + c->start);
    s.end_ns = ns_of(x, g->arrival + call_finish(c));
    s.kind = c->kind;
    s.status = c->status;
    s.type = c->type;
    s.async = c->async;
    return s;
}

static void put(struct split *x, size_t i)
{
    const struct call *c = &x->g->calls[i];
    struct span s = span_of(x, i);
    if (is_caller(c) && c->src != c->dst) {
        s.service = names_str(x->names, c->src);
        s.peer = names_str(x->names, c->dst);
    }
    if (i == 0) {
        s.origin_trace = x->out[0].origin_trace;
        name_service(x, &s);
    }
    x->inner[i] = s.id;
    x->out[x->n++] = s;
    if (!is_pair(x, i))
        return;
    struct span callee = s;
    callee.id = id_of(x, s.origin_rpcid, "callee");
    callee.parent = s.id;
    callee.service = s.peer;
    callee.peer = callee.origin_trace = callee.origin_service = STR("");
    callee.kind = c->kind == KIND_PRODUCER ? KIND_CONSUMER : KIND_SERVER;
    callee.half = true;
    x->inner[i] = callee.id;
    x->out[x->n++] = callee;
}

size_t spans_of_graph(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                      struct arena *a, struct span *out)
{
    REQUIRE(g->timed && g->n > 0);
    struct split x = { .g = g, .names = names, .a = a, .tick_ns = (int64_t)tick_us * 1000,
                       .edges = all_callers(g), .out = out,
                       .inner = ARENA_ARRAY(a, g->n, struct str) };
    out[0] = span_new();
    name_trace(&x, &out[0]);
    for (size_t i = 0; i < g->n; i++)
        put(&x, i);
    return x.n;
}

static size_t add(struct span_attribute *out, size_t n, const char *key, struct str value)
{
    if (value.n)
        out[n++] = (struct span_attribute){ key, value };
    return n;
}

size_t span_attributes(const struct span *s, struct span_attribute out[SPAN_ATTRIBUTES_MAX])
{
    size_t n = add(out, 0, "peer.service", s->peer);
    /* Without a peer a reader would take the system for one. */
    if (s->peer.n && s->kind == KIND_CLIENT && (s->type == CALL_DB || s->type == CALL_MC))
        n = add(out, n, "db.system", s->type == CALL_MC ? STR("memcached") : STR("other_sql"));
    n = add(out, n, "alibaba.rpctype",
            s->type < CALL_TYPES ? str_of(call_type_name((enum call_type)s->type)) : STR(""));
    n = add(out, n, "alibaba.rpcid", s->origin_rpcid);
    n = add(out, n, "alibaba.traceid", s->origin_trace);
    n = add(out, n, "alibaba.service", s->origin_service);
    n = add(out, n, "alibaba.interface", s->origin_interface);
    n = add(out, n, "alibaba.half", s->half ? STR("callee") : STR(""));
    return add(out, n, "alibaba.async", s->async ? STR("1") : STR(""));
}
