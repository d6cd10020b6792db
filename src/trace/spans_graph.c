/* spans_graph.c: the spans of one trace to a tree of calls.
 *
 *     ids -> records of one span made one -> parents -> halves made one call -> order -> calls
 *
 * Zipkin lets the two sides of a call share one id, so an id may have a client's node and a
 * server's; the server's hangs below the client's, and so does what else has that id for a parent
 * and does not lie in the server's service.
 *
 *     id 7 client A           A calls B: two spans, id 7 both
 *     `- id 7 server B        parent 7, in B: below the server's
 *        `- id 8 ... B
 */
#include "trace/spans_graph_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

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

struct spans_room *spans_room_new(void)
{
    return mem_alloc(sizeof(struct spans_room));
}

void spans_room_free(struct spans_room *m)
{
    if (!m)
        return;
    free(m->node);
    free(m->bucket);
    free(m->order);
    free(m->stack);
    free(m->calls);
    buf_free(&m->name);
    free(m);
}

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

static void deed(struct trace_at_work *w, enum import_deed d, size_t i)
{
    if (w->deeds->spans[d]++ == 0)
        w->deeds->first[d] = i;
}

static size_t bucket_of(const struct spans_room *m, struct str id)
{
    return (size_t)hash64(id.p, id.n, 0) & (m->buckets - 1);
}

static bool same_record(const struct span *a, const struct span *b)
{
    return a->kind == b->kind && a->status == b->status && a->start_ns == b->start_ns &&
           a->end_ns == b->end_ns && str_eq(a->parent, b->parent) &&
           str_eq(a->service, b->service) && str_eq(a->operation, b->operation);
}

/* Zipkin's late reports: what the first record lacks comes in another of the same service. */
static bool completes(const struct span *a, const struct span *b)
{
    return a->shared == b->shared && str_eq(a->service, b->service) &&
           (a->start_ns == SPAN_NO_TIME || b->start_ns == SPAN_NO_TIME);
}

static void complete(struct span *a, const struct span *b)
{
    if (a->start_ns == SPAN_NO_TIME) {
        a->start_ns = b->start_ns;
        a->end_ns = b->end_ns;
    }
    if (a->kind == KIND_INTERNAL)
        a->kind = b->kind;
    if (a->operation.n == 0)
        a->operation = b->operation;
    if (a->parent.n == 0)
        a->parent = b->parent;
    if (a->peer.n == 0)
        a->peer = b->peer;
    if (a->type == SPAN_TYPE_GUESS)
        a->type = b->type;
    a->status = a->status > b->status ? a->status : b->status;
}

/* File span i under its id, unless it is another record of one that is there. */
static void enter(struct trace_at_work *w, size_t i)
{
    struct spans_room *m = w->m;
    struct span *s = &w->s[i];
    size_t b = bucket_of(m, s->id);
    m->node[i] = (struct node){ NONE, NONE, NONE, NONE, NONE, false, false };
    uint32_t *end = &m->bucket[b];
    for (; *end != NONE; end = &m->node[*end].same) {
        struct span *t = &w->s[*end];
        if (!str_eq(t->id, s->id))
            continue;
        bool same = same_record(t, s);
        if (same || completes(t, s)) {
            if (!same)
                complete(t, s);
            if (w->deeds->second++ == 0)
                w->deeds->second_first = i;
            m->node[i].dead = true;
            return;
        }
        if (s->kind == KIND_SERVER && t->kind == KIND_CLIENT)
            s->shared = true;
        if (t->kind == KIND_SERVER && s->kind == KIND_CLIENT)
            t->shared = true;
    }
    *end = (uint32_t)i;
}

static void enter_all(struct trace_at_work *w)
{
    struct spans_room *m = w->m;
    size_t buckets = 16;
    while (buckets < 2 * w->n)
        buckets *= 2;
    MEM_RESERVE(m->node, w->n + 1, m->node_cap);
    MEM_RESERVE(m->bucket, buckets, m->bucket_cap);
    m->buckets = buckets;
    memset(m->bucket, 0xFF, buckets * sizeof *m->bucket);
    for (size_t i = 0; i < w->n; i++)
        enter(w, i);
}

/* How well node k suits as parent of span s: 0 not at all. */
static int suits(const struct trace_at_work *w, uint32_t k, const struct span *s)
{
    const struct span *p = &w->s[k];
    int here = str_eq(p->service, s->service) ? 4 : 0;
    return 1 + here + (p->shared ? 1 : 0);
}

/* The node that span i hangs below; NONE: none of that id; *several: no choice is better. */
static uint32_t find_parent(const struct trace_at_work *w, size_t i, bool *several)
{
    const struct spans_room *m = w->m;
    const struct span *s = &w->s[i];
    uint32_t best = NONE;
    int best_suits = 0;
    *several = false;
    if (s->shared) {           /* the client's half of the same id, if it was recorded */
        for (uint32_t k = m->bucket[bucket_of(m, s->id)]; k != NONE; k = m->node[k].same)
            if (k != i && str_eq(w->s[k].id, s->id) && !w->s[k].shared)
                return k;
    }
    if (s->parent.n == 0)
        return NONE;
    for (uint32_t k = m->bucket[bucket_of(m, s->parent)]; k != NONE; k = m->node[k].same) {
        if (!str_eq(w->s[k].id, s->parent))
            continue;
        int fit = suits(w, k, s);
        *several = fit == best_suits;
        if (fit > best_suits) {
            best = k;
            best_suits = fit;
        }
    }
    return best;
}

struct kin {                   /* what has no parent */
    size_t roots, orphans;
    size_t root, orphan;       /* the first of each */
};

static enum import_cause find_parents(struct trace_at_work *w, struct kin *kin)
{
    struct spans_room *m = w->m;
    *kin = (struct kin){ 0 };
    for (size_t i = 0; i < w->n; i++) {
        if (m->node[i].dead)
            continue;
        bool several;
        uint32_t p = m->node[i].parent = find_parent(w, i, &several);
        w->bad = i;
        if (several)
            return CAUSE_CONFLICT;
        if (p != NONE)
            continue;
        if (w->s[i].parent.n == 0) {
            if (kin->roots++ == 0)
                kin->root = i;
        } else if (kin->orphans++ == 0)
            kin->orphan = i;
    }
    return IMPORT_CAUSES;
}

static int64_t earliest(const struct span *s, size_t n)
{
    int64_t t = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (s[i].start_ns != SPAN_NO_TIME && s[i].start_ns < t)
            t = s[i].start_ns;
    return t == INT64_MAX ? 0 : t;
}

/* A trace whose root lies outside, and is the parent of a single span: that is the root. */
static bool adopt_root(struct trace_at_work *w, struct kin *kin)
{
    if (!(w->repair & 1u << DEED_ROOT) || kin->roots != 0 || kin->orphans != 1)
        return false;
    kin->roots = 1;
    kin->root = kin->orphan;
    kin->orphans = 0;
    deed(w, DEED_ROOT, kin->root);
    return true;
}

/* All that has no parent names the same one, which is not there: it was the root. A span is put in
 * its place, in the service of those that it called from within (what is not a server's span lies
 * where its parent does), from the first start to the last end. The caller left room for it. */
static bool put_root(struct trace_at_work *w, struct kin *kin)
{
    if (!(w->repair & 1u << DEED_PARENT) || kin->roots != 0 || kin->orphans == 0)
        return false;
    struct span root = span_new();
    root.id = w->s[kin->orphan].parent;
    root.start_ns = earliest(w->s, w->n);
    for (size_t i = 0; i < w->n; i++) {
        const struct span *s = &w->s[i];
        if (w->m->node[i].dead || w->m->node[i].parent != NONE)
            continue;
        if (!str_eq(s->parent, root.id))
            return false;
        if (s->kind != KIND_SERVER && s->kind != KIND_CONSUMER && root.service.n == 0)
            root.service = s->service;
        if (s->end_ns != SPAN_NO_TIME && s->end_ns > root.end_ns)
            root.end_ns = s->end_ns;
    }
    if (root.service.n == 0)
        root.service = STR(SPAN_NO_SERVICE);
    for (size_t i = 0; i < w->n; i++)
        if (!w->m->node[i].dead && w->m->node[i].parent == NONE)
            w->m->node[i].parent = (uint32_t)w->n;
    root.kind = KIND_SERVER;
    root.line = w->s[kin->orphan].line;
    w->s[w->n] = root;
    w->m->node[w->n] = (struct node){ NONE, NONE, NONE, NONE, NONE, false, false };
    deed(w, DEED_PARENT, kin->orphan);
    *kin = (struct kin){ .roots = 1, .root = w->n++ };
    return true;
}

static enum import_cause one_root(struct trace_at_work *w, struct kin *kin)
{
    w->bad = kin->roots ? kin->root : kin->orphan;
    if (!adopt_root(w, kin) && !put_root(w, kin) && kin->roots == 0)
        return kin->orphans ? CAUSE_NO_ROOT : CAUSE_CYCLE;
    if (kin->roots > 1)
        return CAUSE_ROOTS;
    w->bad = kin->orphan;
    if (kin->orphans && !(w->repair & 1u << DEED_LOSS))
        return CAUSE_ORPHAN;
    return IMPORT_CAUSES;
}

/* The last component of an rpc_id, UINT32_MAX if there is none. */
static uint32_t last_component(struct str rpcid)
{
    size_t i = rpcid.n;
    while (i && rpcid.p[i - 1] != '.')
        i--;
    uint64_t v;
    return str_u64((struct str){ rpcid.p + i, rpcid.n - i }, &v) && v < UINT32_MAX ? (uint32_t)v
                                                                                   : UINT32_MAX;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->component != y->component)
        return x->component < y->component ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static bool is_caller(const struct span *s)
{
    return s->kind == KIND_CLIENT || s->kind == KIND_PRODUCER;
}

static void merge_halves(struct trace_at_work *w)
{
    struct node *node = w->m->node;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t p = node[i].parent;
        if (node[i].dead || p == NONE || !w->s[i].half || w->s[p].half || !is_caller(&w->s[p]) ||
            node[p].callee != NONE)
            continue;
        node[i].merged = true;
        node[p].callee = (uint32_t)i;
    }
}

/* Give every node the list of its children, in order. */
static void line_up(struct trace_at_work *w)
{
    struct spans_room *m = w->m;
    size_t n = 0;
    MEM_RESERVE(m->order, w->n, m->order_cap);
    for (size_t i = 0; i < w->n; i++)
        if (!m->node[i].dead && !m->node[i].merged && m->node[i].parent != NONE)
            m->order[n++] = (struct place){ last_component(w->s[i].origin_rpcid), (uint32_t)i,
                                            w->s[i].start_ns };
    qsort(m->order, n, sizeof *m->order, compare_places);
    while (n-- > 0) {
        uint32_t i = m->order[n].node, p = m->node[i].parent;
        if (m->node[p].merged)
            p = m->node[p].parent;
        m->node[i].next = m->node[p].first;
        m->node[p].first = i;
    }
}

static struct str or_unknown(struct trace_at_work *w, size_t i, struct str service)
{
    bool taken = str_is(service, "UNKNOWN") || str_is(service, "UNAVAILABLE") ||
                 str_is(service, "(?)") || str_is(service, "NAN");
    if (service.n && !taken)
        return service;
    deed(w, DEED_NO_SERVICE, i);
    return STR(SPAN_NO_SERVICE);
}

/* A span without a start gets its parent's, a root the trace's; one without end takes no time. */
static void fill_times(struct trace_at_work *w, uint32_t i, uint32_t parent)
{
    struct span *s = &w->s[i];
    if (s->start_ns == SPAN_NO_TIME) {
        s->start_ns = parent == CALL_NONE ? earliest(w->s, w->n) : w->m->calls[parent].start * 1000;
        deed(w, DEED_NO_START, i);
    }
    if (s->end_ns == SPAN_NO_TIME || s->end_ns < s->start_ns) {
        s->end_ns = s->start_ns;
        deed(w, DEED_NO_END, i);
    }
    if (s->start_ns % 1000 || s->end_ns % 1000)
        deed(w, DEED_ROUNDED, i);
}

/* Who calls, who is called, and as what: the table in spans.h from right to left. */
static void name_sides(struct trace_at_work *w, uint32_t i, struct call *c)
{
    const struct node *node = &w->m->node[i];
    const struct span *s = &w->s[i];
    bool leaf = node->first == NONE, root = c->parent == CALL_NONE;
    struct str own = or_unknown(w, i, s->service), dst = own;
    uint32_t own_id = names_id(w->names, own);
    c->src = root ? (is_caller(s) ? own_id : names_id(w->names, STR(SPAN_USER)))
                  : w->m->calls[c->parent].dst;
    if (is_caller(s) && c->src == own_id) {
        if (node->callee != NONE)
            dst = or_unknown(w, node->callee, w->s[node->callee].service);
        else if (s->peer.n && leaf && (!root || s->typed))
            dst = or_unknown(w, i, s->peer);
    } else if (is_caller(s)) {
        c->kind = KIND_INTERNAL;
        deed(w, DEED_KIND, i);
    }
    c->dst = str_eq(dst, own) ? own_id : names_id(w->names, dst);
}

static void name_interface(struct trace_at_work *w, uint32_t i, struct call *c)
{
    struct str name = w->s[i].origin_interface.n ? w->s[i].origin_interface : w->s[i].operation;
    bool none = name.n == 0 || str_is(name, "UNKNOWN") || str_is(name, "UNAVAILABLE") ||
                str_is(name, "(?)") || str_is(name, "NAN");
    c->interface = none ? NAMES_NONE : names_id(w->names, name);
}

static void fill_call(struct trace_at_work *w, const struct visit *v, struct call *c)
{
    const struct span *s = &w->s[v->node];
    const struct call *p = v->parent == CALL_NONE ? NULL : &w->m->calls[v->parent];
    fill_times(w, v->node, v->parent);
    *c = (struct call){ .parent = v->parent, .id = v->id, .kind = s->kind, .status = s->status,
                        .level = (uint16_t)(p ? p->level + 1 : 0), .type = (uint8_t)span_type(s),
                        .async = s->async, .start = s->start_ns / 1000 };
    c->rt = s->end_ns / 1000 - c->start;
    name_sides(w, v->node, c);
    name_interface(w, v->node, c);
    if (!p)
        return;
    if (c->start < p->start)
        deed(w, DEED_SKEW, v->node);
    if (!c->async && call_finish(c) > call_finish(p)) {
        c->async = true;
        deed(w, DEED_OUTLASTS, v->node);
    }
}

static uint32_t key_bytes(uint32_t id)
{
    return id < 240 ? 1 : id < 1u << 8 ? 2 : id < 1u << 16 ? 3 : id < 1u << 24 ? 4 : 5;
}

/* Do the rpc_ids of the children of node i say how they are numbered? */
static bool numbered(const struct trace_at_work *w, uint32_t i)
{
    int64_t last = -1;
    for (uint32_t k = w->m->node[i].first; k != NONE; k = w->m->node[k].next) {
        uint32_t v = last_component(w->s[k].origin_rpcid);
        if (v == UINT32_MAX || (int64_t)v <= last)
            return false;
        last = v;
    }
    return true;
}

/* Put the children of call i on the stack, the last first, and count them. */
static size_t push_children(struct trace_at_work *w, size_t depth, const struct visit *v, size_t i)
{
    struct spans_room *m = w->m;
    bool given = numbered(w, v->node);
    uint32_t id = 0;
    size_t n = 0;
    for (uint32_t k = m->node[v->node].first; k != NONE; k = m->node[k].next) {
        id = given ? last_component(w->s[k].origin_rpcid) : id + 1;
        MEM_GROW(m->stack, depth + n, m->stack_cap);
        m->stack[depth + n++] = (struct visit){ k, (uint32_t)i, id, v->key_n + key_bytes(v->id) };
    }
    for (size_t a = depth, b = depth + n; a + 1 < b; a++) {
        struct visit t = m->stack[a];
        m->stack[a] = m->stack[--b];
        m->stack[b] = t;
    }
    return n;
}

/* The calls below the root, in pre-order: how many, and of how many spans. */
static enum import_cause walk(struct trace_at_work *w, size_t root, size_t *calls, size_t *reached)
{
    enum { KEY_ROOM = 500 };   /* a rpc_id that CSV can say */
    struct spans_room *m = w->m;
    MEM_RESERVE(m->calls, w->n, m->call_cap);
    MEM_RESERVE(m->stack, (size_t)1, m->stack_cap);
    m->stack[0] = (struct visit){ (uint32_t)root, CALL_NONE, 0, 0 };
    size_t n = 0;
    for (size_t depth = 1; depth > 0;) {
        struct visit v = m->stack[--depth];
        w->bad = v.node;
        if (v.key_n > KEY_ROOM || (v.parent != CALL_NONE &&
                                   m->calls[v.parent].level >= SPANS_LEVELS_MAX))
            return CAUSE_TOO_LARGE;
        fill_call(w, &v, &m->calls[n]);
        *reached += 1 + (m->node[v.node].callee != NONE);
        depth += push_children(w, depth, &v, n++);
    }
    *calls = n;
    return IMPORT_CAUSES;
}

static uint32_t service_of(struct trace_at_work *w, size_t root)
{
    struct spans_room *m = w->m;
    if (w->s[root].origin_service.n)
        return names_id(w->names, w->s[root].origin_service);
    buf_clear(&m->name);
    buf_str(&m->name, names_get(w->names, m->calls[0].dst));
    if (m->calls[0].interface != NAMES_NONE)
        buf_printf(&m->name, ":%s", names_get(w->names, m->calls[0].interface));
    return names_id(w->names, buf_view(&m->name));
}

/* Times from the earliest start on. */
static void set_arrival(struct callgraph *g)
{
    g->arrival = g->calls[0].start;
    for (size_t i = 1; i < g->n; i++)
        if (g->calls[i].start < g->arrival)
            g->arrival = g->calls[i].start;
    for (size_t i = 0; i < g->n; i++)
        g->calls[i].start -= g->arrival;
}

/* What the walk did not reach hangs below an orphan, or in a circle. */
static enum import_cause count_lost(struct trace_at_work *w, size_t reached, const struct kin *kin)
{
    size_t live = 0;
    for (size_t i = 0; i < w->n; i++)
        live += !w->m->node[i].dead;
    w->deeds->lost = live - reached;
    w->deeds->lost_first = w->bad = kin->orphan;
    return live > reached && kin->orphans == 0 ? CAUSE_CYCLE : IMPORT_CAUSES;
}

enum import_cause spans_graph(struct span *s, size_t n, unsigned repair, struct spans_room *m,
                              struct names *names, struct callgraph *g, struct spans_deeds *deeds,
                              size_t *bad)
{
    struct trace_at_work w = { .s = s, .n = n, .repair = repair, .m = m, .names = names,
                               .deeds = deeds, .g = g };
    struct kin kin;
    size_t calls = 0, reached = 0;
    *deeds = (struct spans_deeds){ 0 };
    enter_all(&w);
    enum import_cause c = find_parents(&w, &kin);
    if (c == IMPORT_CAUSES)
        c = one_root(&w, &kin);
    if (c == IMPORT_CAUSES) {
        merge_halves(&w);
        line_up(&w);
        c = walk(&w, kin.root, &calls, &reached);
    }
    if (c == IMPORT_CAUSES)
        c = count_lost(&w, reached, &kin);
    *bad = w.bad;
    if (c != IMPORT_CAUSES)
        return c;
    *g = (struct callgraph){ .service = service_of(&w, kin.root), .trace_id = NAMES_NONE,
                             .timed = true, .n = calls, .calls = m->calls };
    set_arrival(g);
    return IMPORT_CAUSES;
}
