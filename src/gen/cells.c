/* cells.c: see the header. */
#include "gen/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stats/interval.h"

struct cells *cells_new(uint64_t seed)
{
    struct cells *c = mem_alloc(sizeof *c);
    c->names = names_new();
    c->arena = arena_new();
    c->rng = rng_stream(seed, "accuracy/cells", 0);
    return c;
}

void cells_free(struct cells *c)
{
    gsl_rng_free(c->rng);
    names_free(c->names);
    text_prompts_free(&c->files);
    arena_free(c->arena);
    free(c);
}

bool cells_has(int64_t depth, int64_t calls)
{
    return depth >= 1 && depth <= CELL_DEPTHS && calls >= depth && calls <= CELL_CALLS &&
           (depth > 1 || calls == 1);
}

void cells_add_prompt(struct cells *c, struct prompt p, int64_t calls, int64_t depth)
{
    if (!cells_has(depth, calls))
        return;
    struct cell *at = &c->cell[depth][calls];
    size_t k = at->seen < CELL_HEADERS ? at->seen : rng_below(c->rng, at->seen + 1);
    at->seen++;
    if (k < CELL_HEADERS)
        at->at[k] = p;
    at->n = at->seen < CELL_HEADERS ? at->seen : CELL_HEADERS;
}

void cells_add(struct cells *c, const char *service, int64_t calls, int64_t depth)
{
    struct prompt p = { .service = names_get(c->names, names_id_of(c->names, service)),
                        .edges = calls, .depth = depth, .latency = PROMPT_OPEN,
                        .include_type = CALL_OTHER };
    cells_add_prompt(c, p, calls, depth);
}

/* Another depth is further away than any number of calls. */
static size_t distance(size_t depth, size_t calls, size_t d, size_t n)
{
    return (d > depth ? d - depth : depth - d) * 100 + (n > calls ? n - calls : calls - n);
}

/* Services of the nearest cell that has headers: first of this depth, then of others. */
static void make(struct cells *c, size_t depth, size_t calls)
{
    const struct cell *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t d = 1; d <= CELL_DEPTHS; d++)
        for (size_t n = 1; n <= CELL_CALLS; n++) {
            size_t far = distance(depth, calls, d, n);
            if (c->cell[d][n].n && !c->cell[d][n].made && far < least) {
                least = far;
                best = &c->cell[d][n];
            }
        }
    REQUIRE(best);
    struct cell *at = &c->cell[depth][calls];
    at->made = true;
    at->n = best->n;
    for (size_t i = 0; i < best->n; i++)
        at->at[i] = (struct prompt){ .service = best->at[i].service, .edges = (int64_t)calls,
                                     .depth = (int64_t)depth, .latency = PROMPT_OPEN,
                                     .include_type = CALL_OTHER };
}

void cells_make(struct cells *c)
{
    for (size_t depth = 1; depth <= CELL_DEPTHS; depth++)
        for (size_t calls = depth; calls <= CELL_CALLS; calls++)
            if (cells_has((int64_t)depth, (int64_t)calls) && !c->cell[depth][calls].n)
                make(c, depth, calls);
}

void cells_trained(const struct graphset *graphs, size_t trained[CELL_DEPTHS + 1])
{
    uint64_t *hash = mem_array(graphs->n + 1, sizeof *hash);
    for (size_t depth = 1; depth <= CELL_DEPTHS; depth++) {
        size_t n = 0, most;
        for (size_t i = 0; i < graphs->n; i++)
            if (callgraph_depth(&graphs->graphs[i]) == depth)
                hash[n++] = callgraph_hash_structure(&graphs->graphs[i], graphs->names);
        trained[depth] = keys_distinct(hash, n, &most);
    }
    free(hash);
}

void cell_sum_add(struct cell_sum *a, struct cell_sum b)
{
    a->asked += b.asked, a->valid += b.valid, a->correct += b.correct;
}

double cell_sum_share(const struct cell_sum *s)
{
    return s->asked ? (double)s->correct / (double)s->asked : NAN;
}

void cell_sum_put(FILE *f, const struct cell_sum *s, const char *end)
{
    struct interval share = interval_wilson(s->correct, s->asked);
    fprintf(f, "%.4f,%.4f,%.4f%s", share.value, share.lo, share.hi, end);
}

bool cell_ask(const struct cell_ask *a, const struct cell *c, uint64_t stream,
              struct graphset *out, struct cell_sum *s, struct err *err)
{
    struct prompt *list = mem_array(a->n, sizeof *list);
    gsl_rng *rng = rng_stream(a->seed, "accuracy/headers", stream);
    for (size_t i = 0; i < a->n; i++)
        list[i] = c->at[a->n < c->n ? rng_below(rng, c->n) : i % c->n];
    bool compact = strcmp(a->m->to, "compact") == 0;
    struct prompt_pool pool = prompt_pool_list(list, a->n, compact ? a->m->tick_us : 1000);
    struct draw_job job = { .prompts = &pool, .n = a->n, .seed = a->seed * 100000 + stream,
                            .threads = a->threads, .attempts = 1 };
    struct draw_report r = { 0 };
    bool good = llm_run(a->m, &a->options, &job, out, &r, err);
    gsl_rng_free(rng);
    free(list);
    *s = (struct cell_sum){ a->n, r.outcome[DRAW_GOOD] + r.outcome[DRAW_HEADER],
                            r.outcome[DRAW_GOOD] };
    if (a->options.original)
        *s = (struct cell_sum){ a->n, r.valid, r.correct };
    else if (!compact && a->options.unconstrained)
        s->valid = r.valid;
    return good;
}
