/* client_loop.c: the client's turn: deadlines, a look at the peers' connections twenty times a
 * second, events, what they ask to be written. */
#define _GNU_SOURCE   /* epoll_pwait2 */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "load/client_priv.h"
#include "load/moment.h"

enum { EVENTS = 64 };

static const int64_t tick = 50 * MOMENT_MS, connect_timeout = 20 * MOMENT_S;

int client_epoll_new(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

void client_epoll_free(int epoll)
{
    close(epoll);
}

static void look_at_peer(struct client *c, struct peer *p, int64_t now)
{
    for (size_t i = p->n; i-- > 0;)
        if (i < p->n && p->links[i]->state <= LINK_GREETING &&
            now - p->links[i]->opened > connect_timeout) {
            stream_fail(&p->links[i]->stream, "no connection in 20 s");
            link_down(p->links[i]);
        }
    if (p->retry_at && now >= p->retry_at)
        p->retry_at = 0;
    for (size_t n = c->o.per_call ? c->o.connections : p->n;
         n < c->o.connections && !peer_backing_off(p) && peer_open(c, p); n++)
        ;
}

static void look_at_links(struct client *c, int64_t now)
{
    if (now < c->tick_at)
        return;
    c->tick_at = now + tick;
    for (size_t i = 0; i < c->n_peers; i++)
        look_at_peer(c, c->peers[i], now);
}

int64_t client_next(const struct client *c)
{
    return c->first && c->first->deadline < c->tick_at ? c->first->deadline : c->tick_at;
}

/* Where the kernel has no epoll_pwait2 (before 5.11, and under valgrind), whole milliseconds. */
static int wait_events(struct client *c, struct epoll_event *e, int64_t ns)
{
    struct timespec t = { (time_t)(ns / MOMENT_S), (long)(ns % MOMENT_S) };
    if (ns <= 0)
        return epoll_wait(c->epoll, e, EVENTS, 0);
    if (!c->no_pwait2) {
        int n = epoll_pwait2(c->epoll, e, EVENTS, &t, NULL);
        if (n >= 0 || errno != ENOSYS)
            return n;
        c->no_pwait2 = true;
    }
    return epoll_wait(c->epoll, e, EVENTS, (int)(ns / MOMENT_MS));
}

void client_wait(struct client *c, int64_t until)
{
    struct epoll_event e[EVENTS];
    int64_t now = moment_now();
    client_expire(c, now);
    look_at_links(c, now);
    client_flush(c);
    int64_t next = client_next(c);
    int n = wait_events(c, e, (until < next ? until - c->o.spin : next) - now);
    for (int i = 0; i < n; i++)
        link_event(e[i].data.ptr, e[i].events);
    client_flush(c);
    client_bury(c);
}

int client_fd(const struct client *c)
{
    return c->epoll;
}

void client_poll(struct client *c)
{
    client_wait(c, 0);
}

size_t client_connect(struct client *c, int64_t until)
{
    c->tick_at = 0;
    for (;;) {
        size_t up = 0, open = 0;
        client_wait(c, moment_now() + MOMENT_MS);
        for (size_t i = 0; i < c->n_peers; i++) {
            bool waits = peer_connecting(c->peers[i]);
            up += c->peers[i]->n > 0 && !waits;
            open += waits;
        }
        if (open == 0 || moment_now() >= until || c->o.per_call)
            return up;
    }
}
