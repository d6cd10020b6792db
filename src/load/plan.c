/* plan.c: a few units at a time, so that millions of calls need little memory.
 *
 * A batch has three stages. Each function draws its times for all units of the batch, into places
 * that the counts give; each unit is sorted and handed to the sink's make; the units are taken in
 * order. The third stage of a batch runs beside the second of the next: a batch has two sets of
 * slots in turn, and taking is one more item of work. Times have 20 or 26 bits: a stable radix sort
 * of 9 bits a pass keeps equal times in trace order.
 */
#include "load/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/threads.h"
#include "load/plan_priv.h"

enum { BATCH_CALLS = 100000, MOST_UNITS = 64, SMALL = 48, DIGIT = 9, RADIX = 1 << DIGIT };

struct batch {
    size_t first, n;             /* units, from 0 */
    size_t set;                  /* which half of the slots: 0 or 1 */
};

struct run {
    const struct plan_job *job;
    const struct plan_sink *sink;
    size_t functions;
    struct plan_state *state;    /* (functions) */
    uint32_t *calls;             /* (functions, MOST_UNITS) in the batch */
    size_t *place;               /* (functions, MOST_UNITS) where they begin in the unit */
    struct load_call *unit[MOST_UNITS];      /* drawn, later sorted */
    struct load_call *spare[MOST_UNITS];
    size_t n[MOST_UNITS], cap[MOST_UNITS], spare_cap[MOST_UNITS], lost[MOST_UNITS];
    gsl_rng **rng;               /* (workers) scratch */
    struct batch now, before;
    bool stopped;
};

size_t plan_slots(const struct plan_job *job)
{
    (void)job;
    return 2 * MOST_UNITS;
}

/* Counts of the next unit at column k of the batch; returns their sum. */
static size_t count_unit(struct run *r, size_t k, size_t unit)
{
    size_t n = 0;
    for (size_t f = 0; f < r->functions; f++) {
        bool called = r->job->target[f] != PLAN_NONE;
        uint32_t c = plan_calls_in(&r->state[f], r->job, f, unit);
        r->calls[f * MOST_UNITS + k] = called ? c : 0;
        r->place[f * MOST_UNITS + k] = n;
        n += called ? c : 0;
    }
    return n;
}

/* Units from `first` on, until they hold enough calls. */
static void count_batch(struct run *r, size_t first)
{
    r->before = r->now;
    r->now = (struct batch){ .first = first, .set = !r->now.set };
    for (size_t held = 0; r->now.n < MOST_UNITS && held < BATCH_CALLS; r->now.n++) {
        size_t k = r->now.n;
        if (first + k == r->job->units)
            break;
        r->n[k] = count_unit(r, k, r->job->offset + first + k);
        held += r->n[k];
        MEM_RESERVE(r->unit[k], r->n[k], r->cap[k]);
        MEM_RESERVE(r->spare[k], r->n[k], r->spare_cap[k]);
    }
}

static void draw_function(void *ctx, size_t f, size_t worker)
{
    struct run *r = ctx;
    for (size_t k = 0; k < r->now.n; k++) {
        size_t n = r->calls[f * MOST_UNITS + k];
        struct load_call *at = r->unit[k] + r->place[f * MOST_UNITS + k];
        plan_draw(&r->state[f], r->job, r->job->offset + r->now.first + k, r->rng[worker], at, n);
        for (size_t i = 0; i < n; i++)
            at[i].target = (uint32_t)f;
    }
}

static void sort_small(struct load_call *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct load_call x = a[i];
        size_t j = i;
        for (; j > 0 && a[j - 1].at_us > x.at_us; j--)
            a[j] = a[j - 1];
        a[j] = x;
    }
}

/* Sort *a by time, stably; *a and *b may change places. Counts of all three digits come from one
 * scan. */
static void sort_calls(struct load_call **a, struct load_call **b, size_t n)
{
    if (n <= SMALL) {
        sort_small(*a, n);
        return;
    }
    size_t count[3][RADIX] = { { 0 } };
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < 3; d++)
            count[d][(*a)[i].at_us >> d * DIGIT & (RADIX - 1)]++;
    for (size_t d = 0; d < 3; d++) {
        size_t at = 0;
        for (size_t v = 0; v < RADIX; v++) {
            size_t c = count[d][v];
            count[d][v] = at;
            at += c;
        }
        struct load_call *from = *a, *to = *b;
        for (size_t i = 0; i < n; i++)
            to[count[d][from[i].at_us >> d * DIGIT & (RADIX - 1)]++] = from[i];
        *a = to;
        *b = from;
    }
}

/* Of calls at one time the last stays: the original's map, in which a later function writes
 * over. */
static size_t cover(struct load_call *a, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || a[i + 1].at_us != a[i].at_us)
            a[kept++] = a[i];
    return kept;
}

static void make_unit(struct run *r, size_t k)
{
    sort_calls(&r->unit[k], &r->spare[k], r->n[k]);
    size_t n = r->job->compat ? cover(r->unit[k], r->n[k]) : r->n[k];
    r->lost[k] = r->n[k] - n;
    r->n[k] = n;
    for (size_t i = 0; i < n; i++)
        r->unit[k][i].target = r->job->target[r->unit[k][i].target];
    r->sink->make(r->sink->ctx, r->now.set * MOST_UNITS + k, r->now.first + k, r->unit[k], n);
}

static void take_batch(struct run *r, const struct batch *b)
{
    for (size_t k = 0; k < b->n && !r->stopped; k++)
        r->stopped = !r->sink->take(r->sink->ctx, b->set * MOST_UNITS + k, b->first + k);
}

/* Item 0 takes the batch before, the others make a unit each. */
static void make_or_take(void *ctx, size_t item, size_t worker)
{
    struct run *r = ctx;
    (void)worker;
    if (item == 0)
        take_batch(r, &r->before);
    else
        make_unit(r, item - 1);
}

static void count_cut(const struct plan_job *job, struct plan_count *count)
{
    for (size_t f = 0; f < job->functions->n; f++) {
        size_t end = job->offset + job->units, has = job->functions->at[f].units;
        size_t from = has > job->offset ? has : job->offset;
        if (job->target[f] != PLAN_NONE && from < end) {
            count->beyond += end - from;
            count->cut++;
        }
    }
}

static struct run run_new(const struct plan_job *job, const struct plan_sink *sink, size_t threads)
{
    struct run r = { .job = job, .sink = sink, .functions = job->functions->n };
    r.state = mem_array(r.functions, sizeof *r.state);
    r.calls = mem_array(r.functions * MOST_UNITS, sizeof *r.calls);
    r.place = mem_array(r.functions * MOST_UNITS, sizeof *r.place);
    r.rng = mem_array(threads, sizeof(gsl_rng *));
    for (size_t f = 0; f < r.functions; f++)
        plan_state_begin(&r.state[f], job, f);
    for (size_t w = 0; w < threads; w++)
        r.rng[w] = rng_stream(job->seed, "load/calls", w);
    return r;
}

static void run_free(struct run *r, size_t threads)
{
    for (size_t f = 0; f < r->functions; f++)
        plan_state_end(&r->state[f]);
    for (size_t w = 0; w < threads; w++)
        gsl_rng_free(r->rng[w]);
    for (size_t k = 0; k < MOST_UNITS; k++) {
        free(r->unit[k]);
        free(r->spare[k]);
    }
    free(r->state);
    free(r->calls);
    free(r->place);
    free(r->rng);
}

bool plan_run(const struct plan_job *job, const struct plan_sink *sink, struct plan_count *count)
{
    *count = (struct plan_count){ 0 };
    count_cut(job, count);
    size_t threads = job->threads ? job->threads : threads_default();
    struct run r = run_new(job, sink, threads);
    struct progress bar = { 0 };
    if (job->progress)
        bar = progress_begin("plan", "units", (double)job->units);
    for (size_t done = 0; done < job->units && !r.stopped; done += r.now.n) {
        count_batch(&r, done);
        threads_for(threads, r.functions, draw_function, &r);
        threads_for(threads, r.now.n + 1, make_or_take, &r);
        for (size_t k = 0; k < r.now.n; k++) {
            count->calls += r.n[k];
            count->lost += r.lost[k];
            count->empty += r.n[k] == 0;
        }
        if (job->progress)
            progress_set(&bar, (double)(done + r.now.n));
    }
    if (!r.stopped)
        take_batch(&r, &r.now);
    if (job->progress)
        progress_end(&bar);
    run_free(&r, threads);
    return !r.stopped;
}
