/* mend_priv.h: the rows of one trace to a tree, with repairs. Within trace/ only.
 *
 * The careful assembly (assemble.c) takes a trace as it is or not at all. This one mends what the
 * rest of the trace settles, and nothing else. What says more counts more:
 *
 *   an rpc_id says where a call stands;  the callee of a call says who makes its children;
 *   what both sides of a call recorded says more than one side
 *
 *   double  records of one call differ: what one does not know the other says; of several callees
 *           that one is taken that the children have for caller, or that most records have, or
 *           none
 *   caller  who calls is unknown, or not the parent's callee: it is the parent's callee. Who is
 *           called is unknown: it is the caller of all its children. Not if two children or more
 *           contradict the parent and none agrees
 *   root    the shallowest id is not 0, but that of an ancestor of all others: it is the root. Who
 *           calls a root, if unknown, is USER
 *   parent  a call between two that are there is missing: put in its place, as rpc, from the first
 *           start to the last end below it, called by the callee above and calling those below. Not
 *           if more than one level is missing. Several that have no call above them, but an id in
 *           common, get a root. An id with a stray last component loses it
 *   ids     rows of one id with neither a time nor an interface in common, and other callees: calls
 *           of their own, beside each other; siblings are numbered anew
 *   loss    what remains ambiguous, or without parent, is cut off with all below it
 *   service rows of a trace name several services: that of the root's is taken
 *
 * A callee that nobody names is called unknown_service, and noted. A call that ends after its
 * parent is asynchronous, and noted.
 *
 * Source: the error classes of CASPER (docc-lab/casper, ICPE 2024) and Alibaba's README.
 */
#ifndef TRACE_MEND_PRIV_H
#define TRACE_MEND_PRIV_H

#include "trace/row_priv.h"

enum { TYPE_UNKNOWN = CALL_TYPES };    /* a row's type that only such assembly takes */

struct mend_rules {
    unsigned repair;           /* a set of 1u << DEED_* */
    uint32_t user, nobody;     /* lexicon ids of USER and unknown_service */
    struct lexicon_shared *names;
    bool log;                  /* write down every change */
};

struct mended {
    size_t rows;               /* that the graph stands for, second records left out */
    size_t seconds, lost;      /* second records; rows cut off */
    const struct row *second, *lost_at;
    enum import_cause lost_cause;
    uint64_t deeds[IMPORT_DEEDS];
    const struct row *at[IMPORT_DEEDS];   /* the first */
};

struct mend_room;
struct mend_room *mend_room_new(void);
void mend_room_free(struct mend_room *m);

/* rows[0..n) -> *g with its calls in calls[0..2n) and IMPORT_CAUSES, or the cause with the row to
 * show. Sorts rows. Changes are appended to log, one JSON object a line. */
enum import_cause mend(struct mend_room *m, const struct mend_rules *rules, struct str trace,
                       struct row *rows, size_t n, struct callgraph *g, struct call *calls,
                       struct mended *out, const struct row **bad, struct buf *log);

/* Sort rows by key, then time: see assemble.c. */
void rows_sort(struct row *rows, size_t n);
int row_compare_keys(const struct row *a, const struct row *b);

#endif
