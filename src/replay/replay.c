/* replay.c: one model after another, each from its own streams, so any thread may take any. */
#include "replay/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"

/* Each value `times` over; then the slice's length is divided by the time scale. */
static void replay_vanilla(const struct replay_options *o, const struct replay_share *s,
                           struct replay *out)
{
    size_t times = o->replicate > 1 ? (size_t)o->replicate : 1;
    struct arrivals *a = &out->arrivals;
    a->t = mem_array(s->n * times + 1, sizeof *a->t);
    a->cap = s->n * times + 1;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < times; k++)
            a->t[a->n++] = o->time_scale == 1 ? s->t[i]
                         : (s->t[i] - o->start_s) / o->time_scale + o->start_s;
}

/* Compat: window after window, each from its own stream. */
static void draw_restarted(const struct replay_options *o, struct replay *out)
{
    char *name = mem_array(strlen(out->model) + 16, 1);
    strcat(strcpy(name, "replay/"), out->model);
    gsl_rng *r = rng_stream(o->seed, name, 0);
    for (size_t k = 0; k < out->windows; k++) {
        const struct process_window *w = &out->window[k];
        if (!(w->rate > 0))
            continue;
        rng_restart(r, o->seed, name, k + 1);
        if (o->process == &process_pareto)
            estimate_restart_pareto(w, r, &out->arrivals);
        else
            process_restart(o->process, w, r, &out->arrivals);
    }
    gsl_rng_free(r);
    free(name);
}

static void replay_drawn(const struct replay_options *o, const struct replay_share *s,
                         struct replay *out)
{
    struct estimate_options e = {
        .process = o->process, .interval_s = o->interval_s, .rate_scale = o->rate_scale,
        .cv_scale = o->cv_scale, .compat = o->compat, .moments = o->moments, .least = o->least,
    };
    double end = o->kind == REPLAY_COUNTS ? o->start_s + 60.0 * (double)s->minutes : o->end_s;
    out->windows = estimate_count(o->start_s, end, o->interval_s);
    out->window = mem_array(out->windows + 1, sizeof *out->window);
    if (o->kind == REPLAY_COUNTS)
        estimate_counts(s->count, s->minutes, o->start_s, &e, out->window);
    else
        estimate_times(s->t, s->n, o->start_s, o->end_s, &e, out->window);
    if (o->compat) {
        draw_restarted(o, out);
        return;
    }
    gsl_rng *r = process_stream(o->seed, out->model, 0);
    process_run(o->process, out->window, out->windows, r, &out->arrivals);
    gsl_rng_free(r);
}

struct job {
    const struct replay_options *o;
    const struct replay_share *share;
    struct replay *out;
};

static void replay_one(void *ctx, size_t item, size_t worker)
{
    const struct job *j = ctx;
    (void)worker;
    if (j->o->process)
        replay_drawn(j->o, &j->share[item], &j->out[item]);
    else
        replay_vanilla(j->o, &j->share[item], &j->out[item]);
}

void replay_run(const struct replay_options *o, const char *const *model,
                const struct replay_share *share, size_t n, struct replay *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct replay){ .model = model[i] };
    threads_for(o->threads, n, replay_one, &(struct job){ o, share, out });
}

void replay_free(struct replay *r, size_t n)
{
    for (size_t i = 0; r && i < n; i++) {
        free(r[i].arrivals.t);
        free(r[i].window);
    }
}
