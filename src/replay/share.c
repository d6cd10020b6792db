/* share.c: each model gathers its functions: minutes are added up, times are sorted together. */
#include "replay/share.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/threads.h"
#include "stats/sort.h"

struct job {
    const struct invocations *v;
    double start_s, end_s;
    const size_t *function, *model;   /* (n) */
    size_t n;
    struct replay_share *share;
};

static void gather_counts(const struct job *j, size_t model, struct replay_share *s)
{
    uint32_t first = (uint32_t)(j->start_s / 60), last = (uint32_t)(j->end_s / 60);
    uint32_t stored = j->v->n_days * DAY_MINUTES;
    last = last < stored ? last : stored;
    s->minutes = last > first ? last - first : 0;
    uint64_t *sum = mem_array(s->minutes + 1, sizeof *sum);
    for (size_t i = 0; i < j->n; i++)
        if (j->model[i] == model)
            invocations_minutes(j->v, j->function[i], first, last, sum);
    s->count = sum;
}

static void gather_times(const struct job *j, size_t model, struct replay_share *s)
{
    size_t total = 0, n;
    for (size_t i = 0; i < j->n; i++)
        if (j->model[i] == model) {
            invocations_times(j->v, j->function[i], j->start_s, j->end_s, &n);
            total += n;
        }
    double *t = mem_array(total + 1, sizeof *t);
    for (size_t i = 0; i < j->n; i++)
        if (j->model[i] == model) {
            const double *from = invocations_times(j->v, j->function[i], j->start_s, j->end_s, &n);
            if (n)
                memcpy(t + s->n, from, n * sizeof *t);
            s->n += n;
        }
    sort_doubles(t, s->n);
    s->t = t;
}

static void gather(void *ctx, size_t model, size_t worker)
{
    const struct job *j = ctx;
    (void)worker;
    if (j->v->kind == INVOCATIONS_COUNTS)
        gather_counts(j, model, &j->share[model]);
    else
        gather_times(j, model, &j->share[model]);
}

/* The functions to be mapped, and how many invocations each has there. */
static size_t to_map(const struct invocations *v, const struct replay_options *o, bool whole_trace,
                     size_t *function, uint64_t *volume)
{
    size_t n = 0;
    if (!whole_trace) {
        n = invocations_alive(v, o->start_s, o->end_s, function);
        for (size_t i = 0; i < n; i++)
            volume[i] = invocations_count(v, function[i], o->start_s, o->end_s);
        return n;
    }
    for (size_t f = 0; f < v->n; f++)
        if (v->total[f]) {
            function[n] = f;
            volume[n++] = v->total[f];
        }
    return n;
}

bool shares_make(const struct invocations *v, const struct replay_options *o,
                 const struct mapping *how, bool whole_trace, size_t models, struct shares *s,
                 struct err *err)
{
    size_t *function = mem_array(v->n, sizeof *function), *model = mem_array(v->n, sizeof *model);
    uint64_t *volume = mem_array(v->n, sizeof *volume);
    size_t n = to_map(v, o, whole_trace, function, volume);
    *s = (struct shares){ .n = models };
    bool ok = mapping_apply(how, volume, n, models, o->seed, model, err);
    if (ok) {
        s->share = mem_array(models, sizeof *s->share);
        struct job j = { v, o->start_s, o->end_s, function, model, n, s->share };
        threads_for(o->threads, models, gather, &j);
        for (size_t i = 0; i < n; i++) {
            uint64_t here = whole_trace
                ? invocations_count(v, function[i], o->start_s, o->end_s) : volume[i];
            s->functions += here > 0;
            s->invocations += here;
        }
    }
    free(function);
    free(model);
    free(volume);
    return ok;
}

void shares_free(struct shares *s)
{
    for (size_t i = 0; s->share && i < s->n; i++) {
        free((void *)s->share[i].t);
        free((void *)s->share[i].count);
    }
    free(s->share);
    s->share = NULL;
}
