/* generator.c: the list of baselines, and the loop that lets one write n graphs. */
#include "gen/generator.h"

#include <string.h>

#include "base/rng.h"
#include "gen/draw_priv.h"

const struct generator *const generators[] = {
    &generator_probabilistic,
    &generator_probabilistic_weak,
    &generator_bootstrap,
    NULL
};

const struct generator *generator_find(const char *name)
{
    for (size_t i = 0; generators[i]; i++)
        if (strcmp(generators[i]->name, name) == 0)
            return generators[i];
    return NULL;
}

struct baseline {
    const struct generator *generator;
    const void *fitted;
    const struct draw_job *job;
};

static bool draw_one(const struct baseline *b, struct draw_worker *w, size_t i, gsl_rng *rng)
{
    struct prompt p = prompt_at(b->job->prompts, i, rng);
    for (size_t k = 0; k < draw_attempts(b->job); k++) {
        enum draw_outcome o = b->generator->draw(b->fitted, &p, rng, w->set);
        w->rep.outcome[o]++;
        if (o == DRAW_GOOD)
            return true;
    }
    return false;
}

static void work(void *ctx, struct draw_worker *w)
{
    const struct baseline *b = ctx;
    gsl_rng *rng = rng_stream(b->job->seed, DRAW_STREAM, 0);
    for (size_t i; draw_next(w, &i);) {
        rng_restart(rng, b->job->seed, DRAW_STREAM, i);
        draw_done(w, i, draw_one(b, w, i, rng));
    }
    gsl_rng_free(rng);
}

void generator_run(const struct generator *g, const void *fitted, const struct draw_job *job,
                   struct graphset *out, struct draw_report *rep)
{
    struct baseline b = { g, fitted, job };
    draw_run(job, draw_threads(job), work, &b, out, rep);
}

enum draw_outcome draw_finish(struct call *calls, size_t n, uint32_t service, bool timed,
                              const struct names *names, struct graphset *out)
{
    struct callgraph g = {
        .service = service, .trace_id = NAMES_NONE, .timed = timed, .n = n, .calls = calls,
    };
    if (!callgraph_link(&g))
        return DRAW_INVALID;
    for (size_t i = 1; i < n; i++)
        calls[i].src = calls[calls[i].parent].dst;
    for (size_t i = 0; i < n; i++)
        calls[i].kind = calls[i].type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
    if (callgraph_check(&g, NULL) != GRAPH_GOOD)
        return DRAW_INVALID;
    graphset_copy(out, &g, names);
    return DRAW_GOOD;
}
