/* mend_priv.h: the rows of one trace to a tree, with repairs. Within trace/ only.
 *
 * The careful assembly (assemble.c) takes a trace as it is or not at all. This one mends what the
 * rest of the trace settles, and nothing else. What says more counts more:
 *
 *   an rpc_id says how deep a call stands and below which;  the callee of a call says who makes its
 *   calls, and who made a call says below which it belongs;  what both sides of a call recorded
 *   says more than one side
 *
 *   double  records of one call differ: what one does not know the other says; of several callees
 *           that one is taken that the calls below have for caller, or that most records have, or
 *           none
 *   caller  who calls is unknown, or somebody who is nowhere else in the trace: it is the callee of
 *           the call above. Who is called is unknown: it is the caller of the calls below
 *   root    the shallowest id is not 0, but that of an ancestor of all others: it is the root. Who
 *           calls a root, if unknown, is USER
 *   parent  calls between two that are there are missing: put in their places, as rpc, from the
 *           first start to the last end below, the lowest with the caller of those below for
 *           callee. Several that have no call above them, but an id in common, get a root. An id
 *           with a stray last component loses it. Where calls name another caller than the callee
 *           above, one who takes part in the trace, a call to him is put between: what he
 *           received was not numbered
 *   ids     several calls under one id (other callees, and not the same time and interface) are
 *           calls of their own, beside each other. A call that is numbered below another than its
 *           caller's, because the caller kept the number of what it called before, goes below
 *           the nearest call above that its caller received. Siblings are numbered anew
 *   loss    what a repair that was not asked for would place or name is cut off with all below it
 *   service rows of a trace name several services: that of the root's is taken
 *
 * A callee that nobody names is called unknown_service, and noted. A call that ends after its
 * parent is asynchronous, and noted. mend_check.h measures how often this is wrong.
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
};

struct mend_change {           /* of a field: um, dm, service, rpc_id, parent; or a call put */
    enum import_deed deed;
    const char *field;
    uint32_t was, now;         /* names, or WORD_UNKNOWN */
    const uint8_t *key;        /* (key_n): the rpc_id, as it was */
    uint16_t key_n;
    uint32_t node;             /* of the room */
    uint32_t call;             /* index in the graph; CALL_NONE if it was cut off */
};

struct mended {
    size_t rows;               /* that the graph stands for, second records left out */
    size_t seconds, lost;      /* second records; rows cut off */
    size_t unnamed;            /* calls whose callee nobody names */
    const struct row *second, *lost_at;
    enum import_cause lost_cause;
    uint64_t deeds[IMPORT_DEEDS];
    const struct row *at[IMPORT_DEEDS];   /* the first */
    const struct mend_change *change;     /* (n_changes): repairs, until the next trace */
    size_t n_changes;
    const struct row *const *from;        /* (calls): the first row; NULL of a call that was put */
};

struct mend_room;
struct mend_room *mend_room_new(void);
void mend_room_free(struct mend_room *m);

/* rows[0..n) -> *g and IMPORT_CAUSES, or the cause with the row to show. Its calls are the room's
 * until the next trace. Sorts rows. */
enum import_cause mend(struct mend_room *m, const struct mend_rules *rules, struct row *rows,
                       size_t n, struct callgraph *g, struct mended *out, const struct row **bad);

/* The changes of the trace just mended, one JSON object a line, appended. */
void mend_log(const struct mend_room *m, struct str trace, struct buf *log);

/* Sort rows by key, then time: see assemble.c. */
void rows_sort(struct row *rows, size_t n);
int row_compare_keys(const struct row *a, const struct row *b);

#endif
