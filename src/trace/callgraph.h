/* callgraph.h: one request through a system of microservices, and sets of such.
 *
 *     USER --http--> MS_1 --rpc--> MS_2 --mc--> MS_3        calls, in this order:
 *                      \--db--> MS_4                        0  0.1  0.1.1  0.2
 *
 * A call graph is a tree of calls; microservices may repeat along and across its
 * branches. Calls are stored in pre-order, siblings by ascending id, so call 0 is
 * the root, a parent precedes its children, and a subtree is a contiguous range.
 *
 * Times are integers in ticks of the set: tick_us microseconds (1000, that is
 * milliseconds, for every Alibaba source), counted from the graph's arrival.
 *
 * Source: Alibaba microservice traces 2022 (CallGraph table) and the validity
 * rules of TraceLLM, made strict.
 */
#ifndef TRACE_CALLGRAPH_H
#define TRACE_CALLGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/names.h"

#define CALL_NONE UINT32_MAX

/* The first five are Alibaba's rpctype values; CALL_OTHER is any further protocol. */
enum call_type { CALL_HTTP, CALL_RPC, CALL_DB, CALL_MC, CALL_MQ, CALL_OTHER, CALL_TYPES };

/* Span kind, as OpenTelemetry has it. Alibaba rows are CLIENT, mq rows PRODUCER. */
enum call_kind {
    KIND_INTERNAL, KIND_SERVER, KIND_CLIENT, KIND_PRODUCER, KIND_CONSUMER, CALL_KINDS
};

enum call_status { STATUS_UNSET, STATUS_OK, STATUS_ERROR, CALL_STATUSES };

struct call {
    uint32_t src, dst;     /* names: caller (um) and callee (dm); src is the parent's dst */
    uint32_t interface;    /* name, or NAMES_NONE */
    uint32_t parent;       /* index of the calling call; CALL_NONE for the root */
    uint32_t id;           /* last component of the rpc_id; siblings ascend strictly; root 0 */
    uint16_t level;        /* 0 at the root */
    uint8_t type;          /* enum call_type */
    uint8_t kind;          /* enum call_kind */
    uint8_t status;        /* enum call_status */
    bool async;            /* may outlive its parent: nesting bounds do not bind it */
    int64_t start;         /* ticks from arrival, >= 0 */
    int64_t rt;            /* ticks, >= 0; finish = start + rt */
};

struct callgraph {
    uint32_t service;      /* name */
    uint32_t trace_id;     /* name, or NAMES_NONE */
    int64_t arrival;       /* ticks since the start of the recording */
    bool timed;            /* false: the source has no times; start, rt are all 0 */
    size_t n;              /* calls, >= 1 */
    struct call *calls;    /* (n) */
};

struct graphset {
    struct arena *arena;   /* owns the calls */
    struct names *names;   /* services, microservices, interfaces, trace ids: one table */
    uint32_t tick_us;      /* microseconds per tick */
    struct callgraph *graphs;
    double *weight;        /* (n), occurrences each graph stands for; NULL: all 1 */
    size_t n, cap;
};

struct graphset *graphset_new(void);             /* tick_us 1000 */
void graphset_free(struct graphset *s);

/* Append a graph of n zeroed calls and return it (valid until the next add). */
struct callgraph *graphset_add(struct graphset *s, size_t n);

/* Append a copy of g, whose names live in `from`; a NULL `from` means s->names itself. */
struct callgraph *graphset_copy(struct graphset *s, const struct callgraph *g,
                                const struct names *from);

/* A new set with graphs index[0..n) of s, in that order, repeats allowed. It shares s's names
 * and calls: free it with graphset_free before s; weights follow. */
struct graphset *graphset_select(const struct graphset *s, const size_t *index, size_t n);

static inline int64_t call_finish(const struct call *c)
{
    return c->start + c->rt;
}

size_t callgraph_depth(const struct callgraph *g);           /* levels of calls; a lone root is 1 */
size_t callgraph_end(const struct callgraph *g, size_t i);   /* first index after i's subtree */
size_t callgraph_children(const struct callgraph *g, size_t i);
void callgraph_rpcid(const struct callgraph *g, size_t i, struct buf *b);   /* appends "0.1.2" */

/* Hashes over names' spellings, so equal across sets. structure: service and (level, type, src,
 * dst) in pre-order, no ids, no times; full: also ids, starts and rts. */
uint64_t callgraph_hash_structure(const struct callgraph *g, const struct names *names);
uint64_t callgraph_hash_full(const struct callgraph *g, const struct names *names);

/* Equal in all fields but arrival and trace id? */
bool callgraph_same(const struct callgraph *a, const struct names *na,
                    const struct callgraph *b, const struct names *nb);

/* Set parent and level of every call from the levels already in calls[i].level; false when they do
 * not describe a tree in pre-order. */
bool callgraph_link(struct callgraph *g);

/* The starts of the calls are those of the recording: set the arrival, the earliest of them, and
 * count them from there. */
void callgraph_arrive(struct callgraph *g);

/* What every graph in a set fulfils. On failure *why names the broken rule and the call index. */
enum callgraph_fault {
    GRAPH_GOOD, GRAPH_EMPTY, GRAPH_NOT_TREE, GRAPH_ID_ORDER, GRAPH_SRC_MISMATCH,
    GRAPH_TIME_NEGATIVE, GRAPH_FINISH_AFTER_PARENT, GRAPH_FAULTS
};
extern const char *const callgraph_fault_names[GRAPH_FAULTS];
enum callgraph_fault callgraph_check(const struct callgraph *g, size_t *at);

const char *call_type_name(enum call_type t);    /* "http" ... "other" */
bool call_type_parse(struct str s, enum call_type *t);

/* In the cleaned Alibaba traces these call nothing. */
static inline bool call_type_is_leaf(enum call_type t)
{
    return t == CALL_DB || t == CALL_MC || t == CALL_MQ;
}

#endif
