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

/* Leaves by type (TAB, section 8 of the statistics: P(rt = 0); ln rt of the others normal). `among` is the part of sigma that lies between
 * destinations, `within` that of one destination. */
static const struct { double zero, mu, among, within; } leaf[CALL_TYPES] = {
    [CALL_HTTP] = { .10, 2.06, .90, .85 }, [CALL_RPC] = { .12, .80, .70, .60 },
    [CALL_DB] = { .43, .22, .35, .40 },    [CALL_MC] = { .43, .035, .10, .17 },
    [CALL_MQ] = { .30, .30, .30, .50 }
};

/* A service's own pace: shift of its http work, and how often it is still between calls. */
static const struct { double shift, idle, idle_mu, idle_sigma; } paces[PACES] = {
    [PACE_FAST] = { -1.2, .05, 0, .5 },
    [PACE_NORMAL] = { 0, .12, 0, .6 },
    [PACE_SLOW] = { .3, .15, .3, .8 },
    [PACE_HEAVY] = { 1.2, .55, 4.5, 1.6 },   /* S_036816397 of TAB: median 2,246 ms, p99 16,867 */
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
    double shift = root ? paces[c->s->pace].shift + .5 * c->s->z : 0;
    double zero = leaf[n->type].zero * (root && c->s->pace == PACE_FAST ? 4 : 1);
    if (rng_unit(c->g) < zero)
        return 0;
    double mu = leaf[n->type].mu + leaf[n->type].among * c->r->ms[n->ms].z + shift;
    return whole(exp(mu + leaf[n->type].within * gsl_ran_gaussian(c->g, 1)));
}

/* A stretch of the caller's own work: usually under a millisecond. */
static int64_t idle(const struct clock_of *c, double often)
{
    double p = paces[c->s->pace].idle * often;
    if (rng_unit(c->g) >= p)
        return 0;
    return whole(exp(paces[c->s->pace].idle_mu + paces[c->s->pace].idle_sigma * gsl_ran_gaussian(c->g, 1)));
}

/* Whether this caller starts these two together: a property of the pair (R: of 22,117 pairs 1,556
 * always, others never; 15.5 % of rpc siblings overlap). */
static bool concurrent(const struct clock_of *c, const struct ref_node *caller, const struct ref_node *a,
                       const struct ref_node *b)
{
    uint64_t h = hash64_mix(hash64_mix(c->r->seed, caller->ms), hash64_mix(a->ms, b->ms));
    double p = a->type == CALL_RPC && b->type == CALL_RPC ? .15 : .02;
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
        int64_t at = last && concurrent(c, &n[i], &n[last], &n[k]) ? before : free_at + (last ? idle(c, 1) : 0);
        last = k;
        before = at;
        k = run(c, k, at);
        if (call_finish(&c->calls[last]) > free_at)
            free_at = call_finish(&c->calls[last]);
    }
    c->calls[i].rt = free_at + idle(c, 4) - start;
    return k;
}

void ref_times(const struct reference *r, const struct ref_service *s, const struct ref_topology *t, gsl_rng *g,
               struct call *calls)
{
    struct clock_of c = { r, s, t, g, calls };
    run(&c, 0, 0);
}
