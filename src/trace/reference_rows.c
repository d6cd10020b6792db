/* reference_rows.c: the raw rows of a trace, as the collectors of v2022 would have written them.
 *
 * Remote calls are recorded by both sides under one rpc_id. RAW22 (1,000 rows of the source) has
 * both rows for .35 of the rpc and .25 of the http calls; most second rows equal the first, the
 * others start later and are shorter by the network's share.
 */
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "trace/reference_priv.h"

static const double twice[CALL_TYPES] = { [CALL_RPC] = .35, [CALL_HTTP] = .25 };
enum { SAME_PER_CENT = 70 };

static void rpc_id(const struct ref_trace *t, size_t i, char out[96])
{
    struct callgraph g = { .n = t->n, .calls = t->calls };
    struct buf b = { 0 };
    callgraph_rpcid(&g, i, &b);
    REQUIRE(b.n < 96);
    memcpy(out, b.p, b.n + 1);
    buf_free(&b);
}

static int32_t pod(const struct reference *r, const struct ref_topology *t, uint32_t node,
                   gsl_rng *g)
{
    return node == CALL_NONE ? POD_USER : 1 + (int32_t)rng_below(g, r->ms[t->node[node].ms].pods);
}

static void add(struct ref_rows *out, const struct ref_row *row)
{
    MEM_GROW(out->at, out->n, out->cap);
    out->at[out->n++] = *row;
}

/* By time; rows of one time keep their order (parents first, first side first). */
static void sort_by_time(struct ref_row *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ref_row x = at[i];
        size_t k = i;
        for (; k && at[k - 1].timestamp > x.timestamp; k--)
            at[k] = at[k - 1];
        at[k] = x;
    }
}

void ref_rows_clean(const struct reference *r, const struct ref_trace *t, uint32_t trace,
                    gsl_rng *g, struct ref_rows *out)
{
    rng_restart(g, r->seed, "reference/rows", t->index);
    size_t from = out->n;
    for (size_t i = 0; i < t->n; i++) {
        const struct call *c = &t->calls[i];
        struct ref_row w = {
            .service = names_get(r->names, t->service->name),
            .um = names_get(r->names, c->src),
            .dm = names_get(r->names, c->dst),
            .interface = names_get(r->names, c->interface),
            .type = call_type_name((enum call_type)c->type),
            .um_pod = pod(r, t->topology, c->parent, g),
            .dm_pod = pod(r, t->topology, (uint32_t)i, g),
            .timestamp = t->arrival + c->start,
            .rt = c->rt,
            .trace = trace,
            .call = (uint32_t)i,
        };
        rpc_id(t, i, w.rpc_id);
        add(out, &w);
        if (rng_unit(g) >= twice[c->type])
            continue;
        if (rng_below(g, 100) >= SAME_PER_CENT && c->rt > 1) {
            w.timestamp++;
            w.rt -= 1 + (int64_t)rng_below(g, 2);
        }
        add(out, &w);
    }
    sort_by_time(out->at + from, out->n - from);
}
