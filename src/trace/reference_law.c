/* reference_law.c: who is popular, who is shared, which service is of which family.
 *
 *     cumulative share of traffic
 *     1 |                      ...-----     rank 1 .184, 2 .306, 5 .521, 10 .622,
 *       |            ...--'''               20 .693, 100 .811, 2,014 1
 *     0 +--.--'-------------------- log rank
 *
 * Families are dealt, not drawn: with traffic this skewed an independent draw per service would
 * hang the marginals of a seed on a dozen coins. Going down the ranks, each service joins the
 * family that is furthest behind its share of the traffic so far.
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "trace/reference_priv.h"

/* Ten characters, as the anonymised interfaces of v2022 have. */
static uint32_t interface_name(struct reference *r, gsl_rng *g)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char name[11] = "";
    for (int i = 0; i < 10; i++)
        name[i] = letters[rng_below(g, 64)];
    return names_id_of(r->names, name);
}

/* What nearly everyone calls is near its type's median: else one draw would move a whole seed. */
static const double CALM = .3;

uint32_t ref_ms_new(struct reference *r, gsl_rng *g)
{
    char name[32];
    do   /* v2022 numbers its microservices up to about 75,000 */
        snprintf(name, sizeof name, "MS_%zu", 1 + rng_below(g, 75000));
    while (names_find(r->names, str_of(name)) != NAMES_NONE);
    MEM_GROW(r->ms, r->n_ms, r->cap_ms);
    r->ms[r->n_ms] = (struct ref_ms){
        .name = names_id_of(r->names, name),
        .z = gsl_ran_gaussian(g, 1),
        .pods = 2 + (uint32_t)rng_below(g, 400),
    };
    for (int i = 0; i < REF_INTERFACES; i++)
        r->ms[r->n_ms].interface[i] = interface_name(r, g);
    return (uint32_t)r->n_ms++;
}

uint32_t ref_pool_draw(const struct reference *r, enum call_type type, gsl_rng *g)
{
    const struct ref_pool *p = &r->pool[type];
    return p->ms[rng_pick(g, p->cum, p->n)];
}

/* Pool sizes: as many shared destinations as TAB shows per type; slope: realism of TAB's
 * destinations (1.32 on ranks 1-200). */
static void draw_pools(struct reference *r)
{
    static const size_t size[CALL_TYPES] = {
        [CALL_HTTP] = 60, [CALL_RPC] = 600, [CALL_DB] = 200, [CALL_MC] = 300, [CALL_MQ] = 30
    };
    gsl_rng *g = rng_stream(r->seed, "reference/pools", 0);
    for (int t = 0; t < CALL_TYPES; t++) {
        struct ref_pool *p = &r->pool[t];
        p->n = size[t];
        p->ms = ARENA_ARRAY(r->arena, p->n, uint32_t);
        p->cum = ARENA_ARRAY(r->arena, p->n, double);
        double sum = 0;
        for (size_t i = 0; i < p->n; i++) {
            p->ms[i] = ref_ms_new(r, g);
            r->ms[p->ms[i]].z *= i < 5 ? CALM : 1;
            p->cum[i] = sum += pow((double)i + 1, -1.32);
        }
    }
    gsl_rng_free(g);
}

/* Cumulative share of the first `rank` services: DGG's service_info, 2,014 services standing for
 * 193.5 M traces; between the known ranks straight in log rank. */
static double share_to(double rank)
{
    static const double at[][2] = { { 1, .184 },  { 2, .306 },   { 5, .521 }, { 10, .622 },
                                    { 20, .693 }, { 100, .811 }, { REFERENCE_SERVICES, 1 } };
    if (rank < 1)
        return 0;
    for (size_t i = 1; i < sizeof at / sizeof *at; i++)
        if (rank <= at[i][0]) {
            double u = log(rank / at[i - 1][0]) / log(at[i][0] / at[i - 1][0]);
            return at[i - 1][1] + u * (at[i][1] - at[i - 1][1]);
        }
    return 1;
}

/* The giants as TAB and DGG have them, by rank from 1. */
static const uint8_t giants[] = { FAMILY_RELAY, FAMILY_PING, FAMILY_GATEWAY, FAMILY_CHAIN,
                                  FAMILY_GATEWAY, FAMILY_PING,  FAMILY_PING,    FAMILY_PING,
                                  FAMILY_PING,    FAMILY_BURST };
enum { N_GIANTS = sizeof giants };

/* Shares of the traffic of a band of ranks, by family. Below rank 100 they follow TAB's services
 * seen a few times (cluster 195, ping 166, store 46, tree 36, relay 25 of them); the cluster is
 * DGG's type0, 41 % of all services and 7 % of all traffic, so it thickens down the ranks. */
static const struct band {
    size_t ranks;   /* up to this one */
    double share[FAMILIES];
} bands[] = {
    { 50, { [FAMILY_RELAY] = .12, [FAMILY_PING] = .84, [FAMILY_GATEWAY] = .04 } },
    { 100, { [FAMILY_RELAY] = .10, [FAMILY_PING] = .48, [FAMILY_GATEWAY] = .04,
             [FAMILY_CHAIN] = .04, [FAMILY_STORE] = .16, [FAMILY_TREE] = .18 } },
    { 500, { [FAMILY_RELAY] = .055, [FAMILY_PING] = .48, [FAMILY_CLUSTER] = .285,
             [FAMILY_STORE] = .10, [FAMILY_TREE] = .08 } },
    { REFERENCE_SERVICES, { [FAMILY_RELAY] = .042, [FAMILY_PING] = .33, [FAMILY_CLUSTER] = .468,
                            [FAMILY_STORE] = .09, [FAMILY_TREE] = .07 } },
};
enum { BANDS = sizeof bands / sizeof *bands };

/* 2021: the same giants would drown it; most services are deep (see FAMILY_DEEP). */
static const double share_2021[FAMILIES] = {
    [FAMILY_RELAY] = .06, [FAMILY_PING] = .10, [FAMILY_TREE] = .09, [FAMILY_DEEP] = .75
};

static uint8_t deal(const double *share, double weight, double got[FAMILIES], double *total)
{
    *total += weight;
    size_t best = 0;
    for (size_t f = 1; f < FAMILIES; f++)
        if (share[f] * *total - got[f] > share[best] * *total - got[best])
            best = f;
    got[best] += weight;
    return (uint8_t)best;
}

static void draw_topologies(struct reference *r, struct ref_service *s, size_t rank,
                            struct ref_grow *t)
{
    const struct ref_family *f = ref_families[s->family];
    uint32_t cast[REF_CAST] = { 0 };
    rng_restart(t->g, r->seed, "reference/service", rank);
    s->pace = (uint8_t)f->pace;
    s->z = rank < N_GIANTS ? 0 : gsl_ran_gaussian(t->g, 1);   /* the giants' medians are TAB's */
    s->n = f->variety(t);
    size_t first = r->n_ms;
    f->cast(t, cast);
    for (size_t i = first; i < r->n_ms && rank < N_GIANTS; i++)
        r->ms[i].z *= CALM;
    s->topology = ARENA_ARRAY(r->arena, s->n, struct ref_topology);
    s->cum = ARENA_ARRAY(r->arena, s->n, double);
    double sum = 0;
    for (size_t k = 0; k < s->n; k++) {
        t->n = 0;
        f->grow(t, cast, k);
        s->topology[k].n = t->n;
        s->topology[k].node = ARENA_ARRAY(r->arena, t->n, struct ref_node);
        for (size_t i = 0; i < t->n; i++)
            s->topology[k].node[i] = t->node[i];
        s->cum[k] = sum += pow((double)k + 1, -.8);
    }
}

static uint32_t service_name(struct reference *r, gsl_rng *g)
{
    char name[32];
    do   /* v2022 numbers its services up to about 165,000,000 */
        snprintf(name, sizeof name, "S_%zu", 1000000 + rng_below(g, 164000000));
    while (names_find(r->names, str_of(name)) != NAMES_NONE);
    return names_id_of(r->names, name);
}

static void draw_services(struct reference *r)
{
    r->n_services = REFERENCE_SERVICES;
    r->service = ARENA_ARRAY(r->arena, r->n_services, struct ref_service);
    r->cum = ARENA_ARRAY(r->arena, r->n_services, double);
    gsl_rng *g = rng_stream(r->seed, "reference/names", 0);
    struct ref_grow *t = mem_alloc(sizeof *t);
    *t = (struct ref_grow){ .world = r, .g = rng_stream(r->seed, "reference/service", 0) };
    size_t members[FAMILIES] = { 0 };
    double got[BANDS][FAMILIES] = { { 0 } }, total[BANDS] = { 0 };
    for (size_t i = 0; i < r->n_services; i++) {
        struct ref_service *s = &r->service[i];
        size_t band = 0;
        while (i >= bands[band].ranks)
            band++;
        const double *share = r->preset == REFERENCE_2021 ? share_2021 : bands[band].share;
        double weight = share_to((double)i + 1) - share_to((double)i);
        r->cum[i] = share_to((double)i + 1);
        s->name = service_name(r, g);
        s->family = r->preset == REFERENCE_2022 && i < N_GIANTS
                        ? giants[i]
                        : deal(share, weight, got[band], &total[band]);
        t->member = members[s->family]++;
        draw_topologies(r, s, i, t);
    }
    gsl_rng_free(t->g);
    gsl_rng_free(g);
    free(t);
}

void ref_law_draw(struct reference *r)
{
    r->user = names_id_of(r->names, "USER");
    draw_pools(r);
    draw_services(r);
}
