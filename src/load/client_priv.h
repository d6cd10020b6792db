/* client_priv.h: flights, links and peers, for the protocols (link_*.c) and tests. */
#ifndef LOAD_CLIENT_PRIV_H
#define LOAD_CLIENT_PRIV_H

#include <gsl/gsl_rng.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/names.h"
#include "load/client.h"
#include "load/outcome.h"

/* An invocation under way. Flights are reused; their buffers keep their memory. */
struct flight {
    struct invocation call;
    struct client *client;
    struct link *link;               /* NULL: waits at its peer, or is over */
    struct flight *prev, *next;      /* all that are under way, by deadline */
    struct flight *after;            /* the next at the peer's queue, or on the free list */
    struct flight *unsent_after;     /* the next whose last byte is not written yet */
    bool queued, unsent;
    int64_t deadline;
    int32_t stream;                  /* HTTP/2; 0: none */
    int grpc;                        /* grpc-status seen; -1: none */
    struct buf body, path;
    size_t body_at;                  /* bytes of the body given to the protocol */
};

enum link_state { LINK_CONNECTING, LINK_GREETING, LINK_UP, LINK_DRAINING, LINK_DOWN };

struct link {
    struct client *client;
    struct peer *peer;
    const struct link_protocol *protocol;
    void *session;                   /* the protocol's */
    struct stream stream;
    enum link_state state;
    uint32_t number;                 /* from 1 */
    uint32_t watched;                /* epoll events asked for */
    int64_t opened;                  /* when it began to connect, then when it was up */
    size_t in_flight, address;       /* address: of its peer's, by place */
    uint64_t taken;                  /* calls it was given so far */
    struct buf out;                  /* bytes to write */
    size_t out_at;
    struct flight *unsent, *unsent_last;
    bool dirty, going_away;          /* is on the list of those to flush; saw GOAWAY */
    bool served;                     /* a call on it was answered */
    struct link *next_dirty;
};

/* How a connection speaks. Functions that return false say: the connection cannot go on. */
struct link_protocol {
    const char *name;
    bool greets;    /* the server speaks first: the link is up when link_greeted is called */
    void *(*open)(struct link *l);
    void (*close)(struct link *l);
    size_t (*room)(const struct link *l);              /* calls it would take now */
    bool (*submit)(struct link *l, struct flight *f);  /* sets f->link */
    void (*cancel)(struct link *l, struct flight *f);  /* f is being ended by the client */
    bool (*input)(struct link *l, const uint8_t *p, size_t n);
    bool (*output)(struct link *l);                    /* append all it has to l->out */
    bool (*over)(const struct link *l);    /* all it had to say is written: it is done; or NULL */
    void (*eof)(struct link *l);    /* the peer closed; NULL: calls under way are lost */
};
extern const struct link_protocol link_grpc, link_h2c, link_http1;

enum { PEER_ADDRESSES = 8 };

struct peer {
    char *key, *host;                /* "host:port", for errors; host for TLS */
    struct sockaddr_storage addr[PEER_ADDRESSES];
    socklen_t addr_len[PEER_ADDRESSES];
    size_t n_addrs, at, tried;       /* the name's; used now; failed since one was good */
    char why[STREAM_WHY];            /* what last went wrong */
    struct link **links;
    size_t n, cap, turn;
    struct flight *queue, *queue_last;
    int64_t retry_at, backoff;       /* retry_at 0: not waiting */
};

struct endpoint {
    uint32_t peer;
    char workflow[UUID_TEXT];
};

struct client {
    struct client_options o;
    const struct link_protocol *protocol;
    invocation_sink done;
    void *ctx;
    int epoll;
    gsl_rng *rng;
    struct names *endpoint_names, *function_names, *peer_names;
    struct endpoint *endpoints;
    size_t n_endpoints, endpoint_cap;
    struct peer **peers;
    size_t n_peers, peer_cap;
    struct flight *first, *last, *free;
    size_t in_flight;
    struct link *dirty;
    struct link **dead;              /* closed during events, freed after them */
    size_t n_dead, dead_cap;
    uint32_t n_links;
    int64_t tick_at;                 /* next look at connections */
    struct client_counts counts;
    char timeout_text[24];           /* grpc-timeout */
    bool no_pwait2;                  /* the kernel lacks epoll_pwait2 */
};

/* A link of a peer without a socket: what a test or a fuzzer feeds by hand. */
struct link *link_new(struct client *c, struct peer *p);
void link_free(struct link *l);

/* Note that the last byte of f is in l->out: it is sent once that is written. */
void link_note_unsent(struct link *l, struct flight *f);
void link_mark_dirty(struct link *l);
void link_greeted(struct link *l);

/* End a call: it leaves all lists and goes to the sink. */
void flight_end(struct flight *f, enum ending e, enum grpc_status s);

/* The answer is complete: the status is grpc's, or follows from http. */
void flight_answered(struct flight *f, bool grpc);

/* link.c, for client.c and client_loop.c. */
void client_peer_free(struct peer *p);
void client_bury(struct client *c);                            /* free dead links */
void client_dispatch(struct client *c, struct flight *f);     /* to a link, the queue, or its end */
void client_link_freed(struct link *l);                       /* a call on it has ended */
void client_flush(struct client *c);
bool peer_open(struct client *c, struct peer *p);              /* a further link; false: none */
bool peer_connecting(const struct peer *p);                    /* one of its links is */
bool peer_backing_off(const struct peer *p);
void link_event(struct link *l, uint32_t events);              /* of epoll */
void link_down(struct link *l);                                /* it is over: its calls end */

/* client_loop.c. */
int client_epoll_new(void);
void client_epoll_free(int epoll);
void client_wait(struct client *c, int64_t until);

/* client.c. */
void client_expire(struct client *c, int64_t now);             /* end calls past their deadline */

/* A new flight for an invocation, in the list of deadlines. */
struct flight *flight_new(struct client *c, const struct invocation *i);

#endif
