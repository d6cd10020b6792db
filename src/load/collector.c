/* collector.c: one thread, one loop. What is due next is on a heap; between two due times the loop
 * lies in curl's poll, where answers come in.
 *
 * A trace needs an id of its own every time it is sent, or the collector would join it to what it
 * got an hour ago: ids are hashed from the seed, the trace's number and the time of day.
 */
#include "load/collector.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/rng.h"
#include "stats/interval.h"
#include "stats/sort.h"

void collector_schedule(const struct collector_options *o, size_t n, double *out)
{
    gsl_rng *r = rng_stream(o->seed, "collector/schedule", 0);
    double t = 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = o->even ? (double)i / o->rate : t;
        t += gsl_ran_exponential(r, 1 / o->rate);
    }
    gsl_rng_free(r);
}

double *collector_plan(const struct collector_options *o, size_t graphs, size_t *n)
{
    size_t cap = graphs;
    if (o->duration_s > 0) {     /* enough with certainty, then cut */
        double mean = o->rate * o->duration_s;
        cap = (size_t)(mean + 10 * sqrt(mean) + 100);
    }
    double *due = mem_array(cap + 1, sizeof *due);
    collector_schedule(o, cap, due);
    for (*n = 0; *n < cap && (o->duration_s <= 0 || due[*n] < o->duration_s);)
        ++*n;
    return due;
}

struct leaving {               /* a trace that has begun */
    double at_s;               /* when its last span ends */
    size_t index;
};

struct run {
    const struct graphset *s;
    const struct collector_options *o;
    struct collector_report *rep;
    struct http_posts *posts;
    double began_s;            /* monotonic */
    int64_t began_ns;          /* the same moment, since 1970 */
    struct leaving *heap;
    size_t n_heap, heap_cap;
    double *late_ms, *answer_ms, *due_s;
    size_t n_late, n_answer;
    struct arena *a;
    struct buf body;
    struct progress bar;
};

static double now_s(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double since(const struct run *r)
{
    return now_s(CLOCK_MONOTONIC) - r->began_s;
}

static void push(struct run *r, struct leaving x)
{
    MEM_GROW(r->heap, r->n_heap, r->heap_cap);
    size_t i = r->n_heap++;
    for (; i > 0 && r->heap[(i - 1) / 2].at_s > x.at_s; i = (i - 1) / 2)
        r->heap[i] = r->heap[(i - 1) / 2];
    r->heap[i] = x;
}

static struct leaving pop(struct run *r)
{
    struct leaving top = r->heap[0], last = r->heap[--r->n_heap];
    size_t i = 0;
    for (size_t k = 1; k < r->n_heap; k = 2 * i + 1) {
        k += k + 1 < r->n_heap && r->heap[k + 1].at_s < r->heap[k].at_s;
        if (r->heap[k].at_s >= last.at_s)
            break;
        r->heap[i] = r->heap[k];
        i = k;
    }
    r->heap[i] = last;
    return top;
}

static const struct callgraph *graph_of(const struct run *r, size_t i)
{
    return &r->s->graphs[i % r->s->n];
}

static double tick_s(const struct run *r)
{
    return 1e-6 * r->s->tick_us;
}

/* From arrival to the end of the last span. */
static double length_s(const struct run *r, size_t i)
{
    const struct callgraph *g = graph_of(r, i);
    int64_t last = 0;
    for (size_t k = 0; k < g->n; k++)
        if (call_finish(&g->calls[k]) > last)
            last = call_finish(&g->calls[k]);
    return (double)last * tick_s(r);
}

static void answered(void *ctx, const struct http_answer *a)
{
    struct run *r = ctx;
    const double *due = a->tag;
    bool good = a->code >= 200 && a->code < 300;
    if (good)
        r->rep->accepted++;
    else if (a->code)
        r->rep->refused++;
    else
        r->rep->failed++;
    if (!good && !r->rep->first[0]) {
        if (a->code)
            snprintf(r->rep->first, sizeof r->rep->first, "HTTP %ld %.*s", a->code,
                     (int)strcspn(a->body, "\r\n"), a->body);
        else
            snprintf(r->rep->first, sizeof r->rep->first, "%s", a->why);
    }
    if (a->code)
        r->answer_ms[r->n_answer++] = (since(r) - *due) * 1000;
}

static void send_trace(struct run *r, const struct leaving *x, double begins_s)
{
    const struct callgraph *g = graph_of(r, x->index);
    if (http_posts_flying(r->posts) >= r->o->in_flight) {
        r->rep->dropped++;
        return;
    }
    int64_t begins_ns = r->began_ns + (int64_t)(begins_s * 1e9);
    uint64_t id[2];
    id[0] = hash64_mix(hash64_mix(r->o->seed, x->index), (uint64_t)r->began_ns);
    id[1] = hash64_mix(id[0], x->index);
    arena_reset(r->a);
    struct export_graph e = {
        .g = g, .names = r->s->names, .tick_us = r->s->tick_us, .index = x->index, .a = r->a,
        .shift_ns = begins_ns - g->arrival * (int64_t)r->s->tick_us * 1000,
        .trace_id = arena_printf(r->a, "%016llx%016llx", (unsigned long long)(id[0] | 1),
                                 (unsigned long long)id[1]),
        .spans = &r->rep->spans,
    };
    buf_clear(&r->body);
    exporter_one(r->o->format, &e, &r->body);
    r->due_s[x->index] = x->at_s;
    r->late_ms[r->n_late++] = (since(r) - x->at_s) * 1000;
    http_posts_send(r->posts, r->body.p, r->body.n, &r->due_s[x->index]);
    r->rep->traces++;
    r->rep->bytes += r->body.n;
}

static bool stopped(const struct run *r)
{
    return r->o->stop && *r->o->stop;
}

/* Begin, send and wait, until all has left. */
static void follow(struct run *r, const double *due, size_t n)
{
    size_t next = 0;
    while ((next < n && !stopped(r)) || r->n_heap) {
        double t = since(r);
        for (; next < n && due[next] <= t && !stopped(r); next++)
            push(r, (struct leaving){ due[next] + length_s(r, next), next });
        while (r->n_heap && r->heap[0].at_s <= t) {
            struct leaving x = pop(r);
            send_trace(r, &x, due[x.index]);
        }
        double wake = next < n && !stopped(r) ? due[next] : INFINITY;
        if (r->n_heap && r->heap[0].at_s < wake)
            wake = r->heap[0].at_s;
        double wait = wake - since(r);
        http_posts_work(r->posts, wait < 0.5 ? wait : 0.5);
        progress_set(&r->bar, (double)r->rep->traces);
        if (stopped(r))
            r->n_heap = 0;           /* what has begun but not ended is not told */
    }
}

static void quantiles(double *x, size_t n, double out[3])
{
    static const double at[3] = { 0.5, 0.99, 1 };
    if (n)
        sort_doubles(x, n);
    for (int i = 0; i < 3; i++)
        out[i] = n ? quantile_sorted(x, n, at[i]) : NAN;
}

static void run_all(struct run *r, const double *due, size_t n)
{
    r->began_s = now_s(CLOCK_MONOTONIC);
    r->began_ns = (int64_t)(now_s(CLOCK_REALTIME) * 1e9);
    r->bar = progress_begin("emit", "traces", (double)n);
    follow(r, due, n);
    while (http_posts_flying(r->posts))
        http_posts_work(r->posts, 0.2);
    progress_end(&r->bar);
    r->rep->seconds = since(r);
    quantiles(r->late_ms, r->n_late, r->rep->late_ms);
    quantiles(r->answer_ms, r->n_answer, r->rep->answer_ms);
}

bool collector_run(const struct graphset *s, const struct collector_options *o,
                   struct collector_report *rep, struct err *err)
{
    REQUIRE(s->n > 0 && o->rate > 0 && o->format->graph);
    struct run r = { .s = s, .o = o, .rep = rep };
    *rep = (struct collector_report){ 0 };
    r.posts = http_posts_new(o->url, o->type, o->timeout_s, answered, &r, err);
    if (!r.posts)
        return false;
    size_t n;
    double *due = collector_plan(o, s->n, &n);
    r.late_ms = mem_array(n + 1, sizeof *r.late_ms);
    r.answer_ms = mem_array(n + 1, sizeof *r.answer_ms);
    r.due_s = mem_array(n + 1, sizeof *r.due_s);
    r.a = arena_new();
    run_all(&r, due, n);
    http_posts_free(r.posts);
    arena_free(r.a);
    buf_free(&r.body);
    free(r.heap);
    free(r.late_ms);
    free(r.answer_ms);
    free(r.due_s);
    free(due);
    return true;
}
