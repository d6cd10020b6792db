/* prompt.c: headers of graphs, in order or as a weighted bootstrap of them. */
#include "gen/prompt.h"

#include <stdlib.h>

#include "base/rng.h"
#include "text/prompt.h"

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

static bool includes(const struct callgraph *g, const struct names *names, const struct prompt *p)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->calls[i].type == p->include_type &&
            str_is(names_str(names, g->calls[i].dst), p->include_dst) &&
            str_is(names_str(names, g->calls[i].src), p->include_src))
            return true;
    return false;
}

bool prompt_kept(const struct prompt *p, const struct callgraph *g, const struct names *names)
{
    return (!p->service || str_is(names_str(names, g->service), p->service)) &&
           (p->edges == PROMPT_OPEN || p->edges == (int64_t)g->n) &&
           (p->depth == PROMPT_OPEN || p->depth == (int64_t)callgraph_depth(g)) &&
           (p->latency == PROMPT_OPEN || p->latency == g->calls[0].rt) &&
           p->least_latency <= g->calls[0].rt && (!p->include_src || includes(g, names, p));
}

struct prompt_pool prompt_pool_ordered(const struct graphset *like, struct prompt_fields fields)
{
    REQUIRE(like->n > 0);
    return (struct prompt_pool){ .like = like, .fields = fields, .n = like->n,
                                 .tick_us = like->tick_us };
}

struct prompt_pool prompt_pool_new(const struct graphset *like, struct prompt_fields fields)
{
    struct prompt_pool pool = prompt_pool_ordered(like, fields);
    double sum = 0;
    pool.cum = mem_array(like->n, sizeof(double));
    for (size_t i = 0; i < like->n; i++)
        pool.cum[i] = sum += like->weight ? like->weight[i] : 1;
    return pool;
}

struct prompt_pool prompt_pool_list(const struct prompt *list, size_t n, uint32_t tick_us)
{
    REQUIRE(n > 0);
    return (struct prompt_pool){ .list = list, .n = n, .tick_us = tick_us };
}

struct prompt prompt_at(const struct prompt_pool *pool, size_t i, gsl_rng *rng)
{
    if (pool->list)
        return pool->list[i % pool->n];
    i = pool->cum ? rng_pick(rng, pool->cum, pool->n) : i % pool->n;
    return prompt_of(&pool->like->graphs[i], pool->like->names, pool->fields);
}

void prompt_put(const struct prompt *p, enum text_task task, gsl_rng *rng, struct buf *out)
{
    if (p->text.n && p->task == task) {
        text_prompt_given(task, p->text, out);
        return;
    }
    struct text_ask ask = { .service = str_of(p->service), .edges = p->edges, .depth = p->depth,
                            .latency = p->latency, .high_latency = p->high_latency,
                            .include_type = p->include_type };
    if (p->include_src) {
        ask.include_src = str_of(p->include_src);
        ask.include_dst = str_of(p->include_dst);
    }
    text_prompt_root(task, &ask, rng, out);
}

void prompt_pool_free(struct prompt_pool *pool)
{
    free(pool->cum);
    pool->cum = NULL;
}
