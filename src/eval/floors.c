/* floors.c: a floor is an experiment repeated: draw two selections of one set, as weights, and let
 * every metric see them. Draw b has a stream of its own, so draws run on any number of threads. */
#include "eval/floors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"
#include "eval/classify.h"
#include "eval/engine_priv.h"
#include "stats/resample.h"

enum kind { COPIER, HALVES, FIT };

static const char *const kind_name[] = { "copier", "halves", "fit" };

enum { DRAWS = 200 };

struct job {
    enum kind kind;
    const struct profile *p;
    const struct floors_options *o;
    double test_share;
    size_t draws, metrics;
    const struct engine *engine;
    struct engine_scratch **scratch;    /* (workers) */
    double *value;                      /* (VIEWS, metrics, draws) */
};

/* Draw number b: what is real, and what plays the generated part. */
static void draw_sides(const struct job *j, size_t b, double *real, double *gen)
{
    const double *base = j->p->weight[VIEW_TRAFFIC];
    char stream[32];
    snprintf(stream, sizeof stream, "floors/%s", kind_name[j->kind]);
    gsl_rng *r = rng_stream(j->o->seed, stream, b);
    if (j->kind == COPIER) {
        memcpy(real, base, j->p->n * sizeof *real);
        resample_bootstrap(r, base, j->p->n, 0, gen);
    } else
        resample_split(r, base, j->p->n, j->kind == FIT ? j->test_share : 0.5, real, gen);
    gsl_rng_free(r);
}

static double *slot(const struct job *j, size_t view, size_t m, size_t b)
{
    return &j->value[(view * j->metrics + m) * j->draws + b];
}

static void count_view(const struct job *j, struct engine_scratch *s, enum view view, size_t b,
                       const double *real, const double *gen)
{
    double value[METRICS_MAX], rest[METRICS_MAX] = { 0 };
    engine_fill(j->engine, s, ROLE_REAL, 0, real);
    engine_fill(j->engine, s, ROLE_TRAIN, 0, j->kind == FIT ? gen : real);
    engine_fill(j->engine, s, ROLE_GEN, 0, gen);
    engine_values(j->engine, s, view, value);
    if (j->kind == FIT) {
        engine_fill(j->engine, s, ROLE_GEN, 0, real);
        engine_values(j->engine, s, view, rest);
    }
    for (size_t m = 0; m < j->metrics; m++)
        *slot(j, view, m, b) =
            j->kind == FIT && metrics[m]->better == BETTER_NEAR_FLOOR ? rest[m] : value[m];
}

static void classify_view(const struct job *j, enum view view, size_t b, const double *real,
                          const double *gen)
{
    for (size_t m = 0; m < j->metrics; m++) {
        const struct columns *c = metrics[m]->columns;
        if (!c || c->needs_slice || !metrics[m]->views[view])
            continue;
        struct scored s = classify(c, NULL, (struct classify_side){ j->p, real },
                                   (struct classify_side){ j->p, gen }, j->o->seed, b, 1);
        *slot(j, view, m, b) = s.auc;
        scored_free(&s);
    }
}

static void run_draw(void *ctx, size_t b, size_t worker)
{
    const struct job *j = ctx;
    size_t n = j->p->n;
    double *w = mem_array(4 * n + 1, sizeof *w);
    draw_sides(j, b, w, w + n);
    profile_topology(j->p, w, w + 2 * n);
    profile_topology(j->p, w + n, w + 3 * n);
    for (int v = 0; v < VIEWS; v++) {
        const double *real = w + 2 * n * (size_t)v, *gen = real + n;
        count_view(j, j->scratch[worker], (enum view)v, b, real, gen);
        if (b < j->o->classified)
            classify_view(j, (enum view)v, b, real, gen);
    }
    free(w);
}

static void run(struct job *j, struct floors *out)
{
    size_t threads = j->o->threads ? j->o->threads : threads_default();
    j->draws = j->o->draws ? j->o->draws : DRAWS;
    j->metrics = metric_count();
    struct engine *e = engine_new(&j->p, 1, threads);
    j->engine = e;
    j->value = mem_array(VIEWS * j->metrics * j->draws, sizeof *j->value);
    j->scratch = mem_array(threads, sizeof *j->scratch);
    for (size_t i = 0; i < threads; i++)
        j->scratch[i] = engine_scratch_new(e);
    threads_for(threads, j->draws, run_draw, j);
    out->name = kind_name[j->kind];
    for (size_t v = 0; v < VIEWS; v++)
        for (size_t m = 0; m < j->metrics; m++)
            out->at[v][m] = interval_of_draws(slot(j, v, m, 0), j->draws);
    for (size_t i = 0; i < threads; i++)
        engine_scratch_free(j->scratch[i]);
    free(j->scratch);
    free(j->value);
    engine_free(e);
}

void floors_copier(const struct profile *p, const struct floors_options *o, struct floors *out)
{
    run(&(struct job){ .kind = COPIER, .p = p, .o = o }, out);
}

void floors_halves(const struct profile *p, const struct floors_options *o, struct floors *out)
{
    run(&(struct job){ .kind = HALVES, .p = p, .o = o }, out);
}

void floors_fit(const struct profile *p, double test_share, const struct floors_options *o,
                struct floors *out)
{
    run(&(struct job){ .kind = FIT, .p = p, .o = o, .test_share = test_share }, out);
}

struct floors_split floors_split_by_graph(size_t n, double test_share, uint64_t seed, size_t index,
                                          size_t *fit, size_t *test)
{
    double *w = mem_array(3 * n + 1, sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = 1;
    gsl_rng *r = rng_stream(seed, "floors/fit", index);
    resample_split(r, w, n, test_share, w + n, w + 2 * n);
    gsl_rng_free(r);
    struct floors_split s = { 0 };
    for (size_t i = 0; i < n; i++)
        if (w[n + i] > 0)
            test[s.n_test++] = i;
        else
            fit[s.n_fit++] = i;
    free(w);
    return s;
}
