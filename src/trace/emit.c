/* emit.c: a repeat is a graph whose 64-bit hash was seen: among n graphs about n^2 / 2^65 are
 * dropped wrongly, 0.03 of one for a thousand million. */
#include "trace/emit_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct emit {
    struct names *names, *own;
    struct lexicon_shared *lex;
    uint32_t *map;             /* (mapped): lexicon id -> names id, NAMES_NONE: not yet asked */
    size_t mapped, map_cap;
    bool dedup;
    uint64_t *seen;            /* (slots): hashes, 0 is free */
    size_t slots, n_seen;
    callgraph_sink sink;
    void *ctx;
    struct import_report *rep;
};

struct emit *emit_new(struct names *names, struct lexicon_shared *lex, bool dedup,
                      callgraph_sink sink, void *ctx, struct import_report *rep)
{
    struct emit *e = mem_alloc(sizeof *e);
    *e = (struct emit){ .names = names, .lex = lex, .dedup = dedup, .sink = sink, .ctx = ctx,
                        .rep = rep, .slots = 1024 };
    if (!names)
        e->names = e->own = names_new();
    if (dedup)
        e->seen = mem_array(e->slots, sizeof *e->seen);
    return e;
}

void emit_free(struct emit *e)
{
    if (!e)
        return;
    names_free(e->own);
    free(e->map);
    free(e->seen);
    free(e);
}

struct names *emit_names(struct emit *e)
{
    return e->names;
}

static uint32_t name_of(struct emit *e, uint32_t id)
{
    if (id == NAMES_NONE)
        return id;
    if (id >= e->mapped) {
        MEM_RESERVE(e->map, (size_t)id + 1, e->map_cap);
        memset(e->map + e->mapped, 0xFF, (e->map_cap - e->mapped) * sizeof *e->map);
        e->mapped = e->map_cap;
    }
    if (e->map[id] == NAMES_NONE)
        e->map[id] = names_id(e->names, lexicon_shared_str(e->lex, id));
    return e->map[id];
}

static void rename_all(struct emit *e, struct callgraph *g)
{
    g->service = name_of(e, g->service);
    for (size_t i = 0; i < g->n; i++) {
        struct call *c = &g->calls[i];
        c->src = name_of(e, c->src);
        c->dst = name_of(e, c->dst);
        c->interface = name_of(e, c->interface);
    }
}

static bool insert(uint64_t *seen, size_t slots, uint64_t h)
{
    size_t i = (size_t)h & (slots - 1);
    for (; seen[i]; i = (i + 1) & (slots - 1))
        if (seen[i] == h)
            return false;
    seen[i] = h;
    return true;
}

static bool is_repeat(struct emit *e, const struct callgraph *g)
{
    uint64_t h = callgraph_hash_full(g, e->names);
    if (!insert(e->seen, e->slots, h ? h : 1))
        return true;
    if (++e->n_seen * 2 > e->slots) {
        uint64_t *bigger = mem_array(e->slots * 2, sizeof *bigger);
        for (size_t i = 0; i < e->slots; i++)
            if (e->seen[i])
                insert(bigger, e->slots * 2, e->seen[i]);
        free(e->seen);
        e->seen = bigger;
        e->slots *= 2;
    }
    return false;
}

static bool is_extra(const struct call *c)
{
    return c->kind != (c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT) ||
           c->status != STATUS_UNSET || c->async;
}

/* A table of our own would fill up with trace ids; ids are promised for the call alone. */
void emit_renew(struct emit *e)
{
    enum { NAMES_MANY = 1 << 15 };
    if (!e->own || names_count(e->own) < NAMES_MANY)
        return;
    names_free(e->own);
    e->names = e->own = names_new();
    if (e->mapped)
        memset(e->map, 0xFF, e->mapped * sizeof *e->map);
}

bool emit_graph(struct emit *e, struct callgraph *g, struct str trace_id, double weight,
                const char *file, uint64_t line, uint64_t rows, struct err *err)
{
    if (e->lex) {
        emit_renew(e);
        rename_all(e, g);
    }
    if (e->dedup && is_repeat(e, g)) {
        import_report_drop(e->rep, CAUSE_SEEN, rows, 1, file, line, trace_id);
        return true;
    }
    g->trace_id = trace_id.n ? names_id(e->names, trace_id) : NAMES_NONE;
    e->rep->graphs_used++;
    e->rep->rows_used += rows;
    e->rep->calls_used += g->n;
    for (size_t i = 0; i < g->n; i++)
        e->rep->extra |= is_extra(&g->calls[i]);
    return e->sink(e->ctx, g, e->names, weight, err);
}

bool import_collect(void *graphset, const struct callgraph *g, const struct names *names,
                    double weight, struct err *err)
{
    (void)err;
    struct graphset *s = graphset;
    graphset_copy(s, g, names);
    if (weight != 1 && !s->weight) {
        s->weight = mem_array(s->cap, sizeof *s->weight);
        for (size_t i = 0; i < s->n; i++)
            s->weight[i] = 1;
    }
    if (s->weight)
        s->weight[s->n - 1] = weight;
    return true;
}
