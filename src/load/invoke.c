/* invoke.c: puts the parts of a run together, and takes them apart in the other order. */
#define _GNU_SOURCE   /* sched_setaffinity, prctl */
#include "load/invoke.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/mem.h"
#include "load/client_priv.h"
#include "load/moment.h"
#include "load/record.h"

static const int64_t connect_wait = 5 * MOMENT_S, lead = 2 * MOMENT_MS;

struct invoke {
    struct invoke_options o;
    struct client *client;
    struct zipkin *zipkin;
    struct record *record;
    struct wire wire;          /* the client's */
    uint64_t issued;
};

static void take(void *ctx, const struct invocation *i)
{
    record_take(((struct invoke *)ctx)->record, i);
}

struct invoke *invoke_new(const struct invoke_options *o, struct err *err)
{
    struct invoke *v = mem_alloc(sizeof *v);
    v->o = *o;
    v->o.client.tracing = o->client.tracing || o->zipkin;
    v->zipkin = o->zipkin ? zipkin_open(o->zipkin, err) : NULL;
    if (!o->zipkin || v->zipkin)
        v->client = client_new(&v->o.client, take, v, err);
    if (v->client)
        return v;
    invoke_free(v);
    return NULL;
}

void invoke_free(struct invoke *v)
{
    if (!v)
        return;
    client_free(v->client);
    zipkin_free(v->zipkin);
    free(v);
}

struct client *invoke_client(struct invoke *v)
{
    return v->client;
}

/* The client's wire, counting for the live line. */
static int64_t wire_now(void *ctx)
{
    (void)ctx;
    return moment_now();
}

static void wire_send(void *ctx, const struct invocation *i)
{
    struct invoke *v = ctx;
    record_offered(v->record, ++v->issued);
    v->wire.send(v->wire.ctx, i);
}

static void wire_flush(void *ctx)
{
    struct invoke *v = ctx;
    v->wire.flush(v->wire.ctx);
}

static void wire_wait(void *ctx, int64_t until)
{
    struct invoke *v = ctx;
    v->wire.wait(v->wire.ctx, until);
}

static void wire_abandon(void *ctx)
{
    struct invoke *v = ctx;
    v->wire.abandon(v->wire.ctx);
}

static size_t wire_in_flight(void *ctx)
{
    struct invoke *v = ctx;
    return v->wire.in_flight(v->wire.ctx);
}

/* Waking up to the microsecond needs a timer without slack; failing that, only lateness grows. */
static void prepare_thread(int cpu)
{
    cpu_set_t set;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static bool find_start(const struct invoke *v, int64_t *start, struct err *err)
{
    int64_t ahead = v->o.start_wall - moment_wall();
    *start = moment_now() + (v->o.start_wall ? ahead : lead);
    return !v->o.start_wall || ahead >= 0 ||
           err_set(err, EXIT_USAGE, "--start-at: that was %.3f s ago", -(double)ahead / 1e9);
}

static void judge(struct invoke_report *r, int64_t bound)
{
    double p99 = histogram_quantile(&r->tally.lateness, 0.99);
    r->lateness_p99_us = p99 / 1e3;
    r->bound_us = (double)bound / 1e3;
    r->valid = !r->fire.stopped && r->fire.issued == r->planned && !(p99 > (double)bound);
}

/* A wrong port or certificate is better known before a run of an hour than after it. */
static void tell_unreached(const struct client *c, size_t up, FILE *log)
{
    enum { MOST = 10 };
    size_t n = client_peers(c), told = 0;
    if (!log || up == n)
        return;
    fprintf(log, "%zu of %zu addresses could not be reached before the start\n", n - up, n);
    for (size_t i = 0; i < n && told < MOST; i++)
        if (*client_peer_trouble(c, i)) {
            fprintf(log, "  %s: %s\n", client_peer_name(c, i), client_peer_trouble(c, i));
            told++;
        }
}

static void connect_first(struct invoke *v, struct invoke_report *r)
{
    int64_t until = moment_now() + connect_wait;
    if (v->o.start_wall && v->o.start_wall - moment_wall() < connect_wait)
        until = moment_now() + (v->o.start_wall - moment_wall()) - lead;
    r->peers_up = client_connect(v->client, until);
    if (!v->o.client.per_call)
        tell_unreached(v->client, r->peers_up, v->o.log);
}

static bool fire(struct invoke *v, struct plan_source source, int64_t start,
                 const volatile sig_atomic_t *stop, struct invoke_report *r, struct err *err)
{
    struct plan_feed *feed = plan_feed_start(source);
    struct wire w = { v, wire_now, wire_send, wire_flush, wire_wait, wire_abandon,
                      wire_in_flight };
    v->wire = client_wire(v->client);
    prepare_thread(v->o.cpu);
    r->fire = fire_run(plan_feed_plan(feed), &w, start, stop);
    return plan_feed_end(feed, err);
}

bool invoke_run(struct invoke *v, struct plan_source source, uint64_t planned,
                const volatile sig_atomic_t *stop, struct invoke_report *r, struct err *err)
{
    struct record_options o = { .csv = v->o.csv, .latencies = v->o.latencies,
                                .client = v->client, .zipkin = v->zipkin, .planned = planned };
    *r = (struct invoke_report){ .planned = planned };
    connect_first(v, r);
    if (!find_start(v, &o.start, err))
        return false;
    r->start = o.start;
    v->record = record_start(&o, err);
    if (!v->record)
        return false;
    bool good = fire(v, source, o.start, stop, r, err);
    r->connections = client_counts(v->client);
    good = record_end(v->record, &r->tally, &r->unposted, good ? err : NULL) && good;
    r->seconds = (double)(r->tally.last_done ? r->tally.last_done - o.start : 0) / 1e9;
    judge(r, v->o.lateness_bound);
    return good;
}

void invoke_report_free(struct invoke_report *r)
{
    tally_free(&r->tally);
}
