/* compare_priv.h: what the two halves of a comparison share: compare.c computes all re-draws,
 * compare_rows.c makes rows, floors and differences of them. */
#ifndef EVAL_COMPARE_PRIV_H
#define EVAL_COMPARE_PRIV_H

#include "base/mem.h"
#include "base/progress.h"
#include "eval/classify.h"
#include "eval/compare.h"
#include "eval/engine_priv.h"

struct compare_entrant {
    const char *name;
    size_t set;          /* index of its profile */
    size_t dropped;
    bool is_real;        /* the real graphs themselves: re-drawn with them, never classified */
};

struct compare_job {
    const struct compare_options *o;
    struct profile **p;          /* (sets) 0 is real; 1 is train unless that is real too */
    size_t sets, train;
    struct compare_entrant *entrant;     /* (entrants) the sources come first */
    size_t entrants, sources, metrics, redraws, repeats, threads;
    struct engine *engine;
    struct engine_scratch **scratch;   /* (threads) */
    struct frequencies *slice;
    struct compare_draws *draws;
    struct progress *bar;        /* touched by worker 0 alone, which is the caller */
};

/* What stays with the comparison. */
struct compare_draws {
    struct arena *arena;       /* names and reasons */
    size_t entrants, metrics, redraws;
    double *value;             /* (VIEWS, entrants, metrics, redraws + 1); re-draw 0: as measured */
    double *importance;        /* (VIEWS, entrants, metrics, COLUMNS_IDENTITY) of classifiers */
};

static inline double *compare_slot(const struct compare_draws *d, size_t view, size_t entrant,
                                   size_t m)
{
    return &d->value[((view * d->entrants + entrant) * d->metrics + m) * (d->redraws + 1)];
}

static inline double *compare_importance(const struct compare_draws *d, size_t view,
                                         size_t entrant, size_t m)
{
    return &d->importance[((view * d->entrants + entrant) * d->metrics + m) * COLUMNS_IDENTITY];
}

/* Fill the rows and floor rows of c. floors: copier and halves of the real set; only in a question
 * of fidelity are they rows, but halves always tell where there is room. */
void compare_rows(const struct compare_job *j, struct comparison *c, const struct floors floors[2]);

#endif
