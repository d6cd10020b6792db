/* compare_rows.c: values with their intervals, floors, and reasons for what is not known. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/compare_priv.h"
#include "stats/divergence.h"

/* Graphs that were asked for and not delivered are invalid: a binomial share with its exact
 * (Clopper-Pearson) interval, since a share of 1 has no spread to re-draw. */
static struct interval validity(const struct compare_job *j, const struct compare_entrant *e,
                                double *draws)
{
    double kept = (double)j->p[e->set]->units[VIEW_TRAFFIC], n = kept + (double)e->dropped;
    for (size_t b = 0; b <= j->redraws; b++)
        draws[b] = n > 0 ? (kept > 0 ? draws[b] * kept : 0) / n : NAN;
    double valid = draws[0] * n;
    struct interval v = { draws[0], NAN, NAN, (size_t)n };
    if (n > 0) {
        v.lo = valid > 0 ? gsl_cdf_beta_Pinv(0.025, valid, n - valid + 1) : 0;
        v.hi = valid < n ? gsl_cdf_beta_Pinv(0.975, valid + 1, n - valid) : 1;
    }
    return v;
}

static struct interval measured(const struct compare_job *j, size_t view, size_t e, size_t m)
{
    double *draws = compare_slot(j->draws, view, e, m);
    if (metrics[m]->feature == &feature_valid)
        return validity(j, &j->entrant[e], draws);
    struct interval v = interval_centred(draws[0], draws + 1, j->redraws, metrics[m]->least,
                                         metrics[m]->most);
    v.n = j->p[j->entrant[e].set]->units[view];
    return v;
}

static const char *why_unknown(const struct compare_job *j, const struct metric *m, size_t view,
                               const struct compare_entrant *e)
{
    const struct profile *real = j->p[0], *gen = j->p[e->set];
    if (real->units[view] == 0 || gen->units[view] == 0)
        return "no graphs";
    if (m->feature && m->feature->timed && !(real->timed && gen->timed && j->p[j->train]->timed))
        return "no response times";
    if (m->columns && m->columns->needs_slice && !j->slice)
        return "needs a third slice of real graphs";
    if (m->columns)
        return "fewer than 20 graphs on a side";
    if (m->room > 0)
        return "too few microservices in the real graphs";
    if (m->feature == &feature_structure)
        return "no structure of the real graphs is unseen in training";
    return "no such graphs";
}

static struct compare_row *add_row(struct compare_row **row, size_t *n, size_t *cap)
{
    MEM_GROW(*row, *n, *cap);
    (*row)[*n] = (struct compare_row){ .floor = NAN };
    return &(*row)[(*n)++];
}

static void rows_of_sources(const struct compare_job *j, struct comparison *c)
{
    size_t cap = 0;
    for (size_t v = 0; v < VIEWS; v++)
        for (size_t m = 0; m < j->metrics; m++)
            for (size_t e = 0; e < j->sources && metrics[m]->views[v]; e++) {
                struct compare_row *r = add_row(&c->row, &c->n, &cap);
                r->metric = metrics[m];
                r->view = (enum view)v;
                r->name = arena_strndup(j->draws->arena, j->entrant[e].name,
                                        strlen(j->entrant[e].name));
                r->value = measured(j, v, e, m);
                if (isnan(r->value.value))
                    r->why = why_unknown(j, metrics[m], v, &j->entrant[e]);
            }
}

static void rows_of_floors(const struct compare_job *j, struct comparison *c,
                           const struct floors *f, size_t n_floors)
{
    size_t cap = 0;
    for (size_t v = 0; v < VIEWS; v++)
        for (size_t m = 0; m < j->metrics; m++) {
            if (!metrics[m]->views[v])
                continue;
            for (size_t k = 0; k < n_floors; k++) {
                struct compare_row *r = add_row(&c->floor_row, &c->n_floors, &cap);
                *r = (struct compare_row){ metrics[m], (enum view)v, f[k].name, f[k].at[v][m],
                                           NAN, NULL };
            }
            for (size_t e = j->sources; e < j->entrants; e++) {
                if (j->entrant[e].is_real != (metrics[m]->better == BETTER_NEAR_FLOOR))
                    continue;
                struct compare_row *r = add_row(&c->floor_row, &c->n_floors, &cap);
                *r = (struct compare_row){ metrics[m], (enum view)v, j->entrant[e].name,
                                           measured(j, v, e, m), NAN, NULL };
            }
        }
}

/* The floor beside a row, and no value where real graphs leave no room for one. */
static void judge_rows(const struct compare_job *j, struct comparison *c,
                       const struct floors *halves)
{
    for (size_t i = 0; i < c->n; i++) {
        struct compare_row *r = &c->row[i];
        const char *name = c->fidelity ? "halves"
                           : r->metric->better == BETTER_NEAR_FLOOR ? "real" : "train";
        const struct compare_row *f = compare_get(c, r->metric->name, r->view, name);
        r->floor = f ? f->value.value : NAN;
        size_t m;
        metric_find(r->metric->name, &m);
        double room = halves->at[r->view][m].value;
        if (r->metric->room > 0 && !isnan(r->value.value) && !(room >= r->metric->room)) {
            r->value = (struct interval){ NAN, NAN, NAN, r->value.n };
            r->why = arena_printf(j->draws->arena, "real halves agree on %.2f only", room);
        }
    }
}

void compare_rows(const struct compare_job *j, struct comparison *c, const struct floors floors[2])
{
    rows_of_sources(j, c);
    rows_of_floors(j, c, floors, c->fidelity ? 2 : 0);
    judge_rows(j, c, &floors[1]);
}

static const struct compare_row *find(const struct compare_row *row, size_t n, const char *metric,
                                      enum view view, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (row[i].view == view && strcmp(row[i].metric->name, metric) == 0 &&
            strcmp(row[i].name, name) == 0)
            return &row[i];
    return NULL;
}

const struct compare_row *compare_get(const struct comparison *c, const char *metric,
                                      enum view view, const char *name)
{
    const struct compare_row *r = find(c->row, c->n, metric, view, name);
    return r ? r : find(c->floor_row, c->n_floors, metric, view, name);
}

struct interval compare_difference(const struct comparison *c, const char *metric, enum view view,
                                   size_t a, size_t b)
{
    size_t m;
    REQUIRE(metric_find(metric, &m) && a < c->n_sources && b < c->n_sources);
    const double *x = compare_slot(c->draws, view, a, m), *y = compare_slot(c->draws, view, b, m);
    return interval_paired(x[0], x + 1, y[0], y + 1, c->draws->redraws);
}

size_t compare_tells(const struct comparison *c, const char *metric, enum view view, size_t source,
                     struct compare_tell *out, size_t most)
{
    size_t m, n = 0;
    REQUIRE(metric_find(metric, &m) && metrics[m]->columns && source < c->n_sources);
    const double *share = compare_importance(c->draws, view, source, m);
    size_t top[COLUMNS_IDENTITY], found = divergence_top(share, metrics[m]->columns->n, most, top);
    for (; n < found; n++)
        out[n] = (struct compare_tell){ metrics[m]->columns->names[top[n]], share[top[n]] };
    return n;
}
