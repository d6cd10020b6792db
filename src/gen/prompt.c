/* prompt.c: headers of graphs, and a weighted bootstrap of them. */
#include "gen/prompt.h"

#include <stdlib.h>

#include "base/rng.h"

const struct prompt_fields prompt_full = { true, true, true, true };
const struct prompt_fields prompt_service = { .service = true };
const struct prompt_fields prompt_none = { .service = false };

struct prompt prompt_of(const struct callgraph *g, const struct names *names,
                        struct prompt_fields fields)
{
    return (struct prompt){
        .service = fields.service ? names_get(names, g->service) : NULL,
        .edges = fields.edges ? (int64_t)g->n : PROMPT_OPEN,
        .depth = fields.depth ? (int64_t)callgraph_depth(g) : PROMPT_OPEN,
        .latency = fields.latency && g->timed ? g->calls[0].rt : PROMPT_OPEN,
    };
}

bool prompt_kept(const struct prompt *p, const struct callgraph *g, const struct names *names)
{
    return (!p->service || str_is(names_str(names, g->service), p->service)) &&
           (p->edges == PROMPT_OPEN || p->edges == (int64_t)g->n) &&
           (p->depth == PROMPT_OPEN || p->depth == (int64_t)callgraph_depth(g)) &&
           (p->latency == PROMPT_OPEN || p->latency == g->calls[0].rt);
}

struct prompt_pool prompt_pool_new(const struct graphset *like, struct prompt_fields fields)
{
    REQUIRE(like->n > 0);
    struct prompt_pool pool = { like, fields, mem_array(like->n, sizeof(double)) };
    double sum = 0;
    for (size_t i = 0; i < like->n; i++)
        pool.cum[i] = sum += like->weight ? like->weight[i] : 1;
    return pool;
}

struct prompt prompt_draw(const struct prompt_pool *pool, gsl_rng *rng)
{
    size_t i = rng_pick(rng, pool->cum, pool->like->n);
    return prompt_of(&pool->like->graphs[i], pool->like->names, pool->fields);
}

void prompt_pool_free(struct prompt_pool *pool)
{
    free(pool->cum);
    pool->cum = NULL;
}
