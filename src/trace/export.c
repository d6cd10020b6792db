/* export.c: see the header. A name is quoted only if it must be, so that plain sets stay plain. */
#include "trace/export.h"

#include <string.h>

static const char *const kinds[CALL_KINDS] = { "internal", "server", "client", "producer",
                                               "consumer" };
static const char *const statuses[CALL_STATUSES] = { "unset", "ok", "error" };

struct export_2022 export_2022_begin(FILE *f, uint32_t tick_us, bool extra)
{
    fprintf(
        f,
        "timestamp,traceid,service,rpc_id,rpctype,um,uminstanceid,interface,dm,dminstanceid,rt%s\n",
        extra ? ",kind,status,async" : "");
    return (struct export_2022){ .f = f, .extra = extra, .tick_us = tick_us };
}

void export_csv_field(struct buf *b, struct str s)
{
    if (s.n)
        buf_csv(b, s);
    else
        buf_str(b, "\"\"");
}

static void put_name(struct buf *b, const struct names *names, uint32_t id)
{
    if (id == NAMES_NONE)
        buf_str(b, "UNKNOWN");
    else
        export_csv_field(b, names_str(names, id));
}

/* Ticks as ms, with decimals only if there are some, and as many as `least` at least. */
static void put_ms(struct buf *b, const struct export_2022 *x, int64_t ticks, bool least)
{
    int64_t us = ticks * x->tick_us, ms = us / 1000, rest = us % 1000;
    if (rest < 0) {
        ms--;
        rest += 1000;
    }
    buf_i64(b, ms);
    if (rest)
        buf_printf(b, ".%03d", (int)rest);
    else if (least)
        buf_str(b, ".0");
}

static void put_call(struct export_2022 *x, const struct callgraph *g, size_t i,
                     const struct names *names)
{
    struct buf *b = &x->line;
    const struct call *c = &g->calls[i];
    put_ms(b, x, g->arrival + c->start, false);
    buf_char(b, ',');
    if (g->trace_id == NAMES_NONE)
        buf_printf(b, EXPORT_TRACE_ID, (unsigned long long)x->n);
    else
        put_name(b, names, g->trace_id);
    buf_char(b, ',');
    put_name(b, names, g->service);
    buf_char(b, ',');
    callgraph_rpcid(g, i, b);
    buf_char(b, ',');
    buf_str(b, call_type_name((enum call_type)c->type));
    buf_char(b, ',');
    put_name(b, names, c->src);
    buf_str(b, ",UNAVAILABLE,");
    put_name(b, names, c->interface);
    buf_char(b, ',');
    put_name(b, names, c->dst);
    buf_str(b, ",UNAVAILABLE,");
    put_ms(b, x, c->rt, true);
    if (x->extra)
        buf_printf(b, ",%s,%s,%d", kinds[c->kind], statuses[c->status], c->async);
    buf_char(b, '\n');
}

void export_2022_graph(struct export_2022 *x, const struct callgraph *g, const struct names *names)
{
    x->n++;
    for (size_t i = 0; i < g->n; i++) {
        buf_clear(&x->line);
        put_call(x, g, i, names);
        fwrite(x->line.p, 1, x->line.n, x->f);
    }
}

bool export_2022_end(struct export_2022 *x)
{
    buf_free(&x->line);
    return fflush(x->f) == 0 && !ferror(x->f);
}

static bool needs_extra(const struct graphset *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->graphs[i].n; k++) {
            const struct call *c = &s->graphs[i].calls[k];
            if (c->kind != (c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT) || c->status ||
                c->async)
                return true;
        }
    return false;
}

bool export_alibaba_2022(const struct graphset *s, FILE *f)
{
    struct export_2022 x = export_2022_begin(f, s->tick_us, needs_extra(s));
    for (size_t i = 0; i < s->n; i++)
        export_2022_graph(&x, &s->graphs[i], s->names);
    return export_2022_end(&x);
}
