/* generator.c: the list of baselines, and the loop that lets one write n graphs.
 *
 * Graphs are drawn in blocks: workers fill private sets, then one thread copies the block into
 * the result in index order. The block bounds memory, the private sets keep threads from meeting
 * in a names table.
 */
#include "gen/generator.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"

const char *const draw_outcome_names[DRAW_OUTCOMES] = {
    "good", "invalid graph", "too large", "unreadable", "refused by the oracle", "header not kept",
};

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

enum { BLOCK = 4096, GRAIN = 64 };   /* graphs per block, and per item handed to a worker */

struct run {
    const struct generator *generator;
    const void *fitted;
    const struct draw_job *job;
    size_t first, end;                 /* indices of this block */
    struct worker {
        struct graphset *set;
        gsl_rng *rng;
        struct draw_report rep;
    } *worker;
    struct place {                     /* where graph first + k lies */
        size_t worker, at;             /* at SIZE_MAX: given up */
    } place[BLOCK];
};

static void draw_one(struct run *run, size_t i, size_t w)
{
    struct worker *me = &run->worker[w];
    size_t attempts = run->job->attempts ? run->job->attempts : DRAW_ATTEMPTS;
    rng_restart(me->rng, run->job->seed, DRAW_STREAM, i);
    struct prompt p = prompt_draw(run->job->prompts, me->rng);
    struct place *place = &run->place[i - run->first];
    for (size_t k = 0; k < attempts; k++) {
        enum draw_outcome o = run->generator->draw(run->fitted, &p, me->rng, me->set);
        me->rep.outcome[o]++;
        if (o == DRAW_GOOD) {
            *place = (struct place){ w, me->set->n - 1 };
            me->rep.graphs++;
            return;
        }
    }
    *place = (struct place){ w, SIZE_MAX };
    me->rep.given_up++;
}

static void draw_grain(void *ctx, size_t item, size_t w)
{
    struct run *run = ctx;
    size_t i = run->first + item * GRAIN, end = i + GRAIN < run->end ? i + GRAIN : run->end;
    for (; i < end; i++)
        draw_one(run, i, w);
}

static void fresh_set(struct worker *w, uint32_t tick_us)
{
    if (w->set)
        graphset_free(w->set);
    w->set = graphset_new();
    w->set->tick_us = tick_us;
}

static void draw_block(struct run *run, size_t threads, struct graphset *out)
{
    for (size_t w = 0; w < threads; w++)
        fresh_set(&run->worker[w], out->tick_us);
    size_t n = run->end - run->first;
    threads_for(threads, (n + GRAIN - 1) / GRAIN, draw_grain, run);
    for (size_t k = 0; k < n; k++) {
        const struct graphset *from = run->worker[run->place[k].worker].set;
        if (run->place[k].at != SIZE_MAX)
            graphset_copy(out, &from->graphs[run->place[k].at], from->names);
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void generator_run(const struct generator *g, const void *fitted, const struct draw_job *job,
                   struct graphset *out, struct draw_report *rep)
{
    double start = now_s();
    size_t threads = job->threads ? job->threads : threads_default();
    struct run *run = mem_alloc(sizeof *run);
    run->generator = g;
    run->fitted = fitted;
    run->job = job;
    run->worker = mem_array(threads, sizeof *run->worker);
    for (size_t w = 0; w < threads; w++)
        run->worker[w].rng = rng_stream(0, DRAW_STREAM, 0);
    struct progress bar = progress_begin("generate", "graphs", (double)job->n);
    for (size_t i = 0; i < job->n; i += BLOCK) {
        run->first = i;
        run->end = i + BLOCK < job->n ? i + BLOCK : job->n;
        draw_block(run, threads, out);
        progress_set(&bar, (double)run->end);
    }
    progress_end(&bar);
    *rep = (struct draw_report){ 0 };
    for (size_t w = 0; w < threads; w++) {
        draw_report_add(rep, &run->worker[w].rep);
        gsl_rng_free(run->worker[w].rng);
        if (run->worker[w].set)
            graphset_free(run->worker[w].set);
    }
    rep->seconds = now_s() - start;
    free(run->worker);
    free(run);
}

void draw_report_add(struct draw_report *sum, const struct draw_report *part)
{
    sum->graphs += part->graphs;
    sum->given_up += part->given_up;
    for (int o = 0; o < DRAW_OUTCOMES; o++)
        sum->outcome[o] += part->outcome[o];
    sum->tokens += part->tokens;
    sum->choices += part->choices;
    sum->masked += part->masked;
}

size_t draw_report_redraws(const struct draw_report *r)
{
    size_t n = 0;
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        n += r->outcome[o];
    return n;
}

void draw_report_words(const struct draw_report *r, FILE *f)
{
    fprintf(f, "%zu graphs in %.2f s, %.0f graphs/s; %zu attempts failed", r->graphs, r->seconds,
            r->seconds > 0 ? (double)r->graphs / r->seconds : 0.0, draw_report_redraws(r));
    const char *sep = ": ";
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        if (r->outcome[o]) {
            fprintf(f, "%s%zu %s", sep, r->outcome[o], draw_outcome_names[o]);
            sep = ", ";
        }
    fprintf(f, "\n");
    if (r->tokens)
        fprintf(f, "%llu tokens, %.0f tokens/s\n", (unsigned long long)r->tokens,
                r->seconds > 0 ? (double)r->tokens / r->seconds : 0.0);
    if (r->choices)
        fprintf(f, "the mask changed %.3f %% of %llu choices\n",
                100.0 * (double)r->masked / (double)r->choices, (unsigned long long)r->choices);
    if (r->given_up)
        fprintf(f, "%zu headers were given up: every attempt failed\n", r->given_up);
}

void draw_report_json(const struct draw_report *r, FILE *f)
{
    fprintf(f, "{\"graphs\":%zu,\"given_up\":%zu,\"redraws\":%zu,\"failures\":{", r->graphs,
            r->given_up, draw_report_redraws(r));
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        fprintf(f, "%s\"%s\":%zu", o > DRAW_GOOD + 1 ? "," : "", draw_outcome_names[o],
                r->outcome[o]);
    fprintf(f, "},\"tokens\":%llu,\"choices\":%llu,\"masked\":%llu,\"seconds\":%.3f}\n",
            (unsigned long long)r->tokens, (unsigned long long)r->choices,
            (unsigned long long)r->masked, r->seconds);
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
