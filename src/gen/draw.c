/* draw.c: who draws which graph, and what became of it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"
#include "gen/draw_priv.h"

const char *const draw_outcome_names[DRAW_OUTCOMES] = {
    "good", "invalid graph", "too large", "unreadable", "refused by the oracle", "header not kept",
};

enum { BLOCK = 16384 };

struct draw_run {
    _Atomic size_t next;               /* index nobody has taken */
    size_t first, end;                 /* of this block */
    draw_work work;
    void *ctx;
    struct draw_worker *worker;
    struct draw_ledger *ledger;        /* or NULL */
    struct place {
        size_t worker, at;             /* at SIZE_MAX: given up */
        struct draw_mark mark;
    } *place;                          /* (BLOCK) */
};

size_t draw_threads(const struct draw_job *job)
{
    return job->threads ? job->threads : threads_default();
}

size_t draw_attempts(const struct draw_job *job)
{
    return job->attempts ? job->attempts : DRAW_ATTEMPTS;
}

bool draw_next(struct draw_worker *w, size_t *i)
{
    *i = atomic_fetch_add(&w->run->next, 1);
    return *i < w->run->end;
}

bool draw_next_prompt(struct draw_worker *w, const struct draw_job *job, size_t *i, gsl_rng *rng,
                      struct prompt *p)
{
    if (!draw_next(w, i))
        return false;
    rng_restart(rng, job->seed, DRAW_STREAM, *i);
    *p = prompt_at(job->prompts, *i, rng);
    return true;
}

void draw_done(struct draw_worker *w, size_t i, bool good)
{
    draw_done_marked(w, i, good, &(struct draw_mark){ 0 });
}

void draw_done_marked(struct draw_worker *w, size_t i, bool good, const struct draw_mark *mark)
{
    w->run->place[i - w->run->first] =
        (struct place){ w->number, good ? w->set->n - 1 : SIZE_MAX, *mark };
    w->rep.graphs += good;
    w->rep.given_up += !good;
    w->rep.calls += good ? w->set->graphs[w->set->n - 1].n : 0;
}

void draw_mark_step(struct draw_mark *m, double kept, double log_kept)
{
    m->choices++;
    m->masked += 1 - kept > DRAW_MASKED;
    m->removed += 1 - kept;
    m->log_weight += log_kept;
}

static void work_item(void *ctx, size_t item, size_t w)
{
    (void)item;
    struct draw_run *run = ctx;
    run->work(run->ctx, &run->worker[w]);
}

static void fresh_set(struct draw_worker *w, uint32_t tick_us)
{
    if (w->set)
        graphset_free(w->set);
    w->set = graphset_new();
    w->set->tick_us = tick_us;
}

static void enter(struct draw_ledger *l, size_t index, const struct draw_mark *mark)
{
    MEM_GROW(l->at, l->n, l->cap);
    l->at[l->n++] = (struct draw_entry){ index, *mark };
}

static void draw_block(struct draw_run *run, size_t threads, struct graphset *out)
{
    for (size_t w = 0; w < threads; w++)
        fresh_set(&run->worker[w], out->tick_us);
    atomic_store(&run->next, run->first);
    threads_for(threads, threads, work_item, run);
    for (size_t i = run->first; i < run->end; i++) {
        struct place at = run->place[i - run->first];
        const struct graphset *from = run->worker[at.worker].set;
        if (at.at == SIZE_MAX)
            continue;
        graphset_copy(out, &from->graphs[at.at], from->names);
        if (run->ledger)
            enter(run->ledger, i, &at.mark);
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void draw_run(const struct draw_job *job, size_t threads, draw_work work, void *ctx,
              struct graphset *out, struct draw_report *rep)
{
    double start = now_s();
    struct draw_run run = { .work = work, .ctx = ctx, .ledger = job->ledger };
    run.worker = mem_array(threads, sizeof *run.worker);
    run.place = mem_array(BLOCK, sizeof *run.place);
    for (size_t w = 0; w < threads; w++)
        run.worker[w] = (struct draw_worker){ .run = &run, .number = w };
    struct progress bar = progress_begin("generate", "graphs", (double)job->n);
    for (size_t i = 0; i < job->n; i += BLOCK) {
        run.first = i;
        run.end = i + BLOCK < job->n ? i + BLOCK : job->n;
        draw_block(&run, threads, out);
        progress_set(&bar, (double)run.end);
    }
    progress_end(&bar);
    *rep = (struct draw_report){ 0 };
    for (size_t w = 0; w < threads; w++) {
        draw_report_add(rep, &run.worker[w].rep);
        if (run.worker[w].set)
            graphset_free(run.worker[w].set);
    }
    rep->seconds = now_s() - start;
    free(run.worker);
    free(run.place);
}

void draw_report_add(struct draw_report *sum, const struct draw_report *part)
{
    sum->graphs += part->graphs;
    sum->given_up += part->given_up;
    for (int o = 0; o < DRAW_OUTCOMES; o++)
        sum->outcome[o] += part->outcome[o];
    sum->renamed += part->renamed;
    sum->layers += part->layers;
    sum->layers_refused += part->layers_refused;
    sum->calls += part->calls;
    sum->finished += part->finished;
    sum->valid += part->valid;
    sum->correct += part->correct;
    sum->tokens += part->tokens;
    sum->choices += part->choices;
    sum->masked += part->masked;
    sum->masked_ppm += part->masked_ppm;
}

size_t draw_report_redraws(const struct draw_report *r)
{
    size_t n = 0;
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        n += r->outcome[o];
    return n;
}

double draw_report_masked(const struct draw_report *r)
{
    return r->choices ? (double)r->masked_ppm * 1e-6 / (double)r->choices : 0;
}

static double rate(const struct draw_report *r, double n)
{
    return r->seconds > 0 ? n / r->seconds : 0;
}

void draw_report_words(const struct draw_report *r, FILE *f)
{
    fprintf(f, "%zu graphs in %.2f s, %.0f graphs/s, %.0f calls/s; %zu attempts failed", r->graphs,
            r->seconds, rate(r, (double)r->graphs), rate(r, (double)r->calls),
            draw_report_redraws(r));
    const char *sep = ": ";
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        if (r->outcome[o]) {
            fprintf(f, "%s%zu %s", sep, r->outcome[o], draw_outcome_names[o]);
            sep = ", ";
        }
    fprintf(f, "\n");
    if (r->tokens)
        fprintf(f, "%llu tokens, %.0f tokens/s, %llu drawn", (unsigned long long)r->tokens,
                rate(r, (double)r->tokens),
                (unsigned long long)r->choices);
    if (r->masked_ppm)
        fprintf(f, "; the mask took %.3f %% of their probability", 100 * draw_report_masked(r));
    if (r->tokens)
        fprintf(f, "\n");
    if (r->layers)
        fprintf(f, "%zu layers written, %zu refused by the strict oracle\n", r->layers,
                r->layers_refused);
    if (r->renamed)
        fprintf(f, "%zu graphs of a service the model never saw: it chose one, renamed here\n",
                r->renamed);
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
    fprintf(f, "},\"renamed\":%zu,\"layers\":%zu,\"layers_refused\":%zu,", r->renamed, r->layers,
            r->layers_refused);
    fprintf(f, "\"tokens\":%llu,\"choices\":%llu,\"masked\":%.9g,\"seconds\":%.3f,"
            "\"calls\":%llu,\"graphs_per_s\":%.1f,\"calls_per_s\":%.1f,\"tokens_per_s\":%.1f}\n",
            (unsigned long long)r->tokens, (unsigned long long)r->choices, draw_report_masked(r),
            r->seconds, (unsigned long long)r->calls, rate(r, (double)r->graphs),
            rate(r, (double)r->calls), rate(r, (double)r->tokens));
}
