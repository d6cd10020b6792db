/* export_perfetto.c: Chrome's trace events, which Perfetto and chrome://tracing open.
 *
 *     process = a trace          lane 1  |-------- A --------------|
 *     thread  = a lane                     |--- B ---|  |--- C --|
 *                                lane 2         |---- D ----|         parallel to B and C
 *
 * Slices of one lane must nest strictly, so calls that run side by side need lanes of their own. A
 * call is laid in the first lane whose open slice is one of its ancestors and holds it whole, its
 * caller's lane first; calls are taken by start, longer ones first. Where it does not lie in its
 * caller's lane an arrow leads to it, unless it starts when its caller does not run.
 */
#include <stdlib.h>

#include "trace/export_spans_priv.h"

struct laid {                  /* a call while lanes are given out */
    int64_t start, end;        /* ticks */
    uint32_t call;
};

struct lane {
    uint32_t *open;            /* calls whose slices are open, outermost first */
    size_t n, cap;
};

struct lanes {
    const struct callgraph *g;
    struct lane *lane;
    size_t n, cap;
    uint32_t *of;              /* (g->n) lane of each call */
};

static int by_start(const void *a, const void *b)
{
    const struct laid *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1;
    return (x->call > y->call) - (x->call < y->call);
}

static bool is_ancestor(const struct callgraph *g, uint32_t a, uint32_t i)
{
    while (i != CALL_NONE && i > a)     /* a caller precedes its calls */
        i = g->calls[i].parent;
    return i == a;
}

/* May call i be laid into lane l now? What has ended is closed on the way. */
static bool fits(struct lanes *x, size_t l, uint32_t i)
{
    struct lane *lane = &x->lane[l];
    const struct call *c = &x->g->calls[i];
    while (lane->n && call_finish(&x->g->calls[lane->open[lane->n - 1]]) <= c->start)
        lane->n--;
    if (lane->n == 0)
        return true;
    uint32_t top = lane->open[lane->n - 1];
    return call_finish(&x->g->calls[top]) >= call_finish(c) && is_ancestor(x->g, top, i);
}

static void lay(struct lanes *x, uint32_t i)
{
    uint32_t parent = x->g->calls[i].parent;
    size_t l = parent == CALL_NONE ? 0 : x->of[parent];
    if (l >= x->n || !fits(x, l, i))
        for (l = 0; l < x->n && !fits(x, l, i); l++)
            ;
    if (l == x->n) {
        MEM_GROW(x->lane, x->n, x->cap);
        x->lane[x->n++] = (struct lane){ 0 };
    }
    struct lane *lane = &x->lane[l];
    MEM_GROW(lane->open, lane->n, lane->cap);
    lane->open[lane->n++] = i;
    x->of[i] = (uint32_t)l;
}

/* Calls in the order in which they are written, and the lane of each; how many lanes. A child that
 * starts before its caller is laid before it: it cannot ask for the caller's lane, and gets 0. */
static size_t give_lanes(const struct export_graph *x, struct laid *order, uint32_t *lane)
{
    struct lanes all = { .g = x->g, .of = lane };
    for (size_t i = 0; i < x->g->n; i++) {
        const struct call *c = &x->g->calls[i];
        order[i] = (struct laid){ c->start, call_finish(c), (uint32_t)i };
    }
    qsort(order, x->g->n, sizeof *order, by_start);
    for (size_t k = 0; k < x->g->n; k++)
        lay(&all, order[k].call);
    for (size_t l = 0; l < all.n; l++)
        free(all.lane[l].open);
    free(all.lane);
    return all.n;
}

static void put_time(struct buf *b, const char *key, int64_t ns)
{
    buf_printf(b, ",\"%s\":%lld", key, (long long)(ns / 1000));
    if (ns % 1000)
        buf_printf(b, ".%03d", (int)(ns % 1000));
}

static void put_name(const char *kind, size_t pid, size_t tid, struct str name, struct buf *b)
{
    buf_printf(b, "{\"ph\":\"M\",\"pid\":%zu,\"tid\":%zu,\"name\":\"%s\",\"args\":{\"name\":", pid,
               tid, kind);
    export_json_str(b, name);
    buf_str(b, "}},\n");
}

static void put_names(const struct export_graph *x, size_t pid, size_t lanes, struct buf *b)
{
    struct buf text = { 0 };
    struct str service = names_str(x->names, x->g->service);
    buf_add(&text, service.p, service.n);
    if (x->g->trace_id != NAMES_NONE)
        buf_printf(&text, " %s", names_get(x->names, x->g->trace_id));
    put_name("process_name", pid, 0, buf_view(&text), b);
    for (size_t l = 0; l < lanes; l++) {
        buf_clear(&text);
        if (l == 0)
            buf_str(&text, "calls");
        else
            buf_printf(&text, "in parallel %zu", l);
        put_name("thread_name", pid, l + 1, buf_view(&text), b);
    }
    buf_free(&text);
}

struct slice {
    const struct export_graph *x;
    size_t pid;
    int64_t tick_ns, zero_ns;  /* of arrival */
    const uint32_t *lane;
    struct buf rpcid;
};

static void put_args(struct slice *s, uint32_t i, struct buf *b)
{
    const struct callgraph *g = s->x->g;
    const struct call *c = &g->calls[i];
    static const char *const statuses[CALL_STATUSES] = { "unset", "ok", "error" };
    buf_clear(&s->rpcid);
    callgraph_rpcid(g, i, &s->rpcid);
    buf_str(b, ",\"args\":{\"rpc_id\":");
    export_json_str(b, buf_view(&s->rpcid));
    export_json_member(b, "um", names_str(s->x->names, c->src));
    export_json_member(b, "dm", names_str(s->x->names, c->dst));
    if (c->interface != NAMES_NONE)
        export_json_member(b, "interface", names_str(s->x->names, c->interface));
    export_json_member(b, "kind", str_of(export_kind_names[c->kind]));
    if (c->status != STATUS_UNSET)
        export_json_member(b, "status", str_of(statuses[c->status]));
    if (c->async)
        buf_str(b, ",\"async\":true");
    buf_char(b, '}');
}

static void put_slice(struct slice *s, uint32_t i, struct buf *b)
{
    const struct call *c = &s->x->g->calls[i];
    buf_printf(b, "{\"ph\":\"X\",\"pid\":%zu,\"tid\":%u", s->pid, s->lane[i] + 1);
    put_time(b, "ts", s->zero_ns + c->start * s->tick_ns);
    put_time(b, "dur", c->rt * s->tick_ns);
    export_json_member(b, "cat", str_of(call_type_name((enum call_type)c->type)));
    export_json_member(b, "name", names_str(s->x->names, c->dst));
    put_args(s, i, b);
    buf_char(b, '}');
}

/* An arrow from the caller's slice to the call's. */
static void put_arrow(struct slice *s, uint32_t i, struct buf *b)
{
    const struct callgraph *g = s->x->g;
    const struct call *c = &g->calls[i];
    if (c->parent == CALL_NONE || s->lane[c->parent] == s->lane[i])
        return;
    const struct call *p = &g->calls[c->parent];
    if (c->start < p->start || c->start >= call_finish(p))
        return;
    for (int end = 0; end < 2; end++) {
        buf_printf(b, ",\n{\"ph\":\"%s\",\"pid\":%zu,\"tid\":%u,\"id\":\"%zu.%u\",\"cat\":\"call\","
                   "\"name\":\"call\"", end ? "f\",\"bp\":\"e" : "s", s->pid,
                   s->lane[end ? i : c->parent] + 1, s->pid, i);
        put_time(b, "ts", s->zero_ns + c->start * s->tick_ns);
        buf_char(b, '}');
    }
}

static void graph(const struct export_graph *x, struct buf *b)
{
    struct laid *order = ARENA_ARRAY(x->a, x->g->n, struct laid);
    uint32_t *lane = ARENA_ARRAY(x->a, x->g->n, uint32_t);
    size_t lanes = give_lanes(x, order, lane);
    struct slice s = { .x = x, .pid = x->index + 1, .tick_ns = (int64_t)x->tick_us * 1000,
                       .lane = lane };
    s.zero_ns = x->g->arrival * s.tick_ns + x->shift_ns;
    put_names(x, s.pid, lanes, b);
    for (size_t k = 0; k < x->g->n; k++) {
        buf_str(b, k ? ",\n" : "");
        put_slice(&s, order[k].call, b);
        put_arrow(&s, order[k].call, b);
    }
    buf_free(&s.rpcid);
}

const struct exporter exporter_perfetto = {
    .name = "perfetto",
    .prose = "Chrome trace events, a process a trace, parallel calls in lanes",
    .loses = "weights; it is for looking, there is no way back",
    .head = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", .between = ",\n", .tail = "\n]}\n",
    .graph = graph,
};
