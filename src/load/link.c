/* link.c: connections: opened, watched, written to, lost and opened again.
 *
 *     CONNECTING --> GREETING --> UP --GOAWAY, close--> DRAINING --last call--> DOWN
 *          \--failed--/--> DOWN <--broken--/
 *
 * Whatever changes a link (a call, input, a call's end) puts it on the list of dirty links; the
 * next flush gives it what waits at its peer, writes, and closes what is done. So nothing is
 * closed while its protocol is at work on it, and calls due together leave in one write.
 */
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/mem.h"
#include "load/client_priv.h"
#include "load/moment.h"

enum { READ_SIZE = 1 << 16, READS = 4 };

static const int64_t first_backoff = 100 * MOMENT_MS, last_backoff = 2 * MOMENT_S,
                     short_life = 100 * MOMENT_MS;

struct link *link_new(struct client *c, struct peer *p)
{
    struct link *l = mem_alloc(sizeof *l);
    *l = (struct link){ .client = c, .peer = p, .protocol = c->protocol, .stream.fd = -1,
                        .number = ++c->n_links, .opened = moment_now() };
    l->session = l->protocol->open(l);
    return l;
}

void link_free(struct link *l)
{
    stream_close(&l->stream);
    if (l->session)
        l->protocol->close(l);
    buf_free(&l->out);
    free(l);
}

void client_peer_free(struct peer *p)
{
    for (size_t i = 0; i < p->n; i++)
        link_free(p->links[i]);
    free(p->links);
    free(p->key);
    free(p->host);
    free(p);
}

void client_bury(struct client *c)
{
    for (size_t i = 0; i < c->n_dead; i++)
        link_free(c->dead[i]);
    c->n_dead = 0;
}

void link_mark_dirty(struct link *l)
{
    if (l->dirty || l->state == LINK_DOWN)
        return;
    l->dirty = true;
    l->next_dirty = l->client->dirty;
    l->client->dirty = l;
}

void link_note_unsent(struct link *l, struct flight *f)
{
    if (f->unsent || f->call.sent)
        return;
    f->unsent = true;
    f->unsent_after = NULL;
    *(l->unsent_last ? &l->unsent_last->unsent_after : &l->unsent) = f;
    l->unsent_last = f;
}

static void watch(struct link *l, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = l };
    if (l->watched == events)
        return;
    epoll_ctl(l->client->epoll, l->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, l->stream.fd, &e);
    l->watched = events;
}

bool peer_backing_off(const struct peer *p)
{
    return p->retry_at != 0;
}

/* Links that fail together are one failure. */
static void back_off(struct peer *p)
{
    p->tried = 0;
    if (peer_backing_off(p))
        return;
    p->backoff = p->backoff ? 2 * p->backoff : first_backoff;
    if (p->backoff > last_backoff)
        p->backoff = last_backoff;
    p->retry_at = moment_now() + p->backoff;
}

/* With no link left to hope for, what waits at the peer was never sent. */
static void refuse_queue(struct peer *p)
{
    while (p->n == 0 && p->queue)
        flight_end(p->queue, END_REFUSED, GRPC_UNAVAILABLE);
}

/* On to the name's next address; false when all have failed since one was good. */
static bool another_address(struct peer *p)
{
    p->at = (p->at + 1) % p->n_addrs;
    return ++p->tried < p->n_addrs;
}

static bool open_stream(struct link *l)
{
    struct peer *p = l->peer;
    bool good = false, more = p->n_addrs > 0;
    while (more && !good) {
        l->address = p->at;
        good = stream_open(&l->stream, &p->addr[p->at], p->addr_len[p->at], l->client->o.tls,
                           p->host);
        more = !good && another_address(p);
    }
    return good;
}

static void note_trouble(struct link *l, const char *otherwise)
{
    struct peer *p = l->peer;
    snprintf(p->why, sizeof p->why, "%s", l->stream.why[0] ? l->stream.why : otherwise);
}

bool peer_open(struct client *c, struct peer *p)
{
    struct link *l = link_new(c, p);
    c->counts.opened++;
    if (!open_stream(l)) {
        c->counts.failed++;
        if (p->n_addrs)
            note_trouble(l, "");
        link_free(l);
        back_off(p);
        return false;
    }
    MEM_GROW(p->links, p->n, p->cap);
    p->links[p->n++] = l;
    watch(l, EPOLLIN | EPOLLOUT);
    return true;
}

/* End all that was on the link. */
static void lose_flights(struct link *l)
{
    for (struct flight *f = l->client->first, *next; f && l->in_flight; f = next) {
        next = f->next;
        if (f->link == l)
            flight_end(f, l->going_away && !f->call.first ? END_GOAWAY : END_LOST,
                       GRPC_UNAVAILABLE);
    }
}

static void leave_peer(struct link *l)
{
    struct peer *p = l->peer;
    for (size_t i = 0; i < p->n; i++)
        if (p->links[i] == l) {
            p->links[i] = p->links[--p->n];
            return;
        }
}

/* A peer whose links fail at once is left alone a while. */
void link_down(struct link *l)
{
    struct client *c = l->client;
    struct peer *p = l->peer;
    bool was_up = l->state != LINK_CONNECTING && l->state != LINK_GREETING;
    bool meant = l->state == LINK_DRAINING && l->in_flight == 0 && !l->going_away;
    if (l->state == LINK_DOWN)
        return;
    l->state = LINK_DOWN;
    stream_close(&l->stream);
    leave_peer(l);
    MEM_GROW(c->dead, c->n_dead, c->dead_cap);
    c->dead[c->n_dead++] = l;
    lose_flights(l);
    c->counts.failed += !was_up;
    c->counts.lost += was_up && !meant;
    if (!meant)
        note_trouble(l, l->going_away ? "it went away (GOAWAY)" : "it speaks something else");
    if (!was_up && (l->address == p->at ? another_address(p) : p->tried > 0))
        peer_open(c, p);
    else if (!was_up || (!meant && !l->served && moment_now() - l->opened < short_life))
        back_off(p);
    else if (p->queue && p->n == 0 && !peer_backing_off(p))
        peer_open(c, p);
    refuse_queue(p);
}

static size_t room(const struct link *l)
{
    if (l->state != LINK_UP || (l->client->o.per_call && l->taken))
        return 0;
    return l->protocol->room(l);
}

static bool link_submit(struct link *l, struct flight *f)
{
    l->in_flight++;
    l->taken++;
    if (l->protocol->submit(l, f)) {
        link_mark_dirty(l);
        return true;
    }
    l->in_flight--;
    return false;
}

static struct link *pick(struct peer *p)
{
    struct link *best = NULL;
    for (size_t i = 0; i < p->n; i++) {
        struct link *l = p->links[(p->turn + i) % p->n];
        if (room(l) && (!best || l->in_flight < best->in_flight))
            best = l;
        else if (l->state == LINK_UP && l->in_flight == 0 && l->taken && !room(l)) {
            l->state = LINK_DRAINING;    /* its stream numbers are used up */
            link_mark_dirty(l);
        }
    }
    p->turn++;
    return best;
}

bool peer_connecting(const struct peer *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->links[i]->state == LINK_CONNECTING || p->links[i]->state == LINK_GREETING)
            return true;
    return false;
}

static void enqueue(struct peer *p, struct flight *f)
{
    f->queued = true;
    f->after = NULL;
    *(p->queue_last ? &p->queue_last->after : &p->queue) = f;
    p->queue_last = f;
    f->client->counts.queued++;
}

void client_dispatch(struct client *c, struct flight *f)
{
    struct peer *p = c->peers[c->endpoints[f->call.endpoint].peer];
    struct link *l = c->o.per_call || p->queue ? NULL : pick(p);
    if (l && link_submit(l, f))
        return;
    bool may = !peer_backing_off(p) && (c->o.per_call || p->n < c->o.most);
    if (may && (c->o.per_call || c->protocol == &link_http1 || !peer_connecting(p)))
        peer_open(c, p);
    enqueue(p, f);
    refuse_queue(p);
}

void client_link_freed(struct link *l)
{
    if (l->client->o.per_call && l->state == LINK_UP)
        l->state = LINK_DRAINING;
    link_mark_dirty(l);
}

static void serve_queue(struct link *l)
{
    struct peer *p = l->peer;
    while (p->queue && room(l)) {
        struct flight *f = p->queue;
        p->queue = f->after;
        if (!p->queue)
            p->queue_last = NULL;
        f->queued = false;
        if (!link_submit(l, f))
            flight_end(f, END_LOST, GRPC_UNAVAILABLE);
    }
    if (l->client->o.per_call && l->state == LINK_UP && !l->taken)
        l->state = LINK_DRAINING;    /* the call it was opened for has ended already */
}

/* False: the connection is over. */
static bool write_out(struct link *l)
{
    while (l->out_at < l->out.n) {
        ssize_t n = stream_write(&l->stream, l->out.p + l->out_at, l->out.n - l->out_at);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        l->out_at += (size_t)n;
    }
    bool all = l->out_at == l->out.n;
    watch(l, EPOLLIN | (!all || l->stream.wants_write ? EPOLLOUT : 0));
    if (all || l->out_at > l->out.n / 2) {     /* it must not grow by what a slow server read */
        buf_drop(&l->out, l->out_at);
        l->out_at = 0;
    }
    if (!all)
        return true;
    int64_t now = l->unsent ? moment_now() : 0;
    while (l->unsent) {
        struct flight *f = l->unsent;
        f->call.sent = now;
        f->unsent = false;
        l->unsent = f->unsent_after;
    }
    l->unsent_last = NULL;
    return true;
}

void client_flush(struct client *c)
{
    while (c->dirty) {
        struct link *l = c->dirty;
        c->dirty = l->next_dirty;
        l->dirty = false;
        if (l->state == LINK_DOWN || l->state == LINK_CONNECTING)
            continue;
        serve_queue(l);
        bool good = l->protocol->output(l) && write_out(l);
        good = good && !(l->out.n == 0 && l->protocol->over && l->protocol->over(l));
        if (!good || (l->state == LINK_DRAINING && l->in_flight == 0))
            link_down(l);
    }
}

static void link_up(struct link *l)
{
    l->state = LINK_UP;
    l->opened = moment_now();
    if (l->peer->tried)
        l->peer->why[0] = '\0';    /* another address of the name did */
    l->peer->tried = 0;
    l->peer->backoff = 0;
    l->peer->retry_at = 0;
    link_mark_dirty(l);
}

void link_greeted(struct link *l)
{
    if (l->state == LINK_GREETING)
        link_up(l);
}

static void link_read(struct link *l)
{
    static _Thread_local uint8_t bytes[READ_SIZE];
    for (int k = 0; k < READS; k++) {
        ssize_t n = stream_read(&l->stream, bytes, sizeof bytes);
        if (n == 0)
            break;
        if (n < 0 && l->protocol->eof)
            l->protocol->eof(l);
        if (n < 0 || !l->protocol->input(l, bytes, (size_t)n)) {
            link_down(l);
            return;
        }
        if ((size_t)n < sizeof bytes)
            break;
    }
    link_mark_dirty(l);
}

void link_event(struct link *l, uint32_t events)
{
    if (l->state == LINK_DOWN)
        return;
    if (l->state == LINK_CONNECTING) {
        enum stream_state s = stream_connect(&l->stream);
        if (s == STREAM_READY && l->protocol->greets) {
            l->state = LINK_GREETING;
            link_mark_dirty(l);
        } else if (s == STREAM_READY)
            link_up(l);
        else if (s == STREAM_FAILED)
            link_down(l);
        else
            watch(l, EPOLLIN | (l->stream.wants_write ? EPOLLOUT : 0));
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        link_read(l);
    if (events & EPOLLOUT)
        link_mark_dirty(l);
}
