/* feature.c: the features, each a few lines. */
#include "eval/feature.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

void tallies_add(struct tallies *t, uint64_t key, double count)
{
    MEM_GROW(t->at, t->n, t->cap);
    t->at[t->n++] = (struct tally){ key, count };
}

static const struct callgraph *graph(const struct profile *p, size_t i)
{
    return &p->set->graphs[i];
}

uint64_t feature_call_key(const struct profile *p, const struct call *c)
{
    return hash64_mix(hash64_mix(p->name[c->src], p->name[c->dst]), c->type);
}

static void collect_calls(const struct profile *p, size_t i, struct tallies *out)
{
    const struct callgraph *g = graph(p, i);
    for (size_t k = 0; k < g->n; k++)
        tallies_add(out, feature_call_key(p, &g->calls[k]), 1);
}

static void collect_destinations(const struct profile *p, size_t i, struct tallies *out)
{
    const struct callgraph *g = graph(p, i);
    for (size_t k = 0; k < g->n; k++)
        tallies_add(out, p->name[g->calls[k].dst], 1);
}

static void collect_service(const struct profile *p, size_t i, struct tallies *out)
{
    tallies_add(out, p->name[graph(p, i)->service], 1);
}

/* A microservice is reached by a call, so the callees are all microservices but the root's caller;
 * a graph has few of them, and the first mention of a callee stands for it. Where the graph is
 * large the mentions are sorted instead of searched. */
struct mention {
    uint32_t name;
    bool issued;     /* as caller, or as callee */
};

static int by_name(const void *a, const void *b)
{
    const struct mention *x = a, *y = b;
    return x->name < y->name ? -1 : x->name > y->name;
}

static void collect_degree(const struct profile *p, size_t i, struct tallies *out, bool issued)
{
    const struct callgraph *g = graph(p, i);
    struct mention *m = mem_array(2 * g->n, sizeof *m);
    for (size_t k = 0; k < g->n; k++) {
        m[2 * k] = (struct mention){ g->calls[k].src, true };
        m[2 * k + 1] = (struct mention){ g->calls[k].dst, false };
    }
    qsort(m, 2 * g->n, sizeof *m, by_name);
    for (size_t k = 0; k < 2 * g->n;) {
        size_t degree = 0, received = 0;
        uint32_t name = m[k].name;
        for (; k < 2 * g->n && m[k].name == name; k++) {
            degree += m[k].issued == issued;
            received += !m[k].issued;
        }
        if (received)    /* nothing calls USER */
            tallies_add(out, degree, 1);
    }
    free(m);
}

static void collect_in(const struct profile *p, size_t i, struct tallies *out)
{
    collect_degree(p, i, out, false);
}

static void collect_out(const struct profile *p, size_t i, struct tallies *out)
{
    collect_degree(p, i, out, true);
}

static void collect_size(const struct profile *p, size_t i, struct tallies *out)
{
    tallies_add(out, graph(p, i)->n, 1);
}

static void collect_depth(const struct profile *p, size_t i, struct tallies *out)
{
    tallies_add(out, callgraph_depth(graph(p, i)), 1);
}

/* The key is the response time in microseconds, so sets of different ticks agree. */
static void collect_lrt(const struct profile *p, size_t i, struct tallies *out)
{
    const struct callgraph *g = graph(p, i);
    for (size_t k = 0; k < g->n && g->timed; k++)
        tallies_add(out, (uint64_t)(g->calls[k].rt > 0 ? g->calls[k].rt : 0) * p->set->tick_us, 1);
}

static void collect_structure(const struct profile *p, size_t i, struct tallies *out)
{
    tallies_add(out, p->structure[i], 1);
}

static void collect_structure3(const struct profile *p, size_t i, struct tallies *out)
{
    if (graph(p, i)->n >= 3)
        tallies_add(out, p->structure[i], 1);
}

static void collect_full(const struct profile *p, size_t i, struct tallies *out)
{
    if (graph(p, i)->timed)
        tallies_add(out, p->full[i], 1);
}

static void collect_full3(const struct profile *p, size_t i, struct tallies *out)
{
    if (graph(p, i)->n >= 3)
        collect_full(p, i, out);
}

static void collect_valid(const struct profile *p, size_t i, struct tallies *out)
{
    tallies_add(out, callgraph_check(graph(p, i), NULL) == GRAPH_GOOD, 1);
}

static double position_number(uint64_t key)
{
    return (double)key;
}

static double position_lrt(uint64_t key)
{
    return log2(1 + (double)key / 1000);
}

const struct feature feature_calls = { .name = "calls", .collect = collect_calls };
const struct feature feature_calls_presence = {
    .name = "calls present", .collect = collect_calls, .presence = true,
};
const struct feature feature_destinations = {
    .name = "destinations", .collect = collect_destinations,
};
const struct feature feature_services = { .name = "services", .collect = collect_service };
const struct feature feature_in_degree = {
    .name = "in-degree", .collect = collect_in, .position = position_number,
};
const struct feature feature_out_degree = {
    .name = "out-degree", .collect = collect_out, .position = position_number,
};
const struct feature feature_size = {
    .name = "size", .collect = collect_size, .position = position_number,
};
const struct feature feature_depth = {
    .name = "depth", .collect = collect_depth, .position = position_number,
};
const struct feature feature_lrt = {
    .name = "log2 response time", .collect = collect_lrt, .position = position_lrt, .timed = true,
};
const struct feature feature_structure = { .name = "structures", .collect = collect_structure };
const struct feature feature_structure3 = {
    .name = "structures, 3 calls or more", .collect = collect_structure3,
};
const struct feature feature_full = {
    .name = "graphs with times", .collect = collect_full, .timed = true,
};
const struct feature feature_full3 = {
    .name = "graphs with times, 3 calls or more", .collect = collect_full3, .timed = true,
};
const struct feature feature_valid = {
    .name = "valid", .collect = collect_valid, .position = position_number,
};
