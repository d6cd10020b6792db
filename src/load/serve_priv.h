/* serve_priv.h: the emulator's inside: connections, requests, jobs, moments. */
#ifndef LOAD_SERVE_PRIV_H
#define LOAD_SERVE_PRIV_H

#include <gsl/gsl_rng.h>

#include "base/str.h"
#include "load/client.h"
#include "load/outcome.h"
#include "load/serve.h"

/* ---- connections and requests: serve_conn.c, serve_h2.c, serve_http1.c ----------------------- */

struct request {
    struct conn *conn;             /* NULL: its stream has closed */
    struct request *prev, *next;   /* all of the connection */
    int32_t stream;                /* HTTP/2; 0 for HTTP/1.1 */
    bool grpc, executor, head;
    bool closes;                   /* the last of its connection (HTTP/1.1) */
    bool busy;                     /* a job is at work on it */
    uint32_t graph, node;          /* INVOCATION_NONE: not named */
    struct buf authority, body, reply;
    size_t reply_at;
    int64_t came;                  /* when it was complete */
    enum grpc_status status;
};

struct conn {
    struct server *server;
    int fd;
    void *session;                 /* nghttp2's; NULL before the first bytes, and for HTTP/1.1 */
    bool begun, dirty, closing, dead;
    bool more;                     /* HTTP/2: there is more to write than out holds */
    uint32_t watched;
    struct buf in, out;            /* HTTP/1.1: what is not parsed yet; bytes to write */
    size_t seen, out_at;           /* of in: no blank line begins before */
    struct request *requests;
    struct conn *prev, *next, *next_dirty;
};

struct request *request_new(struct conn *c);
void request_free(struct request *r);
void conn_mark_dirty(struct conn *c);

void conn_new(struct server *s, int fd);    /* takes the socket, which does not block */
void conn_read(struct conn *c);             /* once; what makes no sense closes it */
void conn_close(struct conn *c);            /* its memory stays until the round's end */
void server_accept(struct server *s);
void server_flush(struct server *s);        /* write what changed connections have to say */
void server_bury(struct server *s);         /* free what was closed */

void *serve_h2_open(struct conn *c);
void serve_h2_close(struct conn *c);
bool serve_h2_input(struct conn *c, const uint8_t *p, size_t n);
bool serve_h2_output(struct conn *c);
bool serve_h2_over(const struct conn *c);    /* it has said its last word, after an error */
void serve_h2_answer(struct request *r);

bool serve_http1_input(struct conn *c, const uint8_t *p, size_t n);
void serve_http1_answer(struct request *r);

/* ---- jobs: serve_job.c ----------------------------------------------------------------------- */

/* Per call of the graph set, all in one row of calls: what it waits for. */
struct script {
    size_t *first;                 /* (graphs + 1) where a graph's calls begin */
    uint32_t *after;               /* the sibling it waits for; CALL_NONE: its caller's start */
    int64_t *pause, *tail;         /* ns of work before it is called; after its last child */
};
struct script *script_new(const struct graphset *s);
void script_free(struct script *s);    /* NULL is fine */

struct job;
void job_start(struct request *r);     /* a complete request: works on it, then answers */
struct work {                          /* what a moment of the emulator ends */
    int64_t at;                        /* when it is due; of burning: what is left, ns */
    struct job *job;
    uint32_t child;                    /* to call; CALL_NONE: answer */
};
void job_go_on(const struct work *w);
void job_returned(struct job *j, uint32_t child, enum grpc_status s);

/* ---- the server: serve.c --------------------------------------------------------------------- */

struct returned {
    struct job *job;
    uint32_t child;
    enum grpc_status status;
};

struct server {
    struct serve_options o;
    struct script *script;
    int epoll, fd;
    uint16_t port;
    struct client *client;         /* calls to itself; NULL without graphs */
    uint32_t *endpoint;            /* per name of the set, of the client */
    gsl_rng *rng;
    struct conn *conns, *dirty, *dead;
    struct work *heap;             /* by moment */
    size_t n_heap, heap_cap;
    struct work *burning;          /* round robin */
    size_t n_burning, burning_cap, turn;
    struct returned *returned;     /* children that came back during the client's turn */
    size_t n_returned, returned_cap;
    struct server_counts counts;
};

/* One round: wait for events, at most `most` ns, and do all that they and the clock ask for. */
void server_turn(struct server *s, int64_t most);

/* Do ns of work for the job, then go on with child. */
void server_work(struct server *s, struct job *j, uint32_t child, int64_t ns);
void server_call(struct server *s, struct job *j, uint32_t graph, uint32_t child);
void server_answer(struct request *r);

#endif
