/* reference.c: a world is drawn once and then only read; its traces are drawn one by one. */
#include "trace/reference.h"

#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/rng.h"
#include "trace/reference_priv.h"

struct reference *reference_new(uint64_t seed, enum reference_preset preset)
{
    struct reference *r = mem_alloc(sizeof *r);
    r->arena = arena_new();
    r->names = names_new();
    r->seed = seed;
    r->preset = preset;
    ref_law_draw(r);
    return r;
}

void reference_free(struct reference *r)
{
    if (!r)
        return;
    free(r->ms);
    names_free(r->names);
    arena_free(r->arena);
    free(r);
}

/* Which of the callee's interfaces: fixed by caller and callee; a call to oneself goes through the
 * one after the own (TAB: 5.8 % of the calls stay in their microservice). */
static uint32_t interface_of(const struct reference *r, const struct ref_topology *t, size_t i)
{
    const struct ref_node *n = &t->node[i];
    uint32_t caller = n->parent == CALL_NONE ? CALL_NONE : t->node[n->parent].ms;
    uint64_t k = hash64_mix(caller == n->ms ? n->level : caller, n->ms);
    return r->ms[n->ms].interface[k % REF_INTERFACES];
}

/* Gaps between arrivals are exponential: REFERENCE_TRACES an hour. */
int64_t ref_next_arrival(gsl_rng *arrivals, double *clock_ms)
{
    *clock_ms += gsl_ran_exponential(arrivals, 3600e3 / REFERENCE_TRACES);
    return (int64_t)*clock_ms;
}

void ref_trace_draw(const struct reference *r, uint64_t index, gsl_rng *g, struct ref_trace *out)
{
    rng_restart(g, r->seed, "reference/trace", index);
    const struct ref_service *s = &r->service[rng_pick(g, r->cum, r->n_services)];
    const struct ref_topology *t = &s->topology[rng_pick(g, s->cum, s->n)];
    out->index = index;
    out->number = 10000000000u + index * 53 + rng_below(g, 53);
    out->service = s;
    out->topology = t;
    out->n = t->n;
    MEM_RESERVE(out->calls, t->n, out->cap);
    for (size_t i = 0; i < t->n; i++) {
        const struct ref_node *n = &t->node[i];
        out->calls[i] = (struct call){
            .src = n->parent == CALL_NONE ? r->user : r->ms[t->node[n->parent].ms].name,
            .dst = r->ms[n->ms].name,
            .interface = interface_of(r, t, i),
            .parent = n->parent, .id = n->id, .level = n->level, .type = n->type,
            .kind = n->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT,
        };
    }
    ref_times(r, s, t, g, out->calls);
}

struct graphset *reference_graphs(const struct reference_options *o)
{
    struct reference *r = reference_new(o->seed, o->preset);
    struct graphset *set = graphset_new();
    names_free(set->names);
    set->names = r->names;   /* the world's ids stay valid; trace ids are added */
    gsl_rng *g = rng_stream(o->seed, "reference/trace", 0),
            *arrivals = rng_stream(o->seed, "reference/arrivals", 0);
    struct ref_trace t = { 0 };
    double clock_ms = 0;
    for (uint64_t i = 0; i < (o->traces ? o->traces : REFERENCE_TRACES); i++) {
        ref_trace_draw(r, o->first + i, g, &t);
        struct callgraph *c = graphset_add(set, t.n);
        char id[32];
        snprintf(id, sizeof id, "T_%" PRIu64, t.number);
        c->service = t.service->name;
        c->trace_id = names_id_of(set->names, id);
        c->arrival = ref_next_arrival(arrivals, &clock_ms);
        c->timed = true;
        for (size_t k = 0; k < t.n; k++)
            c->calls[k] = t.calls[k];
    }
    r->names = NULL;
    free(t.calls);
    gsl_rng_free(arrivals);
    gsl_rng_free(g);
    reference_free(r);
    return set;
}
