/* compat_line.c: the one-line form of a graph that TraceLLM's steps exchange, and ways into and out
 * of our own graphs. */
#include <inttypes.h>
#include <string.h>

#include "trace/compat_priv.h"

static void put_head(struct buf *b, int64_t ms, struct str service)
{
    buf_printf(b, "%02dh%02dm%02ds%03dms ", (int)(ms / 3600000), (int)(ms / 60000 % 60),
               (int)(ms / 1000 % 60), (int)(ms % 1000));
    buf_add(b, service.p, service.n);
    buf_char(b, ' ');
}

static void put_times(struct buf *b, int64_t start, int64_t rt)
{
    buf_str(b, "|ARRIVED_");
    buf_i64(b, start);
    buf_str(b, "|RT_");
    buf_i64(b, rt);
}

void compat_line(const struct compat_graph *g, bool step2, struct buf *out)
{
    put_head(out, step2 ? 0 : g->arrival, g->service);
    for (size_t i = 0; i < g->n; i++) {
        const struct compat_call *c = &g->calls[i];
        if (i)
            buf_str(out, "||");
        buf_add(out, c->rpc_id.p, c->rpc_id.n);
        const struct str part[] = { c->type, c->src, c->dst };
        for (int k = 0; k < 3; k++) {
            buf_char(out, '|');
            buf_add(out, part[k].p, part[k].n);
        }
        put_times(out, c->start, c->rt);
    }
    buf_char(out, '\n');
}

const char compat_csv_header[] =
    "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt\n";

static void put_field(struct buf *b, struct str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n; i++)
        quote |= s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
    if (quote)
        buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.p[i]);
    }
    buf_str(b, quote ? "\"," : ",");
}

void compat_csv(const struct compat_graph *g, struct buf *out)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct compat_call *c = &g->calls[i];
        buf_i64(out, g->timestamp + c->start);
        buf_char(out, ',');
        put_field(out, g->trace_id);
        put_field(out, g->service);
        put_field(out, c->rpc_id);
        put_field(out, c->type);
        put_field(out, c->src);
        buf_str(out, "UNAVAILABLE,UNKNOWN,");
        put_field(out, c->dst);
        buf_str(out, "UNAVAILABLE,");
        buf_i64(out, c->rt);
        buf_str(out, ".0\n");
    }
}

/* "MS_7" as "MS_00007", other names as they are. */
static void put_padded(struct buf *b, struct str s, const char *prefix, size_t width)
{
    size_t k = strlen(prefix), digits = 0;
    while (str_starts(s, prefix) && k + digits < s.n && s.p[k + digits] >= '0' &&
           s.p[k + digits] <= '9')
        digits++;
    if (digits == 0 || k + digits != s.n) {
        buf_add(b, s.p, s.n);
        return;
    }
    buf_str(b, prefix);
    for (size_t i = digits; i < width; i++)
        buf_char(b, '0');
    buf_add(b, s.p + k, digits);
}

void compat_line_of(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    bool step2, struct buf *out)
{
    int64_t ticks_per_day = (int64_t)86400 * 1000000 / tick_us, t = g->arrival % ticks_per_day;
    struct buf service = { 0 };
    put_padded(&service, names_str(names, g->service), "S_", 9);
    put_head(out, step2 ? 0 : (t < 0 ? t + ticks_per_day : t) * tick_us / 1000, buf_view(&service));
    buf_free(&service);
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        if (i)
            buf_str(out, "||");
        callgraph_rpcid(g, i, out);
        buf_printf(out, "|%s|", call_type_name((enum call_type)c->type));
        put_padded(out, names_str(names, c->src), "MS_", 5);
        buf_char(out, '|');
        put_padded(out, names_str(names, c->dst), "MS_", 5);
        int64_t start = c->start * tick_us / 1000;
        put_times(out, start, call_finish(c) * tick_us / 1000 - start);
    }
    buf_char(out, '\n');
}
