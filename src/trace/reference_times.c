/* reference_times.c: when every call of a trace starts and how long it takes, in whole ms.
 *
 *     parent  |--pre--[child 1][child 2]--gap--[child 3]--post--|
 *                     concurrent pair:  [child 1]
 *                                       [child 2..]
 *
 * A leaf draws its own rt; a call with children takes what they take and its own work before,
 * between and after them. So children always lie inside their parent, as 99.8 % of TAB's do. */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/hash.h"
#include "base/rng.h"
#include "trace/reference_priv.h"

/* Leaves by type (TAB: P(rt = 0), and ln rt of the others normal). `among` is the part of sigma
 * that lies between destinations, `within` that of one destination. */
static const struct { double zero, mu, among, within; } leaf[CALL_TYPES] = {
    [CALL_HTTP] = { .10, 2.06, .90, .85 }, [CALL_RPC] = { .10, .45, .60, .60 },
    [CALL_DB] = { .43, .15, .15, .45 },    [CALL_MC] = { .43, .035, .10, .17 },
    [CALL_MQ] = { .30, .30, .30, .50 }
};

/* A service's own pace. A root without calls below it takes `zero`, or a lognormal whose median
 * differs between services by `among` and within one by `within`; idle: how often, and for how
 * long, it is still between its calls. Roots of TAB in ms, p50, p90, p99: ping 0, 13, 116 (half are
 * 0); gateway 10, 21, 29; burst 25, 7,365, 14,279. */
static const struct { double zero, mu, among, within, idle, idle_mu, idle_sigma; } paces[PACES] = {
    [PACE_FAST] = { .75, 1.3, 1.2, .25, .02, 0, .5 },
    [PACE_NORMAL] = { .10, 1.6, .9, .60, .10, 0, .6 },
    [PACE_GATE] = { .01, 2.15, .45, .55, .15, .3, .8 },
    [PACE_HEAVY] = { 0, 3.2, .9, 1.0, .55, 4.5, 1.6 },
};

struct clock_of {
    const struct reference *r;
    const struct ref_service *s;
    const struct ref_topology *t;
    gsl_rng *g;
    struct call *calls;
};

static int64_t whole(double ms)
{
    return ms < 1 ? 1 : ms > 60000 ? 60000 : (int64_t)(ms + .5);
}

/* Time-outs (R, 64.7 M rows): spikes at 30 s and a cap at 60 s. */
static bool timed_out(gsl_rng *g, int64_t *rt)
{
    double u = rng_unit(g);
    if (u >= 8e-5)
        return false;
    *rt = u < 5e-5 ? 30000 : 60000;
    return true;
}

static int64_t leaf_rt(const struct clock_of *c, const struct ref_node *n)
{
    int64_t rt;
    if (n->type != CALL_MC && n->type != CALL_DB && timed_out(c->g, &rt))
        return rt;
    bool root = n->level == 0;
    double z = c->r->ms[n->ms].z, mu, within, zero;
    if (root) {   /* the service and its entry share the variance between services */
        zero = paces[c->s->pace].zero;
        mu = paces[c->s->pace].mu + paces[c->s->pace].among * (.8 * c->s->z + .6 * z);
        within = paces[c->s->pace].within;
    } else {
        zero = c->s->pace == PACE_FAST ? paces[PACE_FAST].zero : leaf[n->type].zero;
        mu = leaf[n->type].mu + leaf[n->type].among * z;
        within = leaf[n->type].within;
    }
    if (rng_unit(c->g) < zero)
        return 0;
    return whole(exp(mu + within * gsl_ran_gaussian(c->g, 1)));
}

/* A stretch of the caller's own work: usually under a millisecond. */
static int64_t idle(const struct clock_of *c, double often)
{
    double p = paces[c->s->pace].idle * often;
    if (rng_unit(c->g) >= p)
        return 0;
    double z = gsl_ran_gaussian(c->g, 1);
    return whole(exp(paces[c->s->pace].idle_mu + paces[c->s->pace].idle_sigma * z));
}

/* Whether this caller starts these two together: a property of the pair (R: of 22,117 pairs 1,556
 * always, others never; 15.5 % of rpc siblings overlap). */
static bool concurrent(const struct clock_of *c, const struct ref_node *caller,
                       const struct ref_node *a, const struct ref_node *b)
{
    bool both_rpc = a->type == CALL_RPC && b->type == CALL_RPC;
    if (a->ms == b->ms && !both_rpc)
        return false;
    uint64_t h = hash64_mix(hash64_mix(c->r->seed, caller->ms), hash64_mix(a->ms, b->ms));
    double p = both_rpc ? .45 : .02;
    return (double)(h >> 11) * 0x1p-53 < p;
}

/* Set start and rt of call i and everything below it; return the first index after it. */
static size_t run(const struct clock_of *c, size_t i, int64_t start)
{
    const struct ref_node *n = c->t->node;
    c->calls[i].start = start;
    size_t k = i + 1;
    if (k == c->t->n || n[k].level <= n[i].level) {
        c->calls[i].rt = leaf_rt(c, &n[i]);
        return k;
    }
    int64_t free_at = start + idle(c, 3.5), before = free_at;
    for (size_t last = 0; k < c->t->n && n[k].level > n[i].level;) {
        int64_t at = last && concurrent(c, &n[i], &n[last], &n[k])
                         ? before
                         : free_at + (last ? idle(c, 1) : 0);
        last = k;
        before = at;
        k = run(c, k, at);
        if (call_finish(&c->calls[last]) > free_at)
            free_at = call_finish(&c->calls[last]);
    }
    double work = c->r->ms[n[i].ms].work_ms;
    if (work > 0)
        free_at += whole(work * exp(.2 * gsl_ran_gaussian(c->g, 1)));
    c->calls[i].rt = free_at + idle(c, 3.5) - start;
    return k;
}

void ref_times(const struct reference *r, const struct ref_service *s, const struct ref_topology *t,
               gsl_rng *g, struct call *calls)
{
    struct clock_of c = { r, s, t, g, calls };
    run(&c, 0, 0);
}
