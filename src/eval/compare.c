/* compare.c: entrants (the sources, and real graphs themselves where they serve as floors) times
 * views times re-draws. Re-draw 0 is the samples as they are.
 *
 *     real   --re-draw b--+--> role real --+
 *     train ------------------> role train +--> metrics --> draws[view][entrant][metric][b]
 *     entrant --re-draw b-----> role gen --+
 *
 * Each (view, b) is one item of work with one stream per set, so bytes do not depend on threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/threads.h"
#include "eval/compare_priv.h"
#include "stats/auc.h"
#include "stats/resample.h"

enum { REDRAWS = 200, REPEATS = 5, FLOOR_DRAWS = 200, FLOOR_CLASSIFIED = 6, ENTRANTS_MORE = 2 };

/* The weights of a set in re-draw b of a view; w has room for its graphs. */
static void redraw(const struct compare_job *j, const char *role, const struct profile *p,
                   size_t view, size_t b, double *w)
{
    if (b == 0) {
        memcpy(w, p->weight[view], p->n * sizeof *w);
        return;
    }
    struct buf name = { 0 };
    buf_printf(&name, "compare/%s/%s", view_names[view], role);
    gsl_rng *r = rng_stream(j->o->seed, name.p, b);
    resample_bootstrap(r, p->weight[view], p->n, 0, w);
    gsl_rng_free(r);
    buf_free(&name);
}

static void redraw_entrant(const struct compare_job *j, const struct compare_entrant *e,
                           size_t view, size_t b, double *w)
{
    struct buf role = { 0 };
    buf_printf(&role, "generated/%s", e->name);
    redraw(j, e->is_real ? "real" : role.p, j->p[e->set], view, b, w);
    buf_free(&role);
}

static size_t most_graphs(const struct compare_job *j)
{
    size_t most = 0;
    for (size_t s = 0; s < j->sets; s++)
        most = j->p[s]->n > most ? j->p[s]->n : most;
    return most;
}

static void count_item(void *ctx, size_t item, size_t worker)
{
    const struct compare_job *j = ctx;
    size_t view = item / (j->redraws + 1), b = item % (j->redraws + 1);
    struct engine_scratch *s = j->scratch[worker];
    double *w = mem_array(most_graphs(j) + 1, sizeof *w), value[METRICS_MAX];
    redraw(j, "real", j->p[0], view, b, w);
    engine_fill(j->engine, s, ROLE_REAL, 0, w);
    engine_fill(j->engine, s, ROLE_TRAIN, j->train, j->p[j->train]->weight[view]);
    for (size_t e = 0; e < j->entrants; e++) {
        redraw_entrant(j, &j->entrant[e], view, b, w);
        engine_fill(j->engine, s, ROLE_GEN, j->entrant[e].set, w);
        engine_values(j->engine, s, (enum view)view, value);
        for (size_t m = 0; m < j->metrics; m++)
            if (!metrics[m]->columns)
                compare_slot(j->draws, view, e, m)[b] = value[m];
    }
    free(w);
}

/* Re-draw the graphs behind out-of-fold scores: a row counts as often as its graph was drawn. */
static void redraw_scores(const struct compare_job *j, const struct scored *s,
                          const struct compare_entrant *e, size_t view, double *auc)
{
    const struct profile *real = j->p[0], *gen = j->p[e->set];
    double *wr = mem_array(real->n + 1, sizeof *wr), *wg = mem_array(gen->n + 1, sizeof *wg);
    double *row = mem_array(s->n + 1, sizeof *row);
    struct auc_order order = auc_order_make(s->score, s->fold, s->n);
    for (size_t b = 0; b <= j->redraws; b++) {
        redraw(j, "real", real, view, b, wr);
        redraw_entrant(j, e, view, b, wg);
        for (size_t i = 0; i < s->n; i++) {
            size_t g = s->graph[i];
            row[i] = s->generated[i] ? wg[g] / gen->weight[view][g] : wr[g] / real->weight[view][g];
        }
        auc[b] += auc_weighted(&order, s->generated, row) / (double)j->repeats;
    }
    auc_order_free(&order);
    free(wr);
    free(wg);
    free(row);
}

static struct classify_side side_of(const struct compare_job *j, size_t set, size_t view)
{
    return (struct classify_side){ j->p[set], j->p[set]->weight[view] };
}

static void classify_item(void *ctx, size_t item, size_t worker)
{
    const struct compare_job *j = ctx;
    if (worker == 0)
        progress_set(j->bar, (double)item);   /* items are begun in order */
    size_t m = item % j->metrics, e = item / j->metrics % j->entrants;
    size_t view = item / j->metrics / j->entrants;
    const struct metric *metric = metrics[m];
    const struct compare_entrant *entrant = &j->entrant[e];
    double *auc = compare_slot(j->draws, view, e, m);
    if (!metric->columns)
        return;
    for (size_t k = 0; k < j->repeats; k++) {
        struct scored s = { 0 };
        if (!entrant->is_real && metric->views[view])
            s = classify(metric->columns, j->slice, side_of(j, 0, view),
                         side_of(j, entrant->set, view), j->o->seed, k, 1);
        if (s.n)
            redraw_scores(j, &s, entrant, view, auc);
        else
            for (size_t b = 0; b <= j->redraws; b++)
                auc[b] = NAN;
        for (size_t i = 0; i < metric->columns->n; i++)
            compare_importance(j->draws, view, e, m)[i] += s.importance[i] / (double)j->repeats;
        scored_free(&s);
    }
}

static void compute(struct compare_job *j)
{
    j->scratch = mem_array(j->threads, sizeof *j->scratch);
    for (size_t i = 0; i < j->threads; i++)
        j->scratch[i] = engine_scratch_new(j->engine);
    threads_for(j->threads, VIEWS * (j->redraws + 1), count_item, j);
    size_t items = VIEWS * j->entrants * j->metrics;
    struct progress bar = progress_begin("compare", "metrics", (double)items);
    j->bar = &bar;
    threads_for(j->threads, items, classify_item, j);
    progress_end(&bar);
    j->bar = NULL;
    for (size_t i = 0; i < j->threads; i++)
        engine_scratch_free(j->scratch[i]);
    free(j->scratch);
}

/* Floors by re-drawing the real set alone. Halves are always needed, to see where there is room. */
static void fill_floors(const struct compare_job *j, bool fidelity, struct floors floors[2])
{
    struct floors_options o = { .seed = j->o->seed, .draws = FLOOR_DRAWS, .threads = j->threads,
                                .classified = fidelity ? FLOOR_CLASSIFIED : 0 };
    floors_halves(j->p[0], &o, &floors[1]);
    if (fidelity)
        floors_copier(j->p[0], &o, &floors[0]);
}

static void enter(struct compare_job *j, const struct compare_source *source, size_t n,
                  bool fidelity)
{
    j->entrant = mem_array(n + ENTRANTS_MORE, sizeof *j->entrant);
    for (size_t i = 0; i < n; i++)
        j->entrant[i] = (struct compare_entrant){ source[i].name, j->train + 1 + i,
                                                  source[i].dropped, false };
    j->sources = j->entrants = n;
    if (!fidelity) {
        j->entrant[j->entrants++] = (struct compare_entrant){ "train", j->train, 0, false };
        j->entrant[j->entrants++] = (struct compare_entrant){ "real", 0, 0, true };
    }
}

static void digest_one(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    const struct graphset **set = ((void **)ctx)[0];
    struct profile **p = ((void **)ctx)[1];
    p[i] = profile_new(set[i]);
}

/* Profiles of real, train (unless it is the same), and the sources. */
static bool digest(struct compare_job *j, const struct graphset *real, const struct graphset *train,
                   const struct compare_source *source, size_t n)
{
    const struct graphset **set = mem_array(n + 2, sizeof *set);
    j->p = mem_array(n + 2, sizeof *j->p);
    set[0] = real;
    set[1] = train;
    for (size_t i = 0; i < n; i++)
        set[2 + i] = source[i].graphs;
    threads_for(j->threads, n + 2, digest_one, (void *[]){ set, j->p });
    free(set);
    bool fidelity = profile_same(j->p[0], j->p[1]);
    j->sets = n + 2;
    j->train = 1;
    if (fidelity) {
        profile_free(j->p[1]);
        memmove(j->p + 1, j->p + 2, n * sizeof *j->p);
        j->sets--;
        j->train = 0;
    }
    return fidelity;
}

struct comparison *compare_run(const struct graphset *real, const struct graphset *train,
                               const struct compare_source *source, size_t n,
                               const struct compare_options *o)
{
    struct compare_job j = { .o = o, .metrics = metric_count(),
                     .redraws = o->redraws ? o->redraws : REDRAWS,
                     .repeats = o->repeats ? o->repeats : REPEATS,
                     .threads = o->threads ? o->threads : threads_default() };
    struct comparison *c = mem_alloc(sizeof *c);
    c->fidelity = digest(&j, real, train, source, n);
    c->n_sources = n;
    enter(&j, source, n, c->fidelity);
    if (o->slice) {
        struct profile *slice = profile_new(o->slice);
        j.slice = frequencies_new(slice);
        profile_free(slice);
    }
    c->draws = j.draws = mem_alloc(sizeof *j.draws);
    size_t cases = VIEWS * j.entrants * j.metrics;
    *j.draws = (struct compare_draws){ arena_new(), j.entrants, j.metrics, j.redraws,
                                       mem_array(cases * (j.redraws + 1), sizeof(double)),
                                       mem_array(cases * COLUMNS_IDENTITY, sizeof(double)) };
    j.engine = engine_new((const struct profile *const *)j.p, j.sets, j.threads);
    compute(&j);
    struct floors floors[2];
    fill_floors(&j, c->fidelity, floors);
    compare_rows(&j, c, floors);
    engine_free(j.engine);
    for (size_t s = 0; s < j.sets; s++)
        profile_free(j.p[s]);
    free(j.p);
    free(j.entrant);
    frequencies_free(j.slice);
    return c;
}

void comparison_free(struct comparison *c)
{
    if (!c)
        return;
    free(c->row);
    free(c->floor_row);
    arena_free(c->draws->arena);
    free(c->draws->value);
    free(c->draws->importance);
    free(c->draws);
    free(c);
}
