/* render.c: see render_priv.h. */
#include "text/render_priv.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "text/escape.h"

bool render_coin(gsl_rng *rng, double p)
{
    return rng ? rng_unit(rng) < p : p > 0;
}

void render_shuffle(gsl_rng *rng, size_t *v, size_t n)
{
    if (rng)
        rng_shuffle(rng, v, n);
}

void render_header(const struct header *h, uint32_t keys, bool tabular, gsl_rng *rng,
                   struct buf *out)
{
    size_t list[HEAD_KEYS], n = 0;
    enum header_key order[HEAD_KEYS];
    for (size_t k = 0; k < HEAD_KEYS; k++)
        if (keys >> k & 1)
            list[n++] = k;
    render_shuffle(rng, list, n);
    for (size_t i = 0; i < n; i++)
        order[i] = (enum header_key)list[i];
    header_put(h, order, n, tabular, out);
}

enum attribute {
    EDGE_ID,
    EDGE_TYPE,
    EDGE_SOURCE,
    EDGE_DESTINATION,
    EDGE_STARTS,
    EDGE_FINISHES,
    ATTRIBUTES
};

static void put_attribute(const struct callgraph *g, const struct names *names, size_t i,
                          size_t attribute, bool whole, struct buf *out)
{
    const struct call *c = &g->calls[i];
    switch ((enum attribute)attribute) {
    case EDGE_ID:
        buf_str(out, "edge_id is ");
        if (whole)
            callgraph_rpcid(g, i, out);
        else
            buf_u64(out, c->id);
        break;
    case EDGE_TYPE:
        buf_str(out, "type is ");
        buf_str(out, call_type_name((enum call_type)c->type));
        break;
    case EDGE_SOURCE:
        buf_str(out, "source is ");
        escape_put(names_str(names, c->src), LAYER_ESCAPES, out);
        break;
    case EDGE_DESTINATION:
        buf_str(out, "destination is ");
        escape_put(names_str(names, c->dst), LAYER_ESCAPES, out);
        break;
    case EDGE_STARTS:
        buf_str(out, "communication starts at ");
        buf_i64(out, c->start);
        buf_str(out, " milliseconds");
        break;
    default:
        buf_str(out, "communication finishes at ");
        buf_i64(out, call_finish(c));
        buf_str(out, " milliseconds");
    }
}

void render_edge(const struct callgraph *g, const struct names *names, size_t i, bool whole,
                 gsl_rng *rng, struct buf *out)
{
    size_t order[ATTRIBUTES], n = 0;
    for (size_t a = 0; a < ATTRIBUTES; a++)
        if (whole || a != EDGE_SOURCE)
            order[n++] = a;
    render_shuffle(rng, order, n);
    for (size_t k = 0; k < n; k++) {
        buf_char(out, k ? ',' : '(');
        put_attribute(g, names, i, order[k], whole, out);
    }
    buf_str(out, ")\n");
}

void render_edges(const struct callgraph *g, const struct names *names, const struct layer *l,
                  gsl_rng *rng, struct buf *out)
{
    buf_str(out, "<edges>\n");
    for (size_t i = 0; i < l->n; i++)
        render_edge(g, names, l->calls[i], false, rng, out);
    buf_str(out, "</edges>\n");
}

void render_sub(const struct callgraph *g, const struct layer *sub, gsl_rng *rng, struct buf *out)
{
    buf_printf(out, "<subgraph of edge_id %u>", layer_index(g, sub));
    render_header(&sub->header, sub->header.keys, false, rng, out);
    buf_str(out, "</subgraph>\n");
}

/* Careful statistics have a real mean; TraceLLM's have 0. */
static bool latency_is_high(const struct callgraph *g, const struct names *names,
                            const struct layer *l, const struct text_options *o)
{
    const struct callstats_service *v =
        o && o->stats ? callstats_find(o->stats, names_get(names, g->service)) : NULL;
    return v && !isnan(v->p90_ms) && v->p90_ms - v->mean_ms > 5 &&
           (double)l->header.number[HEAD_LATENCY] >= v->p90_ms;
}

struct root_draw render_draw_keys(const struct callgraph *g, const struct names *names,
                                  const struct layer *l, const struct text_options *o, gsl_rng *rng)
{
    struct root_draw d = { .keys = l->header.keys };
    d.user = l->parent == CALL_NONE && !header_has(&l->header, HEAD_CALLER);
    if (!d.user)
        return d;
    d.keys = 1u << HEAD_ID;
    for (size_t k = HEAD_ID + 1; k < HEAD_KEYS; k++)
        if (k != HEAD_LATENCY && k != HEAD_CALLER && render_coin(rng, 0.9))
            d.keys |= 1u << k;
    d.high = latency_is_high(g, names, l, o);
    d.coin = !d.high && !render_coin(rng, 0.5);
    if (!d.high && !d.coin)
        d.keys |= 1u << HEAD_LATENCY;
    return d;
}

/* Floor of ticks in ms, without overflow where the result fits. */
static int64_t in_ms(int64_t ticks, uint32_t tick_us)
{
    return ticks / 1000 * tick_us + ticks % 1000 * tick_us / 1000;
}

const struct callgraph *render_in_ms(const struct callgraph *g, uint32_t tick_us,
                                     struct callgraph *copy)
{
    *copy = (struct callgraph){ 0 };
    if (tick_us == 1000)
        return g;
    *copy = *g;
    copy->calls = mem_array(g->n, sizeof *copy->calls);
    for (size_t i = 0; i < g->n; i++) {
        struct call *c = &copy->calls[i];
        *c = g->calls[i];
        c->start = in_ms(g->calls[i].start, tick_us);
        c->rt = in_ms(call_finish(&g->calls[i]), tick_us) - c->start;
    }
    return copy;
}

struct buf *lines_add(struct lines *l)
{
    if (l->n)
        buf_char(&l->text, '\n');
    MEM_GROW(l->start, l->n, l->cap);
    l->start[l->n++] = l->text.n;
    return &l->text;
}

void lines_put_shuffled(struct lines *l, gsl_rng *rng, struct buf *out)
{
    size_t *order = mem_array(l->n + 1, sizeof *order);
    for (size_t i = 0; i < l->n; i++)
        order[i] = i;
    if (l->n)
        buf_char(&l->text, '\n');
    render_shuffle(rng, order, l->n);
    for (size_t i = 0; i < l->n; i++) {
        size_t k = order[i], end = k + 1 < l->n ? l->start[k + 1] : l->text.n;
        buf_add(out, l->text.p + l->start[k], end - l->start[k]);
    }
    free(order);
    free(l->start);
    buf_free(&l->text);
    *l = (struct lines){ 0 };
}
