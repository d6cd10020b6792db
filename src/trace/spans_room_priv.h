/* spans_room_priv.h: what the two files of spans_graph.h share. Within trace/ only.
 *
 *     spans_parents.c   ids -> records of one span made one -> parents -> the root
 *     spans_graph.c     halves made one call -> order -> calls
 */
#ifndef TRACE_SPANS_ROOM_PRIV_H
#define TRACE_SPANS_ROOM_PRIV_H

#include "trace/spans_graph_priv.h"

#define NONE UINT32_MAX

struct node {
    uint32_t same;             /* the next node with the same hash of an id */
    uint32_t parent;           /* node, or NONE */
    uint32_t first, next;      /* children, siblings; NONE ends */
    uint32_t callee;           /* node of the callee's half of this call, or NONE */
    bool dead;                 /* a second record */
    bool merged;               /* the callee's half of its parent's call */
};

struct place {                 /* what decides about the order of siblings */
    uint32_t component, node;  /* UINT32_MAX: no rpc_id says so */
    int64_t start_ns;
};

struct visit {
    uint32_t node, parent;     /* parent: index of a call */
    uint32_t id;
    uint32_t key_n;            /* bytes of the parent's rpc_id as a key */
};

struct spans_room {
    struct node *node;
    uint32_t *bucket;
    struct place *order;
    struct visit *stack;
    struct call *calls;
    size_t node_cap, bucket_cap, order_cap, stack_cap, call_cap;
    size_t buckets;
    struct buf name;
};

struct trace_at_work {
    struct span *s;
    size_t n;
    unsigned repair;
    struct spans_room *m;
    struct names *names;
    struct spans_deeds *deeds;
    struct callgraph *g;
    size_t bad;
};

struct kin {                   /* what has no parent */
    size_t roots, orphans;
    size_t root, orphan;       /* the first of each */
};

/* Count a deed at span i. */
void spans_deed(struct trace_at_work *w, enum import_deed d, size_t i);

/* The first start of any span; 0 if none has one. */
int64_t spans_earliest(const struct span *s, size_t n);

/* File all spans by id, find the parent of each, and settle on one root. */
enum import_cause spans_parents(struct trace_at_work *w, struct kin *kin);

#endif
