/* spans.h: spans, what every tracing system records, and how they become calls and calls spans.
 *
 *     span  A server  "GET /"          call 0      USER -> A   "GET /"    server
 *     `- span A client "select" mysql  call 0.1    A -> mysql  "select"   client
 *     `- span B server "Price"         call 0.2    A -> B      "Price"    server
 *
 * A span is one call and a call one span, so that nothing of a trace is lost on the way:
 *
 *   call of kind          span lies in   called from                      peer
 *   server, consumer,
 *   internal              dst            the parent's dst, or USER        none
 *   client, producer,
 *     src == dst          dst            the parent's dst, or itself      none
 *     src != dst          src            the same                         dst
 *
 * A client or producer span names its peer as callee only if nothing hangs below it and it lies
 * where its parent does. One that begins in another service than its parent's, so that the server
 * span between them is missing, is kept as an internal span of its own service, and counted.
 *
 * What comes from Alibaba rows (every kind client or producer) has recorded the caller's side only.
 * Such a call is written as two spans, the caller's and the callee's, where it has children or is
 * http, rpc or mq; the second bears alibaba.half = callee, and reading makes them one call again.
 * A call with children whose kind is client or producer and src != dst is written so too.
 *
 * Tags carry what spans have no place for, and are obeyed when read: alibaba.rpctype,
 * alibaba.rpcid, alibaba.interface (where the operation cannot be spelt), alibaba.async, and at the
 * root alibaba.traceid and alibaba.service.
 *
 * Times are ns since 1970 here, and ticks of 1 us in the graphs made of them: starts and ends are
 * both rounded down. Clock skew is left alone: a child may start before its parent. One that ends
 * after it is async, whatever the reason.
 *
 * Not kept: span ids (they are made anew from trace id and rpc id), attributes other than those
 * above, logs and events, links beside the first parent, flags, ns below 1 us, resource attributes
 * beside the service's name.
 *
 * Sources: OpenTelemetry trace specification (kinds, status, attribute names); Zipkin's shared
 * spans; Alibaba microservice traces 2022.
 */
#ifndef TRACE_SPANS_H
#define TRACE_SPANS_H

#include "base/mem.h"
#include "base/str.h"
#include "trace/callgraph.h"

#define SPAN_NO_TIME INT64_MIN
#define SPAN_NO_SERVICE "unknown_service"   /* as OpenTelemetry has it */
#define SPAN_USER "USER"                    /* who calls a root */

enum { SPAN_TYPE_GUESS = CALL_TYPES };      /* no tag said what protocol it is */

struct span {
    struct str trace, id, parent;       /* parent is empty at a root; ids lower-case hex if hex */
    struct str service, operation;
    struct str peer;                    /* who is called, for client and producer; or empty */
    int64_t start_ns, end_ns;           /* SPAN_NO_TIME when the source has none */
    uint8_t kind;                       /* enum call_kind */
    uint8_t status;                     /* enum call_status */
    uint8_t type;                       /* enum call_type, or SPAN_TYPE_GUESS */
    bool typed;                         /* type is alibaba.rpctype's: nothing overrides it */
    bool async;                         /* said to be (FOLLOWS_FROM, alibaba.async) */
    bool shared;                        /* Zipkin: the server's half of a span of the same id */
    bool half;                          /* alibaba.half: the callee's side of its parent's call */
    /* of Alibaba rows, else empty */
    struct str origin_trace, origin_service, origin_rpcid, origin_interface;
    uint64_t line;                      /* where it was read, from 1 */
};

/* ---- reading ---- */

struct span span_new(void);             /* no times, kind internal, type a guess */

/* Take notice of an attribute, if it is one that matters. The value is text, whatever its type was
 * (true, 200); both are borrowed for as long as the span. */
void span_tag(struct span *s, struct str key, struct str value);

/* An id as hex digits: lower-case, zeros put in front up to 16 digits or 32. False unless it is 1
 * to 32 digits, not all 0. room holds 32 bytes. */
bool span_hex(struct str id, char room[32], struct str *out);

/* What the attributes and the kind make of the protocol. */
enum call_type span_type(const struct span *s);

/* ---- writing ---- */

struct span_attribute {
    const char *key;
    struct str value;
};
enum { SPAN_ATTRIBUTES_MAX = 9 };

/* The spans of a graph, parents before their children: out has room for 2 * g->n, and their count
 * is returned. Strings are borrowed from names or lie in a. Ids are 16 hex digits, of the trace 32
 * unless its name is hex of 16 or 32 digits. start_ns counts from what arrival counts from.
 * Requires a timed graph, whose names[] are not empty. */
size_t spans_of_graph(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                      struct arena *a, struct span *out);

/* The attributes that a span must be written with to become the same call again: peer.service
 * (with db.system for db and mc) and alibaba.*. Kind, status and parent are the format's own
 * business. */
size_t span_attributes(const struct span *s, struct span_attribute out[SPAN_ATTRIBUTES_MAX]);

#endif
