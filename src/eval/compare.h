/* compare.h: generated sets of call graphs held against real ones: every metric, by traffic and by
 * topology, with intervals, floors and paired differences.
 *
 * The distances are to `real`. Give the training set as both real and train to ask for fidelity
 * (how well is it reproduced?): the floors are then "copier" and "halves". Give a held-out set as
 * real to ask for generalisation: the floors are then "train", the fit set's own score, and "real",
 * the real graphs' own rate of copies.
 *
 * Intervals: 2.5 to 97.5 % over re-draws of the real and of the generated graphs, centred
 * (stats/interval.h). A re-draw of the real graphs serves all sources, so differences are paired.
 * The training set is not re-drawn. Classifiers are not refitted: their out-of-fold scores are
 * re-drawn by graph. (Measured: of 25 splits of real graphs, 218 a class, the intervals of 24 held
 * 0.5.)
 *
 * What cannot be computed is NaN and says why: no times, too few graphs, no room between real and
 * real, no third slice.
 */
#ifndef EVAL_COMPARE_H
#define EVAL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "eval/floors.h"
#include "eval/metric.h"
#include "stats/interval.h"
#include "trace/callgraph.h"

struct compare_source {
    const char *name;
    const struct graphset *graphs;
    size_t dropped;      /* graphs asked for that are not among them, being unusable: invalid */
};

struct compare_options {
    uint64_t seed;
    size_t redraws;      /* 0: 200; 1 where only values are wanted, not intervals */
    size_t repeats;      /* of the classifier, with other draws from the larger side; 0: 5 */
    size_t threads;
    const struct graphset *slice;   /* third slice of real graphs for auc_identity, or NULL */
};

struct compare_row {
    const struct metric *metric;
    enum view view;
    const char *name;         /* the source's, or the floor's */
    struct interval value;    /* n: graphs of the source (by topology: distinct structures) */
    double floor;             /* what real graphs score here; NaN: unknown */
    const char *why;          /* NULL, or the reason for a value that is NaN */
};

struct comparison {
    bool fidelity;            /* real and train are the same graphs */
    size_t n_sources;
    size_t n;                 /* rows, by view, metric, source */
    struct compare_row *row;
    size_t n_floors;          /* rows of floors, by view, metric, floor */
    struct compare_row *floor_row;
    struct compare_draws *draws;
};

struct comparison *compare_run(const struct graphset *real, const struct graphset *train,
                               const struct compare_source *source, size_t n,
                               const struct compare_options *o);
void comparison_free(struct comparison *c);

/* The row of a source or a floor; NULL if there is none. */
const struct compare_row *compare_get(const struct comparison *c, const char *metric,
                                      enum view view, const char *name);

/* Source a minus source b, with paired re-draws. */
struct interval compare_difference(const struct comparison *c, const char *metric, enum view view,
                                   size_t a, size_t b);

/* What gave a source away: the columns a classifier metric used most, largest share first. Writes
 * at most `most` and returns how many; 0 where the metric has no value. */
struct compare_tell {
    const char *column;
    double share;        /* of all that the trees' splits achieved; mean over folds and repeats */
};
size_t compare_tells(const struct comparison *c, const char *metric, enum view view, size_t source,
                     struct compare_tell *out, size_t most);

/* {"rows": [...], "floors": [...], "differences": [...], "tells": [...]}; the unknown is null. */
void compare_write_json(const struct comparison *c, FILE *f);
void compare_write_table(const struct comparison *c, FILE *f);
/* metric,view,name,value,lo,hi,n,floor with a header; unknown fields are empty. */
void compare_write_csv(const struct comparison *c, FILE *f);

#endif
