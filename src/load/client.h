/* client.h: an open-loop client: many calls under way over few lasting connections, one thread.
 *
 *     call -> endpoint (a name) -> peer (an address) -> link (a connection) -> stream
 *
 * Endpoints that lead to one address share its connections. A call goes to the link with fewest
 * calls under way; links at the peer's limit of concurrent streams take none, another link is
 * opened (up to `most`), and what finds none waits in a queue of ours: the delay shows as
 * lateness. A name with several addresses is reached at the first that takes connections. A peer
 * that cannot be reached is tried again after 0.1 s, 0.2 s ... 2 s; until then
 * its calls end at once as UNAVAILABLE, "refused" (gRPC's fail-fast rule); no other peer notices.
 */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "load/request.h"
#include "load/stream.h"
#include "load/wire.h"

enum client_protocol { CLIENT_GRPC, CLIENT_H2C, CLIENT_HTTP1 };

struct client_options {
    enum client_protocol protocol;
    struct request_form form;
    int64_t timeout;           /* ns from issue to DEADLINE_EXCEEDED */
    int64_t spin;              /* ns before a due moment from which on the client polls */
    size_t connections, most;  /* per peer: kept open, and at most */
    bool per_call;             /* a new connection for every call, as the original has it */
    uint16_t port;             /* of endpoints that name none */
    const char *target;        /* "host[:port]": where all endpoints are; NULL: where they say */
    const struct tls *tls;     /* borrowed; NULL: plain */
    bool tracing;              /* send a traceparent header */
    uint64_t seed;             /* of uuids and span ids */
};

struct client;

/* Options are copied, their texts borrowed. Finished calls go to done(ctx). NULL: no epoll. */
struct client *client_new(const struct client_options *o, invocation_sink done, void *ctx,
                          struct err *err);
void client_free(struct client *c);    /* what is in flight is forgotten */

/* The id of an endpoint "host[:port]", added when it is new; resolving may take seconds, a
 * name that does not resolve is a peer that cannot be reached. INVOCATION_NONE and *err: no such
 * port. */
uint32_t client_endpoint(struct client *c, const char *name, struct err *err);
const char *client_endpoint_name(const struct client *c, uint32_t id);
/* Names that template {function} and records tell; ids count up from 0. */
uint32_t client_function(struct client *c, const char *name);
const char *client_function_name(const struct client *c, uint32_t id);

/* The addresses that endpoints lead to, "host:port", and what last went wrong with a connection
 * there: "Connection refused", "certificate: hostname mismatch" ...; "" for nothing. */
size_t client_peers(const struct client *c);
const char *client_peer_name(const struct client *c, size_t i);
const char *client_peer_trouble(const struct client *c, size_t i);

/* Open the lasting connections of all peers and wait for them, at most until then. Returns how
 * many peers have one. */
size_t client_connect(struct client *c, int64_t until);

/* The client as a wire; its clock is moment_now. */
struct wire client_wire(struct client *c);

int client_fd(const struct client *c);    /* readable when client_poll has something to do */
void client_poll(struct client *c);       /* handle what is there now: expired calls, events */
int64_t client_next(const struct client *c);    /* the moment client_poll should run by */

struct client_counts {
    uint64_t opened, failed, lost;     /* connections: begun, never up, broken */
    uint64_t queued;                   /* calls that had to wait for a link */
    size_t live, descriptors;          /* links up now; links that hold a socket */
};
struct client_counts client_counts(const struct client *c);

#endif
