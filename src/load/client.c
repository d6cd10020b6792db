/* client.c: endpoints, peers and the calls under way; links have link.c.
 *
 * All calls have the same time-out, so the list of what is under way, in the order of issue, is in
 * the order of deadlines too: expiry looks at its head alone.
 */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "load/client_priv.h"
#include "load/moment.h"

static const struct link_protocol *const protocols[] = { &link_grpc, &link_h2c, &link_http1 };

/* grpc-timeout has at most eight digits and a unit; it is the deadline the server sees. */
static void write_timeout(int64_t ns, char *text, size_t n)
{
    if (ns < 99999999 * MOMENT_US)
        snprintf(text, n, "%lldu", (long long)(ns / MOMENT_US));
    else if (ns < 99999999 * MOMENT_MS)
        snprintf(text, n, "%lldm", (long long)(ns / MOMENT_MS));
    else
        snprintf(text, n, "%lldS", (long long)(ns / MOMENT_S));
}

struct client *client_new(const struct client_options *o, invocation_sink done, void *ctx,
                          struct err *err)
{
    int epoll = client_epoll_new();
    if (epoll < 0) {
        err_set(err, EXIT_IO, "epoll: no more descriptors");
        return NULL;
    }
    struct client *c = mem_alloc(sizeof *c);
    *c = (struct client){ .o = *o, .protocol = protocols[o->protocol], .done = done, .ctx = ctx,
                          .epoll = epoll };
    if (c->o.most < c->o.connections)
        c->o.most = c->o.connections;
    c->rng = rng_stream(o->seed, "load/client", 0);
    c->endpoint_names = names_new();
    c->function_names = names_new();
    c->peer_names = names_new();
    write_timeout(o->timeout, c->timeout_text, sizeof c->timeout_text);
    return c;
}

static void flight_free(struct flight *f)
{
    buf_free(&f->body);
    buf_free(&f->path);
    free(f);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    for (size_t p = 0; p < c->n_peers; p++)
        client_peer_free(c->peers[p]);
    client_bury(c);
    for (struct flight *f = c->first, *next; f; f = next) {
        next = f->next;
        flight_free(f);
    }
    for (struct flight *f = c->free, *next; f; f = next) {
        next = f->after;
        flight_free(f);
    }
    client_epoll_free(c->epoll);
    gsl_rng_free(c->rng);
    names_free(c->endpoint_names);
    names_free(c->function_names);
    names_free(c->peer_names);
    free(c->endpoints);
    free(c->peers);
    free(c->dead);
    free(c);
}

/* "host", "host:port", "[v6]:port", "v6" into host and port. */
static bool split_address(const char *text, uint16_t standard, char *host, size_t n,
                          uint16_t *port, struct err *err)
{
    struct str s = str_of(text), h = s, p = { 0 };
    const char *colon = strrchr(text, ':'), *close = strchr(text, ']');
    if (*text == '[' && close) {
        h = (struct str){ text + 1, (size_t)(close - text) - 1 };
        p = close[1] == ':' ? str_of(close + 2) : str_of(close + 1);
    } else if (colon && colon == strchr(text, ':')) {
        h.n = (size_t)(colon - text);
        p = str_of(colon + 1);
    }
    uint64_t x = standard;
    if (p.p && p.n && (!str_u64(p, &x) || x < 1 || x > 65535))
        return err_set(err, EXIT_DATA, "endpoint \"%.200s\": \"%.*s\" is no port", text,
                       (int)(p.n < 20 ? p.n : 20), p.p);
    if (h.n == 0 || h.n >= n)
        return err_set(err, EXIT_DATA, "endpoint \"%.200s\" has no host", text);
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    *port = (uint16_t)x;
    return true;
}

static void resolve(struct peer *p, uint16_t port)
{
    char service[8];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC }, *found;
    snprintf(service, sizeof service, "%u", port);
    int error = getaddrinfo(p->host, service, &hints, &found);
    if (error) {
        snprintf(p->why, sizeof p->why, "%s", gai_strerror(error));
        return;
    }
    for (struct addrinfo *a = found; a && p->n_addrs < PEER_ADDRESSES; a = a->ai_next) {
        memcpy(&p->addr[p->n_addrs], a->ai_addr, a->ai_addrlen);
        p->addr_len[p->n_addrs++] = a->ai_addrlen;
    }
    freeaddrinfo(found);
}

static bool peer_of(struct client *c, const char *address, uint32_t *id, struct err *err)
{
    char host[512], key[530];
    uint16_t port = c->o.port;
    if (!split_address(address, c->o.port, host, sizeof host, &port, err))
        return false;
    snprintf(key, sizeof key, "%s:%u", host, port);
    *id = names_id_of(c->peer_names, key);
    if (*id < c->n_peers)
        return true;
    struct peer *p = mem_alloc(sizeof *p);
    p->key = mem_strdup(key);
    p->host = mem_strdup(host);
    resolve(p, port);
    MEM_GROW(c->peers, c->n_peers, c->peer_cap);
    c->peers[c->n_peers++] = p;
    return true;
}

uint32_t client_endpoint(struct client *c, const char *name, struct err *err)
{
    uint32_t found = names_find(c->endpoint_names, str_of(name)), peer;
    if (found != NAMES_NONE)
        return found;
    if (!peer_of(c, c->o.target ? c->o.target : name, &peer, err))
        return INVOCATION_NONE;
    struct endpoint e = { .peer = peer };
    request_uuid(c->rng, e.workflow);
    MEM_GROW(c->endpoints, c->n_endpoints, c->endpoint_cap);
    c->endpoints[c->n_endpoints++] = e;
    return names_id_of(c->endpoint_names, name);
}

const char *client_endpoint_name(const struct client *c, uint32_t id)
{
    return names_get(c->endpoint_names, id);
}

uint32_t client_function(struct client *c, const char *name)
{
    return names_id_of(c->function_names, name);
}

const char *client_function_name(const struct client *c, uint32_t id)
{
    return names_get(c->function_names, id);
}

size_t client_peers(const struct client *c)
{
    return c->n_peers;
}

const char *client_peer_name(const struct client *c, size_t i)
{
    return c->peers[i]->key;
}

const char *client_peer_trouble(const struct client *c, size_t i)
{
    return c->peers[i]->why;
}

/* ---- flights --------------------------------------------------------------------------------- */

static struct flight *flight_take(struct client *c)
{
    struct flight *f = c->free;
    if (!f)
        return mem_alloc(sizeof *f);
    c->free = f->after;
    struct buf body = f->body, path = f->path;
    *f = (struct flight){ .body = body, .path = path };
    buf_clear(&f->body);
    buf_clear(&f->path);
    return f;
}

static void write_request(struct client *c, struct flight *f)
{
    const struct invocation *i = &f->call;
    const char *endpoint = client_endpoint_name(c, i->endpoint),
               *function = client_function_name(c, i->function);
    request_path(&c->o.form, i, endpoint, function, c->rng, &f->path);
    request_body(&c->o.form, i, endpoint, function, c->endpoints[i->endpoint].workflow,
                 moment_wall(), c->rng, &f->body);
}

struct flight *flight_new(struct client *c, const struct invocation *i)
{
    struct flight *f = flight_take(c);
    f->call = *i;
    f->client = c;
    f->grpc = -1;
    f->call.issued = moment_now();
    f->deadline = f->call.issued + c->o.timeout;
    if (c->o.tracing) {
        f->call.trace[0] = rng_u64(c->rng);
        f->call.trace[1] = rng_u64(c->rng);
        f->call.span = rng_u64(c->rng) | 1;
    }
    write_request(c, f);
    f->prev = c->last;
    *(c->last ? &c->last->next : &c->first) = f;
    c->last = f;
    c->in_flight++;
    return f;
}

static void leave_queue(struct flight *f)
{
    struct client *c = f->client;
    struct peer *p = c->peers[c->endpoints[f->call.endpoint].peer];
    struct flight *before = NULL;
    for (struct flight *g = p->queue; g != f; g = g->after)
        before = g;
    *(before ? &before->after : &p->queue) = f->after;
    if (p->queue_last == f)
        p->queue_last = before;
    f->queued = false;
}

static void leave_unsent(struct link *l, struct flight *f)
{
    struct flight *before = NULL;
    for (struct flight *g = l->unsent; g != f; g = g->unsent_after)
        before = g;
    *(before ? &before->unsent_after : &l->unsent) = f->unsent_after;
    if (l->unsent_last == f)
        l->unsent_last = before;
    f->unsent = false;
}

void flight_end(struct flight *f, enum ending e, enum grpc_status s)
{
    struct client *c = f->client;
    struct link *l = f->link;
    f->call.done = moment_now();
    f->call.ending = (uint8_t)e;
    f->call.status = (uint8_t)s;
    if (l && e == END_ANSWER)
        l->served = true;
    if (f->queued)
        leave_queue(f);
    if (l) {
        if (f->unsent)
            leave_unsent(l, f);
        f->call.connection = l->number;
        l->in_flight--;
        client_link_freed(l);
    }
    *(f->prev ? &f->prev->next : &c->first) = f->next;
    *(f->next ? &f->next->prev : &c->last) = f->prev;
    c->in_flight--;
    c->done(c->ctx, &f->call);
    f->link = NULL;
    f->after = c->free;
    c->free = f;
}

void flight_answered(struct flight *f, bool grpc)
{
    int http = f->call.http;
    if (grpc && f->grpc >= 0)
        flight_end(f, END_ANSWER, (enum grpc_status)f->grpc);
    else if (grpc)    /* HTTP without gRPC: a proxy's answer, or no answer at all */
        flight_end(f, http && http != 200 ? END_ANSWER : END_MALFORMED,
                   http == 200 ? GRPC_UNKNOWN : grpc_status_of_http(http));
    else
        flight_end(f, http ? END_ANSWER : END_MALFORMED,
                   http >= 200 && http < 400 ? GRPC_OK : grpc_status_of_http(http));
}

/* ---- the wire -------------------------------------------------------------------------------- */

static int64_t wire_now(void *ctx)
{
    (void)ctx;
    return moment_now();
}

static void wire_send(void *ctx, const struct invocation *i)
{
    struct client *c = ctx;
    client_dispatch(c, flight_new(c, i));
}

static void wire_flush(void *ctx)
{
    client_flush(ctx);
}

static void wire_wait(void *ctx, int64_t until)
{
    client_wait(ctx, until);
}

static void wire_abandon(void *ctx)
{
    struct client *c = ctx;
    while (c->first) {
        struct flight *f = c->first;
        if (f->link)
            f->link->protocol->cancel(f->link, f);
        flight_end(f, END_STOPPED, GRPC_CANCELLED);
    }
    client_flush(c);
}

static size_t wire_in_flight(void *ctx)
{
    return ((struct client *)ctx)->in_flight;
}

struct wire client_wire(struct client *c)
{
    return (struct wire){ c, wire_now, wire_send, wire_flush, wire_wait, wire_abandon,
                          wire_in_flight };
}

void client_expire(struct client *c, int64_t now)
{
    while (c->first && c->first->deadline <= now) {
        struct flight *f = c->first;
        if (f->link)
            f->link->protocol->cancel(f->link, f);
        flight_end(f, END_DEADLINE, GRPC_DEADLINE_EXCEEDED);
    }
}

struct client_counts client_counts(const struct client *c)
{
    struct client_counts n = c->counts;
    for (size_t p = 0; p < c->n_peers; p++)
        for (size_t k = 0; k < c->peers[p]->n; k++) {
            n.descriptors++;
            n.live += c->peers[p]->links[k]->state == LINK_UP;
        }
    return n;
}
