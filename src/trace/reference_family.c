/* reference_family.c: the families, each one kind of service seen in the public traces.
 *
 *     relay    H-R            an entry that passes on, mostly to itself through another interface
 *     ping     H              one call and nothing behind it; a third of them at one shared entry
 *     chain    H-R-(d R-m..)  entry, middle, then a database and a service that asks a memcached
 *     gateway  H              one call to one of about 20 entries
 *     burst    H-m,m,m,...    a slow entry that asks one memcached again and again, up to 91 times
 *     cluster  H-R(m m) m R   hundreds of near-identical services behind one entry (DGG type0)
 *     store    H-d,d,m,...    an entry that talks to its stores
 *     tree     H-...          anything else: a branching grammar with TAB's laws by level
 *     deep     R-...          2021: Burr sizes, deep
 */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/rng.h"
#include "trace/reference_priv.h"

void ref_add(struct ref_grow *t, uint16_t level, enum call_type type, uint32_t ms)
{
    REQUIRE(t->n < sizeof t->node / sizeof *t->node);
    uint32_t parent = CALL_NONE, id = 0;
    if (level) {   /* the last call one level up; siblings count from 1 */
        id = 1;
        for (parent = (uint32_t)t->n - 1; t->node[parent].level >= level; parent--)
            id += t->node[parent].level == level;
    }
    t->node[t->n++] = (struct ref_node){
        .ms = ms, .parent = parent, .id = id, .level = level, .type = (uint8_t)type
    };
}

static bool chance(struct ref_grow *t, double p)
{
    return rng_unit(t->g) < p;
}

/* Index into p[0..n), probabilities that sum to 1 up to rounding. */
static size_t choose(struct ref_grow *t, const double *p, size_t n)
{
    double u = rng_unit(t->g);
    size_t i = 0;
    while (i + 1 < n && u >= p[i])
        u -= p[i++];
    return i;
}

static void add_many(struct ref_grow *t, uint16_t level, enum call_type type, uint32_t ms, size_t n)
{
    while (n--)
        ref_add(t, level, type, ms);
}

static uint32_t entry(struct ref_grow *t)
{
    return ref_ms_new(t->world, t->g);
}

/* An entry that works on for a while after its callees; often one that does not. */
static uint32_t busy_entry(struct ref_grow *t, double often, double median_ms, double sigma)
{
    uint32_t ms = entry(t);
    double work = median_ms * exp(sigma * gsl_ran_gaussian(t->g, 1));
    if (chance(t, often))
        t->world->ms[ms].work_ms = work;
    return ms;
}

static uint32_t shared(struct ref_grow *t, enum call_type type)
{
    return ref_pool_draw(t->world, type, t->g);
}

/* One of the five that are called most. */
static uint32_t hot(struct ref_grow *t, enum call_type type)
{
    return t->world->pool[type].ms[rng_below(t->g, 5)];
}

static size_t one(struct ref_grow *t)
{
    (void)t;
    return 1;
}

/* In [0, 1), spread evenly over the k of a service and over the services of a family (golden and
 * plastic ratio): what is rare and large must not hang on one coin of a popular service. */
static double dealt(const struct ref_grow *t, size_t k)
{
    double u = .5 + .6180339887498949 * (double)k + .7548776662466927 * (double)t->member;
    return u - floor(u);
}

/* DGG: topologies per service 1, 3, 11, 39, 40, 163 at p10, p25, p50, p75, p95, p99. */
static size_t variety(struct ref_grow *t)
{
    static const double at[][2] = { { 0, 1 },    { .1, 1 },   { .25, 3 }, { .5, 11 },
                                    { .75, 39 }, { .95, 40 }, { 1, 163 } };
    double u = .25 + .5698402909980532 * (double)t->member;   /* dealt too */
    u -= floor(u);
    size_t i = 1;
    while (u > at[i][0])
        i++;
    double w = (u - at[i - 1][0]) / (at[i][0] - at[i - 1][0]);
    return (size_t)exp(log(at[i - 1][1]) + w * log(at[i][1] / at[i - 1][1]));
}

/* ---- relay ---- */
static void relay_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    for (size_t i = 0; i < 8; i++)
        cast[i] = entry(t);
}

static size_t relay_variety(struct ref_grow *t)
{
    size_t n = variety(t);   /* the most popular are poor in topologies (DGG: 5 and 8) */
    return n > 12 ? 12 : n;
}

static void relay_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    uint32_t e = cast[k % 8], to = k < 2 || chance(t, .4) ? e : shared(t, CALL_RPC);
    ref_add(t, 0, CALL_HTTP, e);
    ref_add(t, 1, CALL_RPC, to);
    if (k && chance(t, .15))
        ref_add(t, chance(t, .5) ? 1 : 2, CALL_RPC, shared(t, CALL_RPC));
}

/* ---- ping ---- */
static void ping_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    cast[0] = chance(t, .36) ? t->world->pool[CALL_HTTP].ms[0] : entry(t);
    cast[1] = chance(t, .03);
}

static void ping_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    (void)k;
    ref_add(t, 0, cast[1] ? CALL_RPC : CALL_HTTP, cast[0]);
}

/* ---- chain ---- */
static void chain_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    for (size_t i = 0; i < 3; i++)
        cast[i] = entry(t);
    cast[9] = busy_entry(t, 1, 14, 0);   /* a slow relay (TAB: 62 % of them, at 16 to 18 ms) */
    cast[3] = hot(t, CALL_DB);
    cast[4] = hot(t, CALL_MC);
    for (size_t i = 5; i < 9; i++)
        cast[i] = shared(t, CALL_MC);
}

enum { CHAIN_TOPOLOGIES = 20 };

static size_t chain_variety(struct ref_grow *t)
{
    (void)t;
    return CHAIN_TOPOLOGIES;
}

static void chain_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    /* TAB's largest service: R(dR(mm)) 36 %, R(dR(m)) 25, R(d) 18, mmR(d) 14, mmR(dR(mm)) 3, ...
     * dealt to the topologies so that their popularities add up to that */
    static const struct { uint8_t before, below; bool relay; } shape[] = {
        { 0, 2, true }, { 0, 1, true }, { 0, 0, false }, { 2, 0, false }, { 2, 2, true }
    };
    static const uint8_t dealt[CHAIN_TOPOLOGIES] = { 0, 1, 2, 1, 0, 2, 3, 0, 1, 0,
                                                     3, 2, 1, 3, 3, 2, 3, 4, 4, 0 };
    size_t i = dealt[k];
    static const bool slow[CHAIN_TOPOLOGIES] = {
        [0] = true, [3] = true, [4] = true, [7] = true, [17] = true
    };
    uint32_t mid = k < 4 || chance(t, .5) ? cast[1] : entry(t);
    ref_add(t, 0, CALL_HTTP, cast[0]);
    add_many(t, 1, CALL_MC, cast[5 + rng_below(t->g, 4)], shape[i].before);
    ref_add(t, 1, CALL_RPC, mid);
    ref_add(t, 2, CALL_DB, cast[3]);
    if (!shape[i].relay)
        return;
    ref_add(t, 2, CALL_RPC, cast[slow[k] ? 9 : 2]);
    add_many(t, 3, CALL_MC, cast[4], shape[i].below);
}

/* ---- gateway ---- */
static void gateway_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    for (size_t i = 0; i < 24; i++)
        cast[i] = entry(t);
}

static size_t gateway_variety(struct ref_grow *t)
{
    return 15 + rng_below(t->g, 10);
}

static void gateway_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    ref_add(t, 0, CALL_HTTP, cast[k % 24]);
    if (k >= 10 && chance(t, .1))
        ref_add(t, 1, CALL_RPC, shared(t, CALL_RPC));
}

/* ---- burst ---- */
static void burst_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    for (size_t i = 0; i < 3; i++)
        cast[i] = entry(t);
    for (size_t i = 3; i < 6; i++)
        cast[i] = shared(t, CALL_MC);
}

static size_t burst_variety(struct ref_grow *t)
{
    return 30 + rng_below(t->g, 30);
}

static void burst_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    /* TAB: of 50 graphs 32 have one call, 6 have two, 4 have 49 to 91: every seventh topology */
    size_t e = k < 2 ? 0 : rng_below(t->g, 3), n = 1;
    double u = rng_unit(t->g);
    if (k % 7 == 6)
        n = 49 + (size_t)(43 * dealt(t, k));
    else if (k > 1 && u < .3)
        n = u < .15 ? 2 : gsl_ran_geometric(t->g, .2);
    ref_add(t, 0, CALL_HTTP, cast[e]);
    add_many(t, 1, CALL_MC, cast[3 + e], n > 91 ? 91 : n);
}

/* ---- cluster ---- */
static void cluster_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    /* eight microservices shared by all of them (DGG: exactly 8) */
    for (size_t i = 0; i < 4; i++)
        cast[i] = t->world->pool[CALL_MC].ms[i];
    for (size_t i = 0; i < 4; i++)
        cast[4 + i] = t->world->pool[CALL_RPC].ms[i];
    cast[8] = t->world->pool[CALL_HTTP].ms[1];
}

static size_t cluster_variety(struct ref_grow *t)
{
    return 39 + rng_below(t->g, 2);
}

static void cluster_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    (void)k;
    /* the second half: memcached and rpc items, TAB's frequencies */
    static const char *const body[] = { "mmR", "mR", "R", "RmR", "mRmR", "RmmR", "mmmR", "mRmmR" };
    static const double p[] = { .27, .25, .15, .13, .12, .05, .02, .01 };
    const char *b = body[choose(t, p, sizeof p / sizeof *p)];
    ref_add(t, 0, CALL_HTTP, cast[8]);
    ref_add(t, 1, CALL_RPC, cast[8]);   /* calls itself through another interface */
    ref_add(t, 2, CALL_MC, cast[0]);
    ref_add(t, 2, CALL_MC, cast[0]);
    if (chance(t, .22)) {
        ref_add(t, 2, CALL_MC, cast[2]);
        add_many(t, 2, CALL_MC, cast[0], chance(t, .75) ? 2 : 1);
    }
    for (bool first = true; *b; b++, first = false)
        if (*b == 'R')
            ref_add(t, 1, CALL_RPC, cast[4 + rng_below(t->g, 4)]);
        else
            ref_add(t, 1, CALL_MC, first && chance(t, .3) ? cast[0] : cast[1]);
}

/* ---- store ---- */
static void store_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    cast[0] = busy_entry(t, .4, 8, 1.2);
    for (size_t i = 2; i < 5; i++)
        cast[i] = shared(t, CALL_DB);
    for (size_t i = 5; i < 8; i++)
        cast[i] = shared(t, CALL_MC);
}

static void store_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    /* 13 calls is TAB's second mode; the others geometric with p .35, by quantile */
    double u = dealt(t, k);
    size_t n = u < .15 ? 13 : 1 + (size_t)(log((1 - u) / .85) / log(1 - .35));
    ref_add(t, 0, CALL_HTTP, cast[0]);
    bool db = (k + t->member) % 2;
    uint32_t ms = cast[(db ? 2 : 5) + rng_below(t->g, 3)];
    for (size_t i = 0; i < n && i < 40; i++) {
        ref_add(t, 1, db ? CALL_DB : CALL_MC, ms);
        if (chance(t, .63)) {   /* not a repeat */
            db = chance(t, db ? .36 : .32) ? !db : db;
            ms = cast[(db ? 2 : 5) + rng_below(t->g, 3)];
        }
    }
}

/* ---- tree ---- */
static void tree_cast(struct ref_grow *t, uint32_t cast[REF_CAST])
{
    cast[0] = busy_entry(t, .4, 6, 1.2);
    cast[1] = chance(t, .05);   /* an rpc root */
    for (size_t i = 2; i < 6; i++)
        cast[i] = entry(t);
    for (size_t i = 6; i < 12; i++)
        cast[i] = shared(t, CALL_RPC);
    for (size_t i = 12; i < 15; i++)
        cast[i] = shared(t, CALL_DB);
    for (size_t i = 15; i < 19; i++)
        cast[i] = shared(t, CALL_MC);
    cast[19] = shared(t, CALL_MQ);
}

static uint32_t tree_callee(struct ref_grow *t, const uint32_t cast[REF_CAST], enum call_type type)
{
    switch (type) {
    case CALL_RPC: return cast[2 + rng_below(t->g, 10)];
    case CALL_DB: return cast[12 + rng_below(t->g, 3)];
    case CALL_MC: return cast[15 + rng_below(t->g, 4)];
    case CALL_MQ: return cast[19];
    default: return cast[2];
    }
}

/* Children of a call that calls (TAB): 1 .321, 2 .377, 3 .092, 4 .101, 5 .076, more .033. */
static size_t children(struct ref_grow *t)
{
    static const double p[] = { .321, .377, .092, .101, .076, .004, .004, .004 };
    size_t i = choose(t, p, sizeof p / sizeof *p);
    return i < 7 ? i + 1 : 13;
}

static void tree_below(struct ref_grow *t, const uint32_t cast[REF_CAST], uint16_t level)
{
    /* types by level 1, 2, 3 (TAB): http rpc db mc mq */
    static const double p[3][5] = { { .004, .404, .093, .497, .002 },
                                    { 0, .153, .199, .648, 0 },
                                    { 0, .01, .299, .691, 0 } };
    static const double calls_on[4] = { .65, .55, .3, .1 };   /* an rpc of level 1, 2, 3, deeper */
    size_t n = children(t);
    enum call_type type = CALL_RPC;
    uint32_t ms = 0;
    for (size_t i = 0; i < n && t->n < 200; i++) {
        if (i == 0 || !chance(t, level < 3 ? .37 : .8)) {   /* else repeat the sibling before */
            type = (enum call_type)choose(t, p[level > 3 ? 2 : level - 1], 5);
            ms = tree_callee(t, cast, type);
        }
        ref_add(t, level, type, ms);
        if (type == CALL_RPC && chance(t, calls_on[level > 4 ? 3 : level - 1]))
            tree_below(t, cast, (uint16_t)(level + 1));
    }
}

static void tree_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    ref_add(t, 0, cast[1] ? CALL_RPC : CALL_HTTP, cast[0]);
    tree_below(t, cast, 1);
    /* a loop over a database, deep down (TAB: 29 and 91 calls at level 3) */
    if (k >= 5 && dealt(t, k) < .035) {
        ref_add(t, 1, CALL_RPC, cast[2]);
        ref_add(t, 2, CALL_RPC, cast[3]);
        add_many(t, 3, CALL_DB, cast[12], 20 + rng_below(t->g, 70));
    }
}

/* ---- deep ---- */
/* Size: Burr XII, F = 1 - (1 + (x/s)^c)^-k with c 1.09, k 1.4, s 30: quartiles 20 and 49 (RAW21:
 * median 21, p75 58). Each call hangs below the newest caller with probability .6, else below any
 * of its ancestors, which makes depth grow with size (RAW21: median 6). */
static void deep_grow(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k)
{
    static const double p[5] = { .05, .53, .035, .365, .02 };   /* RAW21 rows: http rpc db mc mq */
    double size = 30 * pow(pow(1 - dealt(t, k), -1 / 1.4) - 1, 1 / 1.09);
    size_t n = size < 1 ? 1 : size > REF_CALLS_MAX ? REF_CALLS_MAX : (size_t)size;
    ref_add(t, 0, chance(t, .5) ? CALL_HTTP : CALL_RPC, cast[0]);
    uint16_t level = 1;   /* of the next call */
    while (t->n < n) {
        enum call_type type = (enum call_type)choose(t, p, 5);
        ref_add(t, level, type, tree_callee(t, cast, type));
        if (!call_type_is_leaf(type) && level < 12 && chance(t, .5))
            level++;
        else if (level > 1 && chance(t, .25))
            level = (uint16_t)(1 + rng_below(t->g, level));
    }
}

static const struct ref_family relay = {
    "relay", "an entry that passes on", PACE_FAST,
    relay_cast, relay_grow, relay_variety
};
static const struct ref_family ping = {
    "ping", "one call", PACE_FAST,
    ping_cast, ping_grow, one
};
static const struct ref_family chain = {
    "chain", "entry, middle, database and memcached", PACE_NORMAL,
    chain_cast, chain_grow, chain_variety
};
static const struct ref_family gateway = {
    "gateway", "one call to one of many entries", PACE_GATE,
    gateway_cast, gateway_grow, gateway_variety
};
static const struct ref_family burst = {
    "burst", "a slow entry asking one memcached over and over", PACE_HEAVY,
    burst_cast, burst_grow, burst_variety
};
static const struct ref_family cluster = {
    "cluster", "near-identical services behind one entry", PACE_NORMAL,
    cluster_cast, cluster_grow, cluster_variety
};
static const struct ref_family store = {
    "store", "an entry and its stores", PACE_NORMAL,
    store_cast, store_grow, variety
};
static const struct ref_family tree = {
    "tree", "a branching grammar by level", PACE_NORMAL,
    tree_cast, tree_grow, variety
};
static const struct ref_family deep = {
    "deep", "large and deep, as 2021", PACE_NORMAL,
    tree_cast, deep_grow, variety
};

const struct ref_family *const ref_families[FAMILIES] = {
    [FAMILY_RELAY] = &relay,     [FAMILY_PING] = &ping,   [FAMILY_CHAIN] = &chain,
    [FAMILY_GATEWAY] = &gateway, [FAMILY_BURST] = &burst, [FAMILY_CLUSTER] = &cluster,
    [FAMILY_STORE] = &store,     [FAMILY_TREE] = &tree,   [FAMILY_DEEP] = &deep,
};
