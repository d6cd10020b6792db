/* reference_priv.h: the parts of a reference world, shared by its files.
 *
 *     reference_law.c      popularity, microservices, pools, which service is of which family
 *     reference_family.c   the families: how a service's topologies look
 *     reference_times.c    start and rt of every call of one trace
 *     reference_rows.c     raw rows of one trace
 *     reference_defects.c  the same rows, spoilt
 *     reference_csv.c      the table and the truth about it
 *     reference.c          the world and its graphs
 */
#ifndef TRACE_REFERENCE_PRIV_H
#define TRACE_REFERENCE_PRIV_H

#include <gsl/gsl_rng.h>

#include "trace/reference.h"

enum { REF_INTERFACES = 4 };

struct ref_ms {
    uint32_t name;
    uint32_t interface[REF_INTERFACES];   /* names */
    double z;               /* standard normal: its place among its type's medians */
    double work_ms;         /* median of its own work once its callees are done; 0: hardly any */
    uint32_t pods;
};

struct ref_node {           /* one call of a topology, in pre-order */
    uint32_t ms;            /* callee */
    uint32_t parent;        /* index; CALL_NONE for the root */
    uint32_t id;            /* 1, 2, ... among its siblings; 0 for the root */
    uint16_t level;
    uint8_t type;
};

struct ref_topology {
    struct ref_node *node;
    size_t n;
};

/* Of a service: see reference_times.c. */
enum ref_pace { PACE_FAST, PACE_NORMAL, PACE_GATE, PACE_HEAVY, PACES };

struct ref_service {
    uint32_t name;
    uint8_t family, pace;
    double z;               /* standard normal: its place among the services of its pace */
    struct ref_topology *topology;
    double *cum;            /* (n), running popularity */
    size_t n;
};

struct ref_pool {           /* microservices that anyone may call, Zipf */
    uint32_t *ms;
    double *cum;
    size_t n;
};

struct reference {
    struct arena *arena;
    struct names *names;
    uint64_t seed;
    enum reference_preset preset;
    struct ref_ms *ms;
    size_t n_ms, cap_ms;
    struct ref_pool pool[CALL_TYPES];
    struct ref_service *service;
    double *cum;            /* (n_services), running popularity by rank */
    size_t n_services;
    uint32_t user;          /* name of the caller of roots */
};

/* A new microservice with a name nobody has. */
uint32_t ref_ms_new(struct reference *r, gsl_rng *g);
uint32_t ref_pool_draw(const struct reference *r, enum call_type type, gsl_rng *g);
void ref_law_draw(struct reference *r);   /* pools, services, popularity */

/* A topology under construction; calls are added in pre-order. */
struct ref_grow {
    struct reference *world;
    gsl_rng *g;             /* of the service: what all its topologies share is drawn first */
    size_t member;          /* how many services of its family went before it */
    struct ref_node node[4096];
    size_t n;
};
enum { REF_CALLS_MAX = 1500 };   /* SoCC'21: maximum above 1,500 */
void ref_add(struct ref_grow *t, uint16_t level, enum call_type type, uint32_t ms);

/* A way of building services. `cast` draws the microservices that all topologies of a service
 * share, `grow` builds its k-th most popular topology with them, `variety` says how many it has. */
enum { REF_CAST = 32 };
struct ref_family {
    const char *name, *prose;
    enum ref_pace pace;
    void (*cast)(struct ref_grow *t, uint32_t cast[REF_CAST]);
    void (*grow)(struct ref_grow *t, const uint32_t cast[REF_CAST], size_t k);
    size_t (*variety)(struct ref_grow *t);
};
enum {
    FAMILY_RELAY, FAMILY_PING, FAMILY_CHAIN, FAMILY_GATEWAY, FAMILY_BURST, FAMILY_CLUSTER,
    FAMILY_STORE, FAMILY_TREE, FAMILY_DEEP, FAMILIES
};
extern const struct ref_family *const ref_families[FAMILIES];

/* Fill start and rt of the calls of one trace of service s (calls[i] is topology node i). */
void ref_times(const struct reference *r, const struct ref_service *s, const struct ref_topology *t,
               gsl_rng *g, struct call *calls);

/* One trace, clean. calls grows as needed; free(calls) when done. */
struct ref_trace {
    uint64_t index, number;   /* the trace is called T_number */
    int64_t arrival;
    const struct ref_service *service;
    const struct ref_topology *topology;
    struct call *calls;
    size_t n, cap;
};
void ref_trace_draw(const struct reference *r, uint64_t index, gsl_rng *g, struct ref_trace *out);

/* The arrival, in ms, of the trace after the one at *clock_ms. */
int64_t ref_next_arrival(gsl_rng *arrivals, double *clock_ms);

/* A row of the raw table: words by name id, instances by number. */
enum { POD_UNKNOWN = -1, POD_UNAVAILABLE = -2, POD_USER = -3 };
struct ref_row {
    const char *service, *um, *dm, *interface, *type;
    int32_t um_pod, dm_pod;
    int64_t timestamp, rt;
    char rpc_id[96];
    uint32_t trace, call;   /* trace within its batch; CALL_NONE: a row of no call */
    bool late;              /* written behind the other traces of its batch */
    uint64_t line;          /* from 0 within the batch */
};

struct ref_rows {
    struct ref_row *at;
    size_t n, cap;
};

/* What the second stage did, as a bit per enum ref_defect. */
enum ref_defect {
    DEFECT_REROOTED, DEFECT_UM_UNKNOWN, DEFECT_DM_UNKNOWN, DEFECT_INSTANCE_UNKNOWN,
    DEFECT_TYPE_UNKNOWN, DEFECT_DUPLICATE, DEFECT_CONFLICT, DEFECT_WRONG_CALLER, DEFECT_LOST,
    DEFECT_TWO_SERVICES, DEFECT_INTERFACE_EMPTY, DEFECT_RT_NEGATIVE, DEFECT_HUGE_ID,
    DEFECT_STRAGGLER, DEFECT_OVERRUN, DEFECT_KEPT_CONTEXT, DEFECT_HIDDEN, DEFECTS
};
extern const char *const reference_defect_names[DEFECTS];

/* Append the clean rows of t, in order of time. */
void ref_rows_clean(const struct reference *r, const struct ref_trace *t, uint32_t trace,
                    gsl_rng *g, struct ref_rows *out);

/* Corrupt rows[from..n) of trace t, `rate` times as often as the source is; defects[i] gets a bit
 * set for what befell call i. */
void ref_rows_corrupt(const struct reference *r, const struct ref_trace *t, size_t from,
                      double rate, gsl_rng *g, struct ref_rows *rows, uint32_t *defects);

#endif
