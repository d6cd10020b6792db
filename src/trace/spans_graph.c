/* spans_graph.c: the spans of one trace to a tree of calls.
 *
 *     ids -> records of one span made one -> parents -> halves made one call -> order -> calls
 *
 * What comes before the halves is in spans_parents.c.
 */
#include <stdlib.h>
#include <string.h>

#include "trace/spans_room_priv.h"

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

/* The last component of an rpc_id, UINT32_MAX if there is none. */
static uint32_t last_component(struct str rpcid)
{
    size_t i = rpcid.n;
    if (i == 0)
        return UINT32_MAX;
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
    spans_deed(w, DEED_NO_SERVICE, i);
    return STR(SPAN_NO_SERVICE);
}

/* A span without a start gets its parent's, a root the trace's; one without end takes no time. */
static void fill_times(struct trace_at_work *w, uint32_t i, uint32_t parent)
{
    struct span *s = &w->s[i];
    if (s->start_ns == SPAN_NO_TIME) {
        s->start_ns = parent == CALL_NONE ? spans_earliest(w->s, w->n)
                                          : w->m->calls[parent].start * 1000;
        spans_deed(w, DEED_NO_START, i);
    }
    if (s->end_ns == SPAN_NO_TIME || s->end_ns < s->start_ns) {
        s->end_ns = s->start_ns;
        spans_deed(w, DEED_NO_END, i);
    }
    if (s->start_ns % 1000 || s->end_ns % 1000)
        spans_deed(w, DEED_ROUNDED, i);
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
        spans_deed(w, DEED_KIND, i);
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
        spans_deed(w, DEED_SKEW, v->node);
    if (!c->async && call_finish(c) > call_finish(p)) {
        c->async = true;
        spans_deed(w, DEED_OUTLASTS, v->node);
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
    enum import_cause c = spans_parents(&w, &kin);
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
    callgraph_arrive(g);
    return IMPORT_CAUSES;
}
