/* serve.h: an emulator of microservices: one process, any number of names.
 *
 * It speaks gRPC and plain HTTP/2 (prior knowledge) and HTTP/1.1 on one port, and answers every
 * path and every :authority. How long it takes to:
 *
 *     fixed, exp   a time, or exponential times of a mean; Executor calls add their runtime
 *     trace        what the call graph says: a request names graph and call in the headers
 *                  tracewright-graph and tracewright-call, and the service works, calls the call's
 *                  children (over the wire, each under its own name) and works on
 *
 *     caller  |--work--|====== child A ======|--work--|== child B ==|--work--|
 *
 * A child is called when the sibling that had ended last before it in the trace has ended here,
 * and after the same pause; siblings that overlapped overlap. So a slow child delays what came
 * after it, as it would in the system traced. Work is slept or burnt; asynchronous children are
 * not waited for.
 */
#ifndef LOAD_SERVE_H
#define LOAD_SERVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "trace/callgraph.h"

enum serve_latency { SERVE_FIXED, SERVE_EXPONENTIAL, SERVE_TRACE };

struct serve_options {
    const char *listen;                /* "ADDRESS:PORT"; port 0: any free one */
    const struct graphset *graphs;     /* borrowed; NULL: none */
    enum serve_latency latency;
    double ms;                         /* of fixed and exp */
    bool burn;                         /* work burns the processor instead of sleeping */
    int cpu;                           /* -1: any */
    uint64_t seed;
    struct serve_arrivals *arrivals;   /* where arrivals are noted; NULL: nowhere */
};

/* Moments (moment_now) at which requests were complete, in that order; may lie in shared memory. */
struct serve_arrivals {
    size_t n, cap;                     /* n counts those that found no place too */
    int64_t at[];                      /* (cap) */
};

struct server;
struct server *server_new(const struct serve_options *o, struct err *err);
void server_free(struct server *s);    /* NULL is fine */
uint16_t server_port(const struct server *s);

/* Serve until *stop is not 0: at most 50 ms longer. */
void server_run(struct server *s, const volatile sig_atomic_t *stop);

struct server_counts {
    uint64_t requests, answers, children, connections;    /* children: calls it made itself */
};
struct server_counts server_counts(const struct server *s);

#endif
