/* mend_room_priv.h: what the files of mend share. A node is a call: that of some rows, or one that
 * is put. Within mend*.c only.
 *
 *     mend_nodes.c   rows -> nodes, each below the one that its id names
 *     mend_place.c   nodes below the one that their callers name
 *     mend_names.c   who is called, who calls
 *     mend_calls.c   nodes -> calls, from the root down
 *     mend.c         all of it in turn, and what was changed
 */
#ifndef TRACE_MEND_ROOM_PRIV_H
#define TRACE_MEND_ROOM_PRIV_H

#include "trace/mend_priv.h"
#include "trace/mend_tally_priv.h"

struct node {
    const uint8_t *key;
    uint16_t key_n;
    uint8_t type;
    bool put;                  /* no row says that it is there; `row` is one below it */
    bool dead;
    bool renumber;             /* its calls' ids are not in order: they are numbered anew */
    bool moved;                /* does not hang where its id says */
    bool between;              /* put, and has no id */
    uint32_t group, groups;    /* nodes of the same id: the first, and how many */
    uint32_t above;            /* by its id; CALL_NONE for the root */
    uint32_t parent;           /* by all that is known */
    uint32_t row, rows;        /* its rows */
    struct tally um, dm;       /* what they say */
    struct tally callers;      /* what those below it say of who called them */
    uint32_t differs;          /* a callee of its rows that is not believed, or no name */
    uint32_t src, dst, interface;
    int64_t start, end;
    uint32_t hop, next_hop;    /* calls that were put below it for callers that are none of these */
    uint32_t before;           /* a call that was put and stands before it among its siblings */
    uint32_t child, sibling;   /* lists, in order of ids */
    uint32_t made;             /* calls that were numbered */
    uint32_t call;             /* index among the calls; CALL_NONE while it is none */
};

struct mend_room {
    struct node *node;
    size_t n, cap;
    const struct mend_rules *rules;
    struct row *rows;
    struct row *spare;         /* room for the rows of an id */
    size_t spare_cap;
    struct mended *out;
    enum import_cause cause;   /* of the failure at hand */
    const struct row *bad;
    struct call *calls;
    const struct row **from;   /* (calls): its first row */
    size_t n_calls, call_cap, from_cap;
    struct mend_change *change;
    size_t n_changes, change_cap;
    uint32_t *seen;            /* (n_seen): callees of all nodes, ascending */
    size_t n_seen, seen_cap;
    uint32_t *order;           /* (n_order): the nodes that become calls, from the root down */
    size_t n_order, order_cap;
};

bool mend_may(const struct mend_room *m, enum import_deed d);

static inline const struct row *mend_row(const struct mend_room *m, const struct node *k)
{
    return &m->rows[k->row];
}

/* Count a deed at node k, and keep what it changed: the field, what it was and what it is. */
void mend_deed(struct mend_room *m, enum import_deed d, const struct node *k, const char *field,
               uint32_t was, uint32_t now);

/* Cut node k and what is below it and return true; or fail with the cause. */
bool mend_lose(struct mend_room *m, struct node *k, enum import_cause cause);

/* A node without rows of its own; `row` shows where it was put. Nodes may move. */
uint32_t mend_put(struct mend_room *m, const uint8_t *key, size_t key_n, uint32_t above,
                  uint32_t row);

/* Who calls what is numbered below node p? Stores, and who gets messages, call nothing, unless they
 * are named as the caller `um`; what stands below one was made by the caller of it. */
uint32_t mend_caller(const struct mend_room *m, uint32_t p, uint32_t um);

/* Bytes of a key without its last component. */
size_t mend_parent_key(const uint8_t *key, size_t n);

/* Take names, type, interface and times from the rows of k that name callee dm or none; from all
 * if dm is no name. */
void mend_say(const struct mend_room *m, struct node *k, uint32_t dm);

/* The steps, in their order. False: m->cause with m->bad to show. */
bool mend_nodes(struct mend_room *m, size_t rows);
void mend_callees(struct mend_room *m);
void mend_place(struct mend_room *m);
bool mend_calls(struct mend_room *m);

/* Of a node whose parent is named: say what was done about its callee, and name its caller. */
bool mend_name(struct mend_room *m, struct node *k);

#endif
