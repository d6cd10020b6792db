/* serve_job.c: work on a request: its own, and its children's in the order of the trace. */
#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "base/mem.h"
#include "load/message.h"
#include "load/moment.h"
#include "load/serve_priv.h"

struct job {
    struct server *server;
    struct request *request;       /* NULL once answered */
    const struct callgraph *graph; /* NULL: none */
    uint32_t number, node;         /* of the graph; of the call */
    size_t waits;                  /* synchronous children not back yet */
    size_t away;                   /* children not back yet, and work under way */
    enum grpc_status status;
};

/* ---- scripts --------------------------------------------------------------------------------- */

static bool waited_for(const struct call *c)
{
    return !c->async;
}

/* Had sibling b ended when c began? Calls of no length that stand at one moment go by their place:
 * without an order two could wait for each other. */
static bool precedes(const struct callgraph *g, size_t b, size_t c)
{
    int64_t end = call_finish(&g->calls[b]);
    return b != c && waited_for(&g->calls[b]) && end <= g->calls[c].start &&
           (end < call_finish(&g->calls[c]) || b < c);
}

/* Of the children of call i: whom each follows, and the work before. Among siblings that ended by
 * the time c began, the last to end is what c waited for. */
static void script_call(struct script *s, size_t base, const struct callgraph *g, uint32_t i,
                        int64_t tick_ns)
{
    const struct call *me = &g->calls[i];
    size_t end = callgraph_end(g, i);
    int64_t last = me->start;
    for (size_t c = i + 1; c < end; c = callgraph_end(g, c)) {
        const struct call *child = &g->calls[c];
        int64_t from = me->start;
        uint32_t after = CALL_NONE;
        for (size_t b = i + 1; b < end; b = callgraph_end(g, b))
            if (precedes(g, b, c) && (after == CALL_NONE || call_finish(&g->calls[b]) > from)) {
                from = call_finish(&g->calls[b]);
                after = (uint32_t)b;
            }
        s->after[base + c] = after;
        s->pause[base + c] = (child->start > from ? child->start - from : 0) * tick_ns;
        if (waited_for(child) && call_finish(child) > last)
            last = call_finish(child);
    }
    s->tail[base + i] = (call_finish(me) > last ? call_finish(me) - last : 0) * tick_ns;
}

struct script *script_new(const struct graphset *set)
{
    struct script *s = mem_alloc(sizeof *s);
    s->first = mem_array(set->n + 1, sizeof *s->first);
    for (size_t g = 0; g < set->n; g++)
        s->first[g + 1] = s->first[g] + set->graphs[g].n;
    size_t n = s->first[set->n];
    s->after = mem_array(n, sizeof *s->after);
    s->pause = mem_array(n, sizeof *s->pause);
    s->tail = mem_array(n, sizeof *s->tail);
    for (size_t g = 0; g < set->n; g++) {
        s->after[s->first[g]] = CALL_NONE;
        for (uint32_t i = 0; i < set->graphs[g].n; i++)
            script_call(s, s->first[g], &set->graphs[g], i, (int64_t)set->tick_us * MOMENT_US);
    }
    return s;
}

void script_free(struct script *s)
{
    if (!s)
        return;
    free(s->first);
    free(s->after);
    free(s->pause);
    free(s->tail);
    free(s);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static void work(struct job *j, uint32_t child, int64_t ns)
{
    j->away++;
    server_work(j->server, j, child, ns);
}

static int64_t own_time(struct server *s, const struct request *r)
{
    double ms = s->o.ms;
    struct message m;
    if (s->o.latency == SERVE_TRACE)
        ms = 0;
    else if (s->o.latency == SERVE_EXPONENTIAL && ms > 0)
        ms = gsl_ran_exponential(s->rng, ms);
    if (r->executor && message_get(buf_view(&r->body), &m))
        ms += m.number[0];
    return (int64_t)(ms * 1e6);
}

/* Call the children that follow `after`. */
static void call_followers(struct job *j, uint32_t after)
{
    const struct callgraph *g = j->graph;
    const struct script *s = j->server->script;
    size_t base = s->first[j->number], end = callgraph_end(g, j->node);
    bool timed = j->server->o.latency == SERVE_TRACE;
    for (size_t c = (size_t)j->node + 1; c < end; c = callgraph_end(g, c))
        if (s->after[base + c] == after)
            work(j, (uint32_t)c, timed ? s->pause[base + c] : 0);
}

static void finish_when_all_are_back(struct job *j)
{
    if (j->waits)
        return;
    const struct script *s = j->server->script;
    bool timed = j->graph && j->server->o.latency == SERVE_TRACE;
    work(j, CALL_NONE, timed ? s->tail[s->first[j->number] + j->node]
                             : own_time(j->server, j->request));
}

/* The graph and the call that the request names, if they exist and lead to this service. */
static void find_call(struct job *j, const struct request *r)
{
    const struct graphset *set = j->server->o.graphs;
    if (!set || r->graph == INVOCATION_NONE)
        return;
    j->status = GRPC_NOT_FOUND;
    if (r->graph >= set->n || r->node >= set->graphs[r->graph].n)
        return;
    const struct callgraph *g = &set->graphs[r->graph];
    if (!str_is(buf_view(&r->authority), names_get(set->names, g->calls[r->node].dst)))
        return;
    j->graph = g;
    j->number = r->graph;
    j->node = r->node;
    j->status = GRPC_OK;
}

static void note_arrival(struct serve_arrivals *a, int64_t at)
{
    if (!a)
        return;
    if (a->n < a->cap)
        a->at[a->n] = at;
    a->n++;
}

void job_start(struct request *r)
{
    struct job *j = mem_alloc(sizeof *j);
    j->server = r->conn->server;
    j->request = r;
    r->busy = true;
    r->came = moment_now();
    j->server->counts.requests++;
    note_arrival(j->server->o.arrivals, r->came);
    find_call(j, r);
    j->away = 1;    /* this function */
    if (j->graph) {
        size_t end = callgraph_end(j->graph, j->node);
        for (size_t c = (size_t)j->node + 1; c < end; c = callgraph_end(j->graph, c))
            j->waits += waited_for(&j->graph->calls[c]);
        call_followers(j, CALL_NONE);
    }
    finish_when_all_are_back(j);
    if (--j->away == 0)
        free(j);
}

static void write_reply(struct job *j, struct request *r)
{
    struct message m = { 0 }, asked;
    struct buf text = { 0 };
    uint32_t us = (uint32_t)((moment_now() - r->came) / MOMENT_US);
    if (r->grpc && !r->executor && message_get(buf_view(&r->body), &asked))
        buf_printf(&text, "Hello %.*s, ", (int)(asked.text.n < 200 ? asked.text.n : 200),
                   asked.text.p);
    buf_printf(&text, "%.*s took us: %u", (int)(r->authority.n < 200 ? r->authority.n : 200),
               r->authority.n ? r->authority.p : "", us);
    m.text = buf_view(&text);
    if (r->executor)
        m.number[0] = us;
    if (r->grpc)
        message_put(&r->reply, &m);
    else {
        buf_add(&r->reply, text.p, text.n);
        buf_char(&r->reply, '\n');
    }
    buf_free(&text);
    r->status = j->status;
}

static void answer(struct job *j)
{
    struct request *r = j->request;
    j->request = NULL;
    write_reply(j, r);
    server_answer(r);
}

void job_go_on(const struct work *w)
{
    struct job *j = w->job;
    if (w->child == CALL_NONE)
        answer(j);
    else {
        j->away++;
        server_call(j->server, j, j->number, w->child);
    }
    if (--j->away == 0)
        free(j);
}

void job_returned(struct job *j, uint32_t child, enum grpc_status s)
{
    if (waited_for(&j->graph->calls[child])) {
        if (s != GRPC_OK)
            j->status = s;
        j->waits--;
        call_followers(j, child);
        finish_when_all_are_back(j);
    }
    if (--j->away == 0)
        free(j);
}
