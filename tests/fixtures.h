/* fixtures.h: tiny call graphs, drawn once and shared by all tests.
 *
 * chain_and_leaf, service S_000000001, ms:
 *
 *     0      http USER     -> MS_00001   [0, 10]
 *     0.1    rpc  MS_00001 -> MS_00002   [1,  7]
 *     0.1.1  mc   MS_00002 -> MS_00003   [2,  3]
 *     0.2    db   MS_00001 -> MS_00004   [8,  9]
 *
 * single, service S_000000002:   0  rpc USER -> MS_00005  [0, 0]
 */
#ifndef TESTS_FIXTURES_H
#define TESTS_FIXTURES_H

#include "trace/callgraph.h"

struct fixture_call {
    uint16_t level;
    uint32_t id;
    enum call_type type;
    const char *dst;
    int64_t start, finish;
};

/* Build a graph from calls in pre-order; src follows from the tree, the root's is USER. */
static inline struct callgraph *fixture_graph(struct graphset *s, const char *service,
                                              const struct fixture_call *f, size_t n)
{
    struct callgraph *g = graphset_add(s, n);
    g->service = names_id_of(s->names, service);
    for (size_t i = 0; i < n; i++) {
        struct call *c = &g->calls[i];
        c->level = f[i].level;
        c->id = f[i].id;
        c->type = (uint8_t)f[i].type;
        c->kind = f[i].type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
        c->dst = names_id_of(s->names, f[i].dst);
        c->start = f[i].start;
        c->rt = f[i].finish - f[i].start;
    }
    REQUIRE(callgraph_link(g));
    for (size_t i = 0; i < n; i++)
        g->calls[i].src = i ? g->calls[g->calls[i].parent].dst : names_id_of(s->names, "USER");
    return g;
}

static inline struct callgraph *fixture_chain_and_leaf(struct graphset *s)
{
    static const struct fixture_call f[] = {
        { 0, 0, CALL_HTTP, "MS_00001", 0, 10 }, { 1, 1, CALL_RPC, "MS_00002", 1, 7 },
        { 2, 1, CALL_MC, "MS_00003", 2, 3 },    { 1, 2, CALL_DB, "MS_00004", 8, 9 },
    };
    return fixture_graph(s, "S_000000001", f, 4);
}

static inline struct callgraph *fixture_single(struct graphset *s)
{
    static const struct fixture_call f[] = { { 0, 0, CALL_RPC, "MS_00005", 0, 0 } };
    return fixture_graph(s, "S_000000002", f, 1);
}

#endif
