/* engine.c: metrics that count the same feature share one table and one vector per role. */
#include "eval/engine_priv.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/threads.h"

struct engine {
    size_t metrics, features;
    const struct feature *feature[METRICS_MAX];
    struct counts *counts[METRICS_MAX];     /* (features) */
    size_t feature_of[METRICS_MAX];         /* (metrics) SIZE_MAX for classifiers */
    size_t most_cells;
    const struct profile *const *p;
    size_t sets;
};

struct engine_scratch {
    size_t features;
    double *sum[METRICS_MAX][ROLES];        /* (cells) per feature and role */
    double *p, *q;
    size_t *index;
};

static void digest(void *ctx, size_t f, size_t worker)
{
    (void)worker;
    struct engine *e = ctx;
    e->counts[f] = counts_new(e->feature[f], e->p, e->sets);
}

struct engine *engine_new(const struct profile *const *p, size_t sets, size_t threads)
{
    struct engine *e = mem_alloc(sizeof *e);
    *e = (struct engine){ .metrics = metric_count(), .p = p, .sets = sets };
    REQUIRE(e->metrics <= METRICS_MAX);
    for (size_t m = 0; m < e->metrics; m++) {
        size_t f = 0;
        while (f < e->features && e->feature[f] != metrics[m]->feature)
            f++;
        e->feature_of[m] = metrics[m]->feature ? f : SIZE_MAX;
        if (f == e->features && metrics[m]->feature)
            e->feature[e->features++] = metrics[m]->feature;
    }
    threads_for(threads, e->features, digest, e);
    for (size_t f = 0; f < e->features; f++)
        if (e->counts[f]->cells > e->most_cells)
            e->most_cells = e->counts[f]->cells;
    e->p = NULL;   /* the caller's array may go */
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    for (size_t f = 0; f < e->features; f++)
        counts_free(e->counts[f]);
    free(e);
}

struct engine_scratch *engine_scratch_new(const struct engine *e)
{
    struct engine_scratch *s = mem_alloc(sizeof *s);
    s->features = e->features;
    for (size_t f = 0; f < e->features; f++)
        for (int r = 0; r < ROLES; r++)
            s->sum[f][r] = mem_array(e->counts[f]->cells + 1, sizeof(double));
    s->p = mem_array(e->most_cells + 1, sizeof *s->p);
    s->q = mem_array(e->most_cells + 1, sizeof *s->q);
    s->index = mem_array(e->most_cells + 1, sizeof *s->index);
    return s;
}

void engine_scratch_free(struct engine_scratch *s)
{
    if (!s)
        return;
    for (size_t f = 0; f < s->features; f++)
        for (int r = 0; r < ROLES; r++)
            free(s->sum[f][r]);
    free(s->p);
    free(s->q);
    free(s->index);
    free(s);
}

void engine_fill(const struct engine *e, struct engine_scratch *s, enum role role, size_t set,
                 const double *weight)
{
    for (size_t f = 0; f < e->features; f++)
        counts_sum(e->counts[f], set, weight, s->sum[f][role]);
}

void engine_values(const struct engine *e, struct engine_scratch *s, enum view view, double *value)
{
    for (size_t m = 0; m < e->metrics; m++) {
        value[m] = NAN;
        size_t f = e->feature_of[m];
        if (f == SIZE_MAX || !metrics[m]->views[view])
            continue;
        struct metric_input in = {
            .cells = e->counts[f]->cells, .x = e->counts[f]->x,
            .real = s->sum[f][ROLE_REAL], .train = s->sum[f][ROLE_TRAIN],
            .gen = s->sum[f][ROLE_GEN],
            .p = s->p, .q = s->q, .index = s->index,
        };
        value[m] = metrics[m]->compute(&in);
    }
}
