/* classify.c: rows of both classes, groups of equal rows, folds of whole groups, a forest a fold.
 *
 * The largest groups are dealt first, each to the emptiest fold: single calls of 0 ms alone are a
 * tenth of the real graphs, and dealing at random would leave the folds uneven.
 */
#include "eval/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ml/extratrees.h"
#include "stats/auc.h"

enum { TREES = 150, LEAF = 3 };

static size_t units_of(const struct classify_side *s, size_t *unit, bool *equal)
{
    size_t n = 0;
    *equal = true;
    for (size_t i = 0; i < s->p->n; i++)
        if (s->weight[i] > 0) {
            unit[n++] = i;
            *equal &= s->weight[i] == s->weight[unit[0]];
        }
    return n;
}

/* n graphs of a side. */
static void draw(const struct classify_side *s, gsl_rng *r, size_t n, size_t *out)
{
    size_t *unit = mem_array(s->p->n + 1, sizeof *unit);
    bool equal;
    size_t units = units_of(s, unit, &equal);
    if (equal) {
        rng_shuffle(r, unit, units);
        memcpy(out, unit, n * sizeof *out);
    } else {
        double *cum = mem_array(units, sizeof *cum);
        for (size_t k = 0; k < units; k++)
            cum[k] = (k ? cum[k - 1] : 0) + s->weight[unit[k]];
        for (size_t k = 0; k < n; k++)
            out[k] = unit[rng_pick(r, cum, units)];
        free(cum);
    }
    free(unit);
}

struct group {
    uint64_t key, order;     /* hash of the row; a random number */
    size_t size, fold;
};

static int by_key(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Distinct keys of the rows with their counts, ascending; returns how many. */
static size_t groups_of(const uint64_t *key, size_t n, struct group *g)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++)
        g[i] = (struct group){ .key = key[i], .size = 1 };
    qsort(g, n, sizeof *g, by_key);
    for (size_t i = 0; i < n; i++) {
        if (to && g[to - 1].key == g[i].key)
            g[to - 1].size++;
        else
            g[to++] = g[i];
    }
    return to;
}

static void deal_folds(const float *x, size_t n, size_t d, gsl_rng *r, size_t *fold)
{
    uint64_t *key = mem_array(n, sizeof *key);
    struct group *g = mem_array(n, sizeof *g);
    size_t filled[CLASSIFY_FOLDS] = { 0 };
    for (size_t i = 0; i < n; i++)
        key[i] = hash64(x + i * d, d * sizeof *x, 5);
    size_t groups = groups_of(key, n, g);
    for (size_t k = 0; k < groups; k++)
        g[k].order = rng_u64(r);
    qsort(g, groups, sizeof *g, by_size);
    for (size_t k = 0; k < groups; k++) {
        size_t emptiest = 0;
        for (size_t f = 1; f < CLASSIFY_FOLDS; f++)
            emptiest = filled[f] < filled[emptiest] ? f : emptiest;
        g[k].fold = emptiest;
        filled[emptiest] += g[k].size;
    }
    qsort(g, groups, sizeof *g, by_key);
    for (size_t i = 0; i < n; i++)
        fold[i] = ((struct group *)bsearch(&(struct group){ .key = key[i] }, g, groups, sizeof *g,
                                           by_key))->fold;
    free(key);
    free(g);
}

/* Fit on the rows outside fold f, score those inside. */
static void score_fold(struct scored *s, const float *x, size_t d, size_t f,
                       const struct extratrees_options *o)
{
    float *fit_x = mem_array(s->n * d, sizeof *fit_x), *fit_y = mem_array(s->n, sizeof *fit_y);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->fold[i] != f) {
            memcpy(fit_x + n * d, x + i * d, d * sizeof *x);
            fit_y[n++] = s->generated[i];
        }
    struct extratrees *m = n ? extratrees_fit(fit_x, fit_y, n, d, o) : NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->fold[i] == f)
            s->score[i] = m ? extratrees_predict(m, x + i * d) : 0.5;
    double share[COLUMNS_IDENTITY] = { 0 };
    if (m)
        extratrees_importance(m, share);
    for (size_t c = 0; c < d; c++)
        s->importance[c] += share[c] / CLASSIFY_FOLDS;
    extratrees_free(m);
    free(fit_x);
    free(fit_y);
}

static float *fill_rows(const struct columns *c, const struct frequencies *slice,
                        const struct classify_side *side, const struct scored *s)
{
    float *x = mem_array(s->n * c->n, sizeof *x);
    bool timed = side[0].p->timed && side[1].p->timed;
    for (size_t i = 0; i < s->n; i++) {
        float *row = x + i * c->n;
        c->fill(side[s->generated[i]].p, s->graph[i], slice, row);
        if (!timed)
            memset(row + COLUMNS_TIMES, 0, (COLUMNS_SHAPE - COLUMNS_TIMES) * sizeof *row);
        for (size_t k = 0; k < c->n; k++)
            row[k] += 0.0f;   /* -0 and 0 are the same row */
    }
    return x;
}

static size_t class_size(const struct classify_side *side)
{
    size_t n = CLASSIFY_MOST;
    for (int k = 0; k < 2; k++) {
        size_t units = 0;
        for (size_t i = 0; i < side[k].p->n; i++)
            units += side[k].weight[i] > 0;
        n = units < n ? units : n;
    }
    return n;
}

struct scored classify(const struct columns *c, const struct frequencies *slice,
                       struct classify_side real, struct classify_side gen, uint64_t seed,
                       uint64_t repeat, size_t threads)
{
    struct classify_side side[2] = { real, gen };
    struct scored s = { .auc = NAN };
    size_t n = class_size(side);
    if (n < CLASSIFY_LEAST || (c->needs_slice && !slice))
        return s;
    s.n = 2 * n;
    s.graph = mem_array(s.n, sizeof *s.graph);
    s.generated = mem_array(s.n, sizeof *s.generated);
    s.score = mem_array(s.n, sizeof *s.score);
    static const char *const stream[2] = { "classify/real", "classify/generated" };
    for (int k = 0; k < 2; k++) {
        gsl_rng *r = rng_stream(seed, stream[k], repeat);
        draw(&side[k], r, n, s.graph + (size_t)k * n);
        gsl_rng_free(r);
    }
    for (size_t i = n; i < s.n; i++)
        s.generated[i] = true;
    float *x = fill_rows(c, slice, side, &s);
    s.fold = mem_array(s.n, sizeof *s.fold);
    gsl_rng *r = rng_stream(seed, "classify/folds", repeat);
    deal_folds(x, s.n, c->n, r, s.fold);
    for (size_t f = 0; f < CLASSIFY_FOLDS; f++)
        score_fold(&s, x, c->n, f, &(struct extratrees_options){
                       .trees = TREES, .min_leaf = LEAF, .seed = rng_u64(r), .threads = threads });
    gsl_rng_free(r);
    struct auc_order order = auc_order_make(s.score, s.fold, s.n);
    s.auc = auc_weighted(&order, s.generated, NULL);
    auc_order_free(&order);
    free(x);
    return s;
}

void scored_free(struct scored *s)
{
    free(s->graph);
    free(s->generated);
    free(s->score);
    free(s->fold);
    *s = (struct scored){ .auc = NAN };
}
