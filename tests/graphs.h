/* graphs.h: random call graphs that callgraph_check accepts, plain or as odd as they may be. */
#ifndef TESTS_GRAPHS_H
#define TESTS_GRAPHS_H

#include "base/rng.h"
#include "trace/callgraph.h"

static inline uint32_t random_name(struct graphset *s, gsl_rng *r, bool odd)
{
    static const char *const strange[] = {
        "", "?", "0", "17", "http", "other", "n/a", "-", "/3", "#2", "@x", "~client", "!ok", "&",
        "=", "^", "<USER", "*", "%", "%41", "a b", " lead", "trail ", "tab\there", "new\nline",
        "\x01\x7f", "caf\xc3\xa9", "\xe2\x98\x83", "\xf0\x9f\x90\xa7 penguin", "\xc2\xa0",
        "MS_00001", "USER", "compose/post:8080", "a,b\"c",
    };
    char name[24];
    if (odd && rng_below(r, 2))
        return names_id_of(s->names, strange[rng_below(r, sizeof strange / sizeof *strange)]);
    snprintf(name, sizeof name, "MS_%05zu", 1 + rng_below(r, 40));
    return names_id_of(s->names, name);
}

static inline int64_t random_time(gsl_rng *r, int64_t max)
{
    static const int64_t scale[] = { 1, 3, 12, 90, 250, 20000, INT64_MAX };
    int64_t s = scale[rng_below(r, sizeof scale / sizeof *scale)];
    uint64_t n = (uint64_t)(s < max ? s : max);
    return (int64_t)(n == INT64_MAX ? rng_u64(r) >> 1 : rng_below(r, n + 1));
}

/* n calls, levels below max_depth. Plain graphs are what the three text formats can hold: named
 * like Alibaba's, ids from 1 without gaps, children in time order within their parents. */
static inline struct callgraph *random_graph(struct graphset *s, gsl_rng *r, size_t n,
                                             size_t max_depth, bool odd)
{
    struct callgraph *g = graphset_add(s, n);
    char service[24];
    snprintf(service, sizeof service, "S_%09zu", rng_below(r, 50));
    g->service = odd ? random_name(s, r, true) : names_id_of(s->names, service);
    g->timed = !odd || rng_below(r, 4);
    for (size_t i = 0; i < n; i++) {
        struct call *c = &g->calls[i];
        size_t most = i ? g->calls[i - 1].level + 1u : 0;
        while (!odd && i && call_type_is_leaf((enum call_type)g->calls[i - 1].type) &&
               most > g->calls[i - 1].level)
            most--;
        if (most > max_depth - 1)
            most = max_depth - 1;
        c->level = (uint16_t)(i ? 1 + rng_below(r, most ? most : 1) : 0);
        if (odd && i && rng_below(r, 3) == 0)
            c->level = (uint16_t)most;
        c->type = (uint8_t)rng_below(r, odd ? CALL_TYPES : CALL_OTHER);
        if (!odd && i == 0)
            c->type = CALL_HTTP;
        c->kind = c->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
        c->dst = random_name(s, r, odd);
        if (odd && rng_below(r, 4) == 0) {
            c->kind = (uint8_t)rng_below(r, CALL_KINDS);
            c->status = (uint8_t)rng_below(r, CALL_STATUSES);
            c->async = rng_below(r, 2);
            c->interface = random_name(s, r, true);
        }
    }
    REQUIRE(callgraph_link(g));
    for (size_t i = 0; i < n; i++) {
        struct call *c = &g->calls[i];
        size_t sibling = i;      /* the latest earlier call with our parent, or i */
        for (size_t j = i; i && sibling == i && j-- > c->parent + (size_t)1;)
            if (g->calls[j].parent == c->parent)
                sibling = j;
        bool first = sibling == i;
        const struct call *p = i ? &g->calls[c->parent] : NULL;
        c->src = p ? p->dst : odd ? random_name(s, r, true) : names_id_of(s->names, "USER");
        c->id = i == 0 ? 0 : first ? 1 : g->calls[sibling].id + 1;
        if (odd && rng_below(r, 6) == 0)
            c->id += (uint32_t)rng_below(r, 200);
        if (odd && i && first && rng_below(r, 8) == 0)
            c->id = 0;
        if (!g->timed)
            continue;
        if (i == 0) {
            c->start = odd && rng_below(r, 3) == 0 ? random_time(r, INT64_MAX / 4) : 0;
            c->rt = random_time(r, INT64_MAX / 4);
        } else if (odd) {
            int64_t end = c->async ? INT64_MAX / 2 : call_finish(p);
            c->start = rng_below(r, 3)
                           ? p->start + random_time(r, end > p->start ? end - p->start : 0)
                           : random_time(r, end);
            if (c->start > end)
                c->start = end;
            c->rt = random_time(r, end - c->start);
        } else {
            int64_t from = first ? p->start : g->calls[sibling].start;
            c->start = from + random_time(r, call_finish(p) - from);
            c->rt = random_time(r, call_finish(p) - c->start);
        }
    }
    return g;
}

#endif
