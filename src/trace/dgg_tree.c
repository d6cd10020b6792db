/* dgg_tree.c: nodes in topological order (Kahn, lowest number first); each deals its edges' calls
 * to its places in the tree. Then one walk puts the calls in pre-order. */
#include "trace/dgg_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct place {                 /* a call before it has its final index; place 0 is the root call */
    uint32_t parent;           /* place */
    uint32_t edge;
    uint32_t first, last, next;    /* children in order; next sibling, next place of the node */
    uint32_t next_of_node;
    bool self;                 /* a node's call to itself */
};

struct unroll {
    const struct dgg_edge *edges;
    size_t n_edges;
    uint32_t n_nodes;
    struct place *place;
    uint32_t n, cap;
    uint32_t *head, *tail, *count;   /* (n_nodes): places of a node; count without self calls */
    uint32_t *waiting;               /* (n_nodes): edges from others not dealt yet */
};

static bool is_self(const struct dgg_edge *e)
{
    return e->source == e->target;
}

static uint32_t add_place(struct unroll *u, uint32_t parent, uint32_t edge)
{
    uint32_t i = u->n++, node = u->edges[edge].target;
    struct place *p = &u->place[i];
    *p = (struct place){ parent, edge, CALL_NONE, CALL_NONE, CALL_NONE, CALL_NONE,
                         is_self(&u->edges[edge]) };
    if (parent != CALL_NONE) {
        struct place *q = &u->place[parent];
        if (q->first == CALL_NONE)
            q->first = i;
        else
            u->place[q->last].next = i;
        q->last = i;
    }
    if (u->head[node] == CALL_NONE)
        u->head[node] = i;
    else
        u->place[u->tail[node]].next_of_node = i;
    u->tail[node] = i;
    u->count[node] += !p->self;
    return i;
}

/* Deal the calls of one edge to the k places of its source: w/k each, the first w%k one more. */
static void deal(struct unroll *u, uint32_t edge, uint32_t places)
{
    const struct dgg_edge *e = &u->edges[edge];
    uint32_t share = e->weight / places, more = e->weight % places, k = 0;
    for (uint32_t p = u->head[e->source]; k < places; p = u->place[p].next_of_node) {
        if (is_self(e) && u->place[p].self)
            continue;
        uint32_t calls = share + (k++ < more);
        for (uint32_t i = 0; i < calls; i++)
            add_place(u, p, edge);
    }
}

static void deal_node(struct unroll *u, uint32_t node, const uint32_t *by_source,
                      const uint32_t *start)
{
    uint32_t outside = u->count[node], all = outside;
    for (uint32_t i = start[node]; i < start[node + 1]; i++)   /* itself first: these are places */
        if (is_self(&u->edges[by_source[i]])) {
            deal(u, by_source[i], outside);
            all += u->edges[by_source[i]].weight;
        }
    for (uint32_t i = start[node]; i < start[node + 1]; i++)
        if (!is_self(&u->edges[by_source[i]])) {
            deal(u, by_source[i], all);
            u->waiting[u->edges[by_source[i]].target]--;
        }
}

/* start[x]..start[x + 1] are the places in by_source of x's edges, in their order. */
static void index_sources(const struct unroll *u, uint32_t *start, uint32_t *by_source)
{
    for (size_t i = 0; i < u->n_edges; i++)
        start[u->edges[i].source + 1]++;
    for (uint32_t x = 0; x < u->n_nodes; x++)
        start[x + 1] += start[x];
    uint32_t *at = mem_array(u->n_nodes + 1, sizeof *at);
    memcpy(at, start, (u->n_nodes + 1) * sizeof *at);
    for (size_t i = 0; i < u->n_edges; i++)
        by_source[at[u->edges[i].source]++] = (uint32_t)i;
    free(at);
}

/* The edge out of the only node that nobody calls; it must be one call. */
static enum import_cause find_root(const struct unroll *u, uint32_t *edge, uint32_t *bad)
{
    uint32_t found = CALL_NONE;
    *bad = 0;
    for (uint32_t i = 0; i < u->n_edges; i++) {
        const struct dgg_edge *e = &u->edges[i];
        if (u->waiting[e->source])
            continue;
        *bad = e->source;
        if (found != CALL_NONE || e->weight != 1 || is_self(e))
            return CAUSE_ROOTS;
        found = i;
    }
    *edge = found;
    return found == CALL_NONE ? CAUSE_NO_ROOT : IMPORT_CAUSES;
}

static enum import_cause deal_all(struct unroll *u, uint32_t root_edge, uint32_t *bad)
{
    uint32_t *start = mem_array((size_t)u->n_nodes + 2, sizeof *start);
    uint32_t *by_source = mem_array(u->n_edges, sizeof *by_source);
    uint32_t *ready = mem_array((size_t)u->n_nodes + 1, sizeof *ready), n_ready = 0, done = 0;
    index_sources(u, start, by_source);
    add_place(u, CALL_NONE, root_edge);
    uint32_t root = u->edges[root_edge].target;
    if (--u->waiting[root] == 0)
        ready[n_ready++] = root;
    while (done < n_ready) {
        uint32_t x = ready[done++];
        deal_node(u, x, by_source, start);
        for (uint32_t i = start[x]; i < start[x + 1]; i++) {
            uint32_t y = u->edges[by_source[i]].target;
            bool listed = y == x;
            for (uint32_t k = i; k-- > start[x];)   /* y was seen with its first edge from x */
                listed |= u->edges[by_source[k]].target == y;
            if (!listed && u->waiting[y] == 0)
                ready[n_ready++] = y;
        }
    }
    enum import_cause cause = IMPORT_CAUSES;
    for (uint32_t x = 0; x < u->n_nodes && cause == IMPORT_CAUSES; x++)
        if (u->waiting[x]) {
            *bad = x;
            cause = CAUSE_CYCLE;
        }
    free(start);
    free(by_source);
    free(ready);
    return cause;
}

static void put_call(const struct unroll *u, uint32_t p, struct call *c, const struct call *calls,
                     uint32_t parent, uint32_t id)
{
    const struct dgg_edge *e = &u->edges[u->place[p].edge];
    *c = (struct call){ .src = e->source, .dst = e->target, .interface = NAMES_NONE,
                        .parent = parent, .id = id, .type = e->type,
                        .kind = e->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT };
    c->level = parent == CALL_NONE ? 0 : (uint16_t)(calls[parent].level + 1);
}

/* Pre-order without recursion: after a place comes its first child, else the next sibling of the
 * nearest place on the way up that has one. */
static void put_calls(const struct unroll *u, struct call *calls)
{
    uint32_t p = 0, i = 0, parent = CALL_NONE, id = 0;
    for (;;) {
        put_call(u, p, &calls[i], calls, parent, id);
        if (u->place[p].first != CALL_NONE) {
            p = u->place[p].first;
            parent = i++;
            id = 1;
            continue;
        }
        uint32_t at = i++;
        while (u->place[p].next == CALL_NONE) {
            p = u->place[p].parent;
            at = calls[at].parent;
            if (p == CALL_NONE)
                return;
        }
        parent = calls[at].parent;
        id = calls[at].id + 1;
        p = u->place[p].next;
    }
}

enum import_cause dgg_unroll(const struct dgg_edge *edges, size_t n_edges, uint32_t n_nodes,
                             struct call *calls, uint32_t *bad)
{
    struct unroll u = { .edges = edges, .n_edges = n_edges, .n_nodes = n_nodes };
    size_t total = 0;
    for (size_t i = 0; i < n_edges; i++)
        total += edges[i].weight;
    REQUIRE(total <= DGG_CALLS_MAX);
    u.place = mem_array(total, sizeof *u.place);
    u.head = mem_array((size_t)n_nodes * 4, sizeof *u.head);
    u.tail = u.head + n_nodes;
    u.count = u.tail + n_nodes;
    u.waiting = u.count + n_nodes;
    for (uint32_t x = 0; x < n_nodes; x++)
        u.head[x] = u.tail[x] = CALL_NONE;
    for (size_t i = 0; i < n_edges; i++)
        u.waiting[edges[i].target] += !is_self(&edges[i]);
    uint32_t root_edge = 0;
    enum import_cause cause = find_root(&u, &root_edge, bad);
    if (cause == IMPORT_CAUSES)
        cause = deal_all(&u, root_edge, bad);
    if (cause == IMPORT_CAUSES)
        put_calls(&u, calls);
    for (size_t i = 0; cause == IMPORT_CAUSES && i < total; i++)
        if (calls[i].level >= DGG_LEVELS_MAX) {
            *bad = calls[i].dst;
            cause = CAUSE_TOO_LARGE;
        }
    free(u.place);
    free(u.head);
    return cause;
}
