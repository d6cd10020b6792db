/* serve_conn.c: the emulator's connections: accepted, read, told apart by their first bytes,
 * written to, closed; and the requests on them. */
#define _GNU_SOURCE   /* accept4 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "load/serve_priv.h"

enum { READ_SIZE = 1 << 16 };
static const char preface[] = "PRI * HTTP/2.0";

struct request *request_new(struct conn *c)
{
    struct request *r = mem_alloc(sizeof *r);
    r->conn = c;
    r->graph = r->node = INVOCATION_NONE;
    r->next = c->requests;
    if (r->next)
        r->next->prev = r;
    c->requests = r;
    return r;
}

static void request_leave(struct request *r)
{
    *(r->prev ? &r->prev->next : &r->conn->requests) = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->conn = NULL;
}

/* A request whose stream closes under a job is freed when the job would answer it. */
void request_free(struct request *r)
{
    if (r->conn)
        request_leave(r);
    if (r->busy)
        return;
    buf_free(&r->authority);
    buf_free(&r->body);
    buf_free(&r->reply);
    free(r);
}

void server_answer(struct request *r)
{
    r->busy = false;
    if (!r->conn) {
        request_free(r);
        return;
    }
    r->conn->server->counts.answers++;
    if (r->conn->session)
        serve_h2_answer(r);
    else
        serve_http1_answer(r);
}

void conn_mark_dirty(struct conn *c)
{
    if (c->dirty || c->dead)
        return;
    c->dirty = true;
    c->next_dirty = c->server->dirty;
    c->server->dirty = c;
}

static void watch(struct conn *c, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = c };
    if (c->watched == events)
        return;
    epoll_ctl(c->server->epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e);
    c->watched = events;
}

void conn_new(struct server *s, int fd)
{
    int yes = 1;
    struct conn *c = mem_alloc(sizeof *c);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->server = s;
    c->fd = fd;
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    s->counts.connections++;
    watch(c, EPOLLIN);
}

void server_accept(struct server *s)
{
    int fd;
    while ((fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        conn_new(s, fd);
}

static void conn_free(struct conn *c)
{
    if (c->session)
        serve_h2_close(c);
    while (c->requests) {
        struct request *r = c->requests;
        request_leave(r);
        request_free(r);
    }
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

void conn_close(struct conn *c)
{
    struct server *s = c->server;
    if (c->dead)
        return;
    c->dead = true;
    close(c->fd);
    *(c->prev ? &c->prev->next : &s->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->next = s->dead;
    s->dead = c;
}

void server_bury(struct server *s)
{
    while (s->dead) {
        struct conn *c = s->dead;
        s->dead = c->next;
        conn_free(c);
    }
}

/* The first bytes tell HTTP/2 from HTTP/1.1. */
static bool input(struct conn *c, const uint8_t *p, size_t n)
{
    if (c->session)
        return serve_h2_input(c, p, n);
    if (c->begun)
        return serve_http1_input(c, p, n);
    buf_add(&c->in, p, n);
    size_t known = c->in.n < sizeof preface - 1 ? c->in.n : sizeof preface - 1;
    bool h2 = memcmp(c->in.p, preface, known) == 0;
    if (h2 && known < sizeof preface - 1)
        return true;
    c->begun = true;
    if (!h2)
        return serve_http1_input(c, p, 0);
    c->session = serve_h2_open(c);
    bool good = serve_h2_input(c, (const uint8_t *)c->in.p, c->in.n);
    buf_clear(&c->in);
    return good;
}

void conn_read(struct conn *c)
{
    static _Thread_local uint8_t bytes[READ_SIZE];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || !input(c, bytes, (size_t)n))
        conn_close(c);
}

static bool write_out(struct conn *c)
{
    while (c->out_at < c->out.n) {
        ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n < 0)
            break;
        c->out_at += (size_t)n;
    }
    bool all = c->out_at == c->out.n;
    watch(c, EPOLLIN | (all ? 0 : EPOLLOUT));
    if (all || c->out_at > c->out.n / 2) {     /* it must not grow by what a slow caller read */
        buf_drop(&c->out, c->out_at);
        c->out_at = 0;
    }
    if (all && c->more)
        conn_mark_dirty(c);
    return !(all && c->closing && !c->requests);
}

void server_flush(struct server *s)
{
    while (s->dirty) {
        struct conn *c = s->dirty;
        s->dirty = c->next_dirty;
        c->dirty = false;
        if (c->dead)
            continue;
        /* an answer of HTTP/1.1 makes room for the next request */
        bool good = c->session ? serve_h2_output(c) : serve_http1_input(c, NULL, 0);
        good = good && write_out(c);
        if (!good || (c->session && c->out.n == 0 && serve_h2_over(c)))
            conn_close(c);
    }
}
