/* export_dot.c: a graph as Graphviz draws it: a node a microservice, an edge for all calls that
 * have caller, callee, interface and type in common, with their number and times. */
#include <stdlib.h>

#include "trace/export_spans_priv.h"

struct edge {
    uint32_t src, dst, interface;
    uint8_t type;
    bool async;
    size_t first, n;           /* first call, how many */
    int64_t least, most;       /* response times, ticks */
};

/* By caller, callee, interface, type; then by place, so that the first comes first. */
static int by_ends(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    const uint32_t p[] = { x->src, x->dst, x->interface, x->type, (uint32_t)x->first };
    const uint32_t q[] = { y->src, y->dst, y->interface, y->type, (uint32_t)y->first };
    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return 0;
}

static int by_first(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* The edges in order of their first calls; how many. */
static size_t edges_of(const struct callgraph *g, struct edge *e)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        e[i] = (struct edge){ c->src, c->dst, c->interface, c->type, c->async, i, 1, c->rt, c->rt };
    }
    qsort(e, g->n, sizeof *e, by_ends);
    for (size_t i = 0; i < g->n; i++) {
        struct edge *last = n ? &e[n - 1] : NULL;
        if (last && last->src == e[i].src && last->dst == e[i].dst && last->type == e[i].type &&
            last->interface == e[i].interface) {
            last->n++;
            last->async |= e[i].async;
            last->least = e[i].least < last->least ? e[i].least : last->least;
            last->most = e[i].most > last->most ? e[i].most : last->most;
        } else
            e[n++] = e[i];
    }
    qsort(e, n, sizeof *e, by_first);
    return n;
}

/* DOT has one escape that matters, \"; but labels read \N, \l and the like. */
static void put_quoted(struct buf *b, struct str s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_char(b, '\\');
        buf_char(b, s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i]);
    }
    buf_char(b, '"');
}

static void put_edge(const struct export_graph *x, const struct edge *e, struct buf *b)
{
    struct buf label = { 0 };
    double ms = x->tick_us / 1000.0;
    if (e->interface != NAMES_NONE)
        buf_printf(&label, "%s ", names_get(x->names, e->interface));
    buf_str(&label, call_type_name((enum call_type)e->type));
    if (e->n > 1)
        buf_printf(&label, " ×%zu", e->n);
    buf_printf(&label, ", %.9g", (double)e->least * ms);
    if (e->most > e->least)
        buf_printf(&label, "–%.9g", (double)e->most * ms);
    buf_str(&label, " ms");
    buf_str(b, "  ");
    put_quoted(b, names_str(x->names, e->src));
    buf_str(b, " -> ");
    put_quoted(b, names_str(x->names, e->dst));
    buf_str(b, " [label=");
    put_quoted(b, buf_view(&label));
    buf_str(b, e->async ? ", style=dashed];\n" : "];\n");
    buf_free(&label);
}

static void graph(const struct export_graph *x, struct buf *b)
{
    struct edge *e = ARENA_ARRAY(x->a, x->g->n, struct edge);
    size_t n = edges_of(x->g, e);
    buf_str(b, "digraph ");
    if (x->g->trace_id != NAMES_NONE)
        put_quoted(b, names_str(x->names, x->g->trace_id));
    else
        buf_printf(b, "T_%zu", x->index + 1);
    buf_str(b, " {\n  label=");
    put_quoted(b, names_str(x->names, x->g->service));
    buf_str(b, ";\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < n; i++)
        put_edge(x, &e[i], b);
    buf_str(b, "}\n");
}

const struct exporter exporter_dot = {
    .name = "dot",
    .prose = "Graphviz, a graph a trace, a node a microservice",
    .loses = "the order and nesting of calls, statuses, arrivals, weights: there is no way back",
    .head = "", .between = "", .tail = "",
    .graph = graph,
};
