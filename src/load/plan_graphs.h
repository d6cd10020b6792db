/* plan_graphs.h: call graphs as a plan: the root call of each at its arrival.
 *
 * The endpoint is the name of the microservice called, the function the graph's service, and what
 * is expected is the root's response time. The emulator (serve.h) knows the same file and makes
 * the calls below the root.
 */
#ifndef LOAD_PLAN_GRAPHS_H
#define LOAD_PLAN_GRAPHS_H

#include "load/client.h"
#include "load/plan_feed.h"
#include "trace/callgraph.h"

struct plan_graphs_options {
    double rate;         /* graphs/s, Poisson, in the file's order; 0: at their arrivals */
    double speed;        /* arrivals are divided by it; 1 is as recorded */
    double seconds;      /* of the plan; later arrivals are left out; 0: all */
    double warmup;       /* seconds that are not measured */
    uint64_t seed, shard, shards;
};

struct plan_graphs;
/* s is borrowed. Arrivals count from the earliest; equal ones keep the file's order. Graphs
 * without times say nothing of how long they take. NULL: a microservice's name is no endpoint, or
 * all graphs arrive at one moment and no rate is given (EXIT_DATA). */
struct plan_graphs *plan_graphs_new(const struct graphset *s, const struct plan_graphs_options *o,
                                    struct client *c, struct err *err);
void plan_graphs_free(struct plan_graphs *p);    /* NULL is fine */

struct plan_source plan_graphs_source(struct plan_graphs *p);
uint64_t plan_graphs_calls(const struct plan_graphs *p);

#endif
