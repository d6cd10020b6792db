/* plan_graphs.c: see the header. All moments are found before the run: 24 bytes a graph. */
#include "load/plan_graphs.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

struct moment_of {
    int64_t at;        /* ns */
    size_t graph;
};

struct plan_graphs {
    const struct graphset *s;
    struct plan_graphs_options o;
    struct moment_of *when;
    size_t n, next;
    uint32_t *endpoint, *function;    /* per name of the set; INVOCATION_NONE: not asked for yet */
};

static int earlier(const void *a, const void *b)
{
    const struct moment_of *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->graph < y->graph ? -1 : x->graph > y->graph;
}

static void arrive_as_recorded(struct plan_graphs *p)
{
    const struct graphset *s = p->s;
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < s->n; i++)
        if (s->graphs[i].arrival < first)
            first = s->graphs[i].arrival;
    for (size_t i = 0; i < s->n; i++) {
        double us = (double)(s->graphs[i].arrival - first) * (double)s->tick_us / p->o.speed;
        p->when[i] = (struct moment_of){ (int64_t)(us * 1e3), i };
    }
    qsort(p->when, s->n, sizeof *p->when, earlier);
}

static void arrive_at_a_rate(struct plan_graphs *p)
{
    gsl_rng *rng = rng_stream(p->o.seed, "load/graphs", 0);
    double at = 0;
    for (size_t i = 0; i < p->s->n; i++) {
        at += gsl_ran_exponential(rng, 1 / p->o.rate);
        p->when[i] = (struct moment_of){ (int64_t)(at * 1e9), i };
    }
    gsl_rng_free(rng);
}

/* Leave out what comes after the plan's end, or is another sender's. */
static void keep_mine(struct plan_graphs *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->s->n; i++) {
        if (p->o.seconds > 0 && (double)p->when[i].at >= p->o.seconds * 1e9)
            break;
        if (i % p->o.shards == p->o.shard)
            p->when[kept++] = p->when[i];
    }
    p->n = kept;
}

static bool learn_names(struct plan_graphs *p, struct client *c, struct err *err)
{
    size_t names = names_count(p->s->names);
    p->endpoint = mem_array(names, sizeof *p->endpoint);
    p->function = mem_array(names, sizeof *p->function);
    for (size_t i = 0; i < p->n; i++) {
        const struct callgraph *g = &p->s->graphs[p->when[i].graph];
        uint32_t dst = g->calls[0].dst, service = g->service;
        uint32_t e = client_endpoint(c, names_get(p->s->names, dst), err);
        if (e == INVOCATION_NONE)
            return false;
        p->endpoint[dst] = e;
        p->function[service] = client_function(c, names_get(p->s->names, service));
    }
    return true;
}

struct plan_graphs *plan_graphs_new(const struct graphset *s, const struct plan_graphs_options *o,
                                    struct client *c, struct err *err)
{
    REQUIRE(s->n && o->speed > 0 && o->shards >= 1 && o->shard < o->shards);
    struct plan_graphs *p = mem_alloc(sizeof *p);
    *p = (struct plan_graphs){ .s = s, .o = *o };
    p->when = mem_array(s->n, sizeof *p->when);
    if (o->rate > 0)
        arrive_at_a_rate(p);
    else
        arrive_as_recorded(p);
    bool good = o->rate > 0 || s->n == 1 || p->when[s->n - 1].at > p->when[0].at ||
                err_set(err, EXIT_DATA, "all %zu call graphs arrive at one moment: give a --rate",
                        s->n);
    keep_mine(p);
    if (good && learn_names(p, c, err))
        return p;
    plan_graphs_free(p);
    return NULL;
}

void plan_graphs_free(struct plan_graphs *p)
{
    if (!p)
        return;
    free(p->when);
    free(p->endpoint);
    free(p->function);
    free(p);
}

static bool next(void *ctx, struct invocation *i, struct err *err)
{
    (void)err;
    struct plan_graphs *p = ctx;
    if (p->next == p->n)
        return false;
    const struct moment_of *m = &p->when[p->next];
    const struct callgraph *g = &p->s->graphs[m->graph];
    int64_t tick_ns = (int64_t)p->s->tick_us * 1000;
    *i = (struct invocation){
        .id = m->graph, .unit = (uint32_t)(m->at / 1000000000), .index = (uint32_t)p->next,
        .endpoint = p->endpoint[g->calls[0].dst], .function = p->function[g->service],
        .graph = (uint32_t)m->graph, .node = 0,
        .expected = g->timed ? g->calls[0].rt * tick_ns : -1,
        .measured = (double)m->at >= p->o.warmup * 1e9, .planned = m->at,
    };
    p->next++;
    return true;
}

struct plan_source plan_graphs_source(struct plan_graphs *p)
{
    return (struct plan_source){ p, next };
}

uint64_t plan_graphs_calls(const struct plan_graphs *p)
{
    return p->n;
}
