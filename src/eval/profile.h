/* profile.h: a set of call graphs made ready to be counted.
 *
 * Two views of the same set:
 *   traffic   every graph counts, with its weight where the set has weights;
 *   topology  each distinct structure counts once: the first graph that has it.
 * A structure is service and (level, type, caller, callee) in pre-order.
 */
#ifndef EVAL_PROFILE_H
#define EVAL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/callgraph.h"

enum view { VIEW_TRAFFIC, VIEW_TOPOLOGY, VIEWS };
extern const char *const view_names[VIEWS];

struct profile {
    const struct graphset *set;   /* borrowed: must outlive the profile */
    size_t n;                     /* graphs */
    uint64_t *name;               /* (names) hash of each spelling: equal across sets */
    uint64_t *structure, *full;   /* (n) callgraph_hash_structure, callgraph_hash_full */
    size_t *first;                /* (n) index of the first graph with the same structure */
    double *weight[VIEWS];        /* (n) 0: does not count in this view */
    size_t units[VIEWS];          /* graphs with weight > 0 */
    bool timed;                   /* some graph has times */
};

struct profile *profile_new(const struct graphset *s);
void profile_free(struct profile *p);

/* What a selection of graphs is by topology: from w (n), the selection's weights by traffic, write
 * out (n), 1 on the first graph of each structure that the selection has, else 0. */
void profile_topology(const struct profile *p, const double *w, double *out);

/* The same graphs with the same weights, in any order. */
bool profile_same(const struct profile *a, const struct profile *b);

#endif
