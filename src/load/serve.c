/* serve.c: one thread: sockets (serve_conn.c), moments that are due, work that burns, calls to
 * itself. */
#define _GNU_SOURCE   /* epoll_pwait2, sched_setaffinity */
#include "load/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "load/moment.h"
#include "load/serve_priv.h"

enum { EVENTS = 64 };
static const int64_t longest_wait = 50 * MOMENT_MS, quantum = 100 * MOMENT_US;

/* ---- moments --------------------------------------------------------------------------------- */

static void heap_push(struct server *s, struct work w)
{
    MEM_GROW(s->heap, s->n_heap, s->heap_cap);
    size_t i = s->n_heap++;
    for (; i && s->heap[(i - 1) / 2].at > w.at; i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = w;
}

static struct work heap_pop(struct server *s)
{
    struct work top = s->heap[0], last = s->heap[--s->n_heap];
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < s->n_heap; i = k) {
        if (k + 1 < s->n_heap && s->heap[k + 1].at < s->heap[k].at)
            k++;
        if (s->heap[k].at >= last.at)
            break;
        s->heap[i] = s->heap[k];
    }
    s->heap[i] = last;
    return top;
}

void server_work(struct server *s, struct job *j, uint32_t child, int64_t ns)
{
    struct work w = { ns, j, child };
    if (ns <= 0)
        job_go_on(&w);
    else if (s->o.burn) {
        MEM_GROW(s->burning, s->n_burning, s->burning_cap);
        s->burning[s->n_burning++] = w;
    } else {
        w.at = moment_now() + ns;
        heap_push(s, w);
    }
}

static void do_what_is_due(struct server *s)
{
    while (s->n_heap && s->heap[0].at <= moment_now()) {
        struct work w = heap_pop(s);
        job_go_on(&w);
    }
}

/* One job's quantum at a time, round robin: a processor that all services share. */
static void burn(struct server *s)
{
    if (!s->n_burning)
        return;
    struct work *w = &s->burning[s->turn++ % s->n_burning];
    int64_t begin = moment_now(), share = w->at < quantum ? w->at : quantum, now = begin;
    while (now - begin < share)
        now = moment_now();
    w->at -= now - begin;
    if (w->at > 0)
        return;
    struct work done = *w;
    *w = s->burning[--s->n_burning];
    job_go_on(&done);
}

/* ---- calls to itself ------------------------------------------------------------------------- */

/* Within the client's turn nothing may be called: it is done after it. */
static void note_return(void *server, const struct invocation *i)
{
    struct server *s = server;
    MEM_GROW(s->returned, s->n_returned, s->returned_cap);
    s->returned[s->n_returned++] = (struct returned){
        (struct job *)(uintptr_t)i->id, i->node, (enum grpc_status)i->status };
}

void server_call(struct server *s, struct job *j, uint32_t graph, uint32_t child)
{
    const struct call *c = &s->o.graphs->graphs[graph].calls[child];
    struct wire w = client_wire(s->client);
    struct invocation i = { .id = (uint64_t)(uintptr_t)j, .endpoint = s->endpoint[c->dst],
                            .graph = graph, .node = child, .expected = -1 };
    s->counts.children++;
    w.send(w.ctx, &i);
}

static void take_returns(struct server *s)
{
    client_poll(s->client);
    for (size_t i = 0; i < s->n_returned; i++) {
        struct returned r = s->returned[i];    /* the list may grow, and move, meanwhile */
        job_returned(r.job, r.child, r.status);
    }
    s->n_returned = 0;
}

/* ---- the server ------------------------------------------------------------------------------ */

static bool listen_on(struct server *s, struct err *err)
{
    char host[256];
    const char *colon = strrchr(s->o.listen, ':');
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *a;
    size_t n = colon ? (size_t)(colon - s->o.listen) : 0;
    if (!colon || !colon[1] || n >= sizeof host)
        return err_set(err, EXIT_USAGE, "--listen: \"%.200s\" is not ADDRESS:PORT", s->o.listen);
    memcpy(host, s->o.listen, n);
    host[n] = '\0';
    int why = getaddrinfo(n ? host : NULL, colon + 1, &hints, &a);
    if (why)
        return err_set(err, EXIT_USAGE, "--listen: \"%.200s\": %s", s->o.listen,
                       gai_strerror(why));
    int yes = 1;
    s->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool good = s->fd >= 0 && bind(s->fd, a->ai_addr, a->ai_addrlen) == 0 &&
                listen(s->fd, SOMAXCONN) == 0;
    freeaddrinfo(a);
    return good || err_set(err, EXIT_IO, "%s: %s", s->o.listen, strerror(errno));
}

static void find_port(struct server *s)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    s->port = ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                            : ((struct sockaddr_in *)&a)->sin_port);
}

static void watch_fd(struct server *s, int fd, void *what)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* One connection to itself carries all children; names are the graphs' microservices. */
static bool prepare_graphs(struct server *s, struct err *err)
{
    const struct graphset *g = s->o.graphs;
    struct client_options o = { .form = request_standard, .timeout = 600 * MOMENT_S,
                                .connections = 1, .most = 1, .port = s->port,
                                .target = "127.0.0.1", .seed = s->o.seed };
    s->script = script_new(g);
    s->client = client_new(&o, note_return, s, err);
    if (!s->client)
        return false;
    client_function(s->client, "");
    s->endpoint = mem_array(names_count(g->names), sizeof *s->endpoint);
    for (size_t i = 0; i < g->n; i++)
        for (size_t c = 0; c < g->graphs[i].n; c++) {
            uint32_t dst = g->graphs[i].calls[c].dst;
            s->endpoint[dst] = client_endpoint(s->client, names_get(g->names, dst), err);
            if (s->endpoint[dst] == INVOCATION_NONE)
                return false;
        }
    watch_fd(s, client_fd(s->client), s->client);
    return true;
}

struct server *server_new(const struct serve_options *o, struct err *err)
{
    struct server *s = mem_alloc(sizeof *s);
    s->o = *o;
    s->fd = -1;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->rng = rng_stream(o->seed, "load/serve", 0);
    if (listen_on(s, err)) {
        find_port(s);
        watch_fd(s, s->fd, NULL);
        if (!o->graphs || prepare_graphs(s, err))
            return s;
    }
    server_free(s);
    return NULL;
}

/* Jobs under way are known by what they wait for: moments, burning, children on the client. All of
 * it comes now. */
static void end_jobs(struct server *s)
{
    struct wire w = { 0 };
    if (s->client)
        w = client_wire(s->client);
    s->o.burn = false;
    for (;;) {
        if (s->client) {
            w.abandon(w.ctx);
            take_returns(s);
        }
        if (s->n_heap + s->n_burning) {
            struct work next = s->n_heap ? heap_pop(s) : s->burning[--s->n_burning];
            job_go_on(&next);
        } else if (!s->client || w.in_flight(w.ctx) == 0)
            return;
    }
}

void server_free(struct server *s)
{
    if (!s)
        return;
    end_jobs(s);
    while (s->conns)
        conn_close(s->conns);
    server_bury(s);
    client_free(s->client);
    script_free(s->script);
    free(s->endpoint);
    free(s->heap);
    free(s->burning);
    free(s->returned);
    gsl_rng_free(s->rng);
    if (s->fd >= 0)
        close(s->fd);
    close(s->epoll);
    free(s);
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

struct server_counts server_counts(const struct server *s)
{
    return s->counts;
}

static int wait_events(struct server *s, struct epoll_event *e, int64_t most)
{
    int64_t now = moment_now(), until = now + most;
    if (s->n_heap && s->heap[0].at < until)
        until = s->heap[0].at;
    if (s->client && client_next(s->client) < until)
        until = client_next(s->client);
    int64_t ns = until > now && !s->n_burning ? until - now : 0;
    struct timespec t = { (time_t)(ns / MOMENT_S), (long)(ns % MOMENT_S) };
    int n = epoll_pwait2(s->epoll, e, EVENTS, &t, NULL);
    if (n < 0 && errno == ENOSYS)    /* before Linux 5.11, and under valgrind */
        n = epoll_wait(s->epoll, e, EVENTS, (int)(ns / MOMENT_MS));
    return n;
}

static void take_events(struct server *s, const struct epoll_event *e, int n)
{
    for (int i = 0; i < n; i++) {
        struct conn *c = e[i].data.ptr;
        if (!c)
            server_accept(s);
        else if (e[i].data.ptr != s->client && !c->dead) {
            if (e[i].events & EPOLLOUT)
                conn_mark_dirty(c);
            if (e[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                conn_read(c);
        }
    }
}

void server_turn(struct server *s, int64_t most)
{
    struct epoll_event e[EVENTS] = { { .events = 0 } };
    int n = wait_events(s, e, most);
    take_events(s, e, n);
    do_what_is_due(s);
    burn(s);
    if (s->client)
        take_returns(s);
    server_flush(s);
    server_bury(s);
}

void server_run(struct server *s, const volatile sig_atomic_t *stop)
{
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    if (s->o.cpu >= 0 && s->o.cpu < CPU_SETSIZE) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(s->o.cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    while (!*stop)
        server_turn(s, longest_wait);
}
