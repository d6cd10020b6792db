/* extratrees.c: a tree is an array of nodes; the two children of a node stand side by side.
 *
 *     node   0        1  2        3  4            row ids of a node are a contiguous range of one
 *            split -> L  R        |  |            permutation, cut in two in place:
 *                        `------> L  R            [ .. L .. | .. R .. ]
 *
 * The columns are kept column by column, since a node reads one column of scattered rows: the
 * threshold needs the range, and the score needs only count and sum of y on the left. For y in
 * {0, 1} sums of y are integers and exact, so their order cannot matter; in general they run in the
 * order of the permutation, which depends on the tree's own stream alone.
 */
#include "ml/extratrees.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/threads.h"

struct node {
    uint32_t child;      /* the left child; the right one follows. 0: a leaf */
    uint32_t column;
    float threshold;     /* left: value <= threshold */
    float mean;          /* of y in the leaf */
};

struct tree {
    struct node *at;
    size_t n, cap;
    double *gain;        /* (d) lowering of the sum of squares by column */
};

struct extratrees {
    size_t d, trees;
    struct tree *tree;
};

struct growing {         /* what a tree reads while it grows */
    const float *columns;  /* (d, n) */
    const float *y;
    size_t n, d, look, min_leaf;
};

struct split {
    size_t column;
    float threshold;
    double gain;         /* < 0: none found */
};

struct span {            /* a node still to be grown and its rows */
    uint32_t node;
    size_t from, to;
};

/* Try one column: false when it is constant in this node. */
static bool try_column(const struct growing *g, const uint32_t *row, size_t m, double sum, size_t c,
                       gsl_rng *r, struct split *best)
{
    const float *v = g->columns + c * g->n;
    float lo = v[row[0]], hi = lo;
    for (size_t i = 1; i < m; i++) {
        float x = v[row[i]];
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    if (!(hi > lo))
        return false;
    float t = (float)((double)lo + rng_unit(r) * ((double)hi - (double)lo));
    if (!(t < hi))
        t = lo;          /* rounding up to hi would leave nothing on the right */
    size_t left = 0;
    double sum_left = 0;
    for (size_t i = 0; i < m; i++) {
        float below = v[row[i]] <= t ? 1 : 0;
        left += (size_t)below;
        sum_left += (double)(below * g->y[row[i]]);
    }
    size_t right = m - left;
    if (left < g->min_leaf || right < g->min_leaf)
        return true;
    /* sum of squares falls by L R / (L + R) times the squared difference of the means */
    double gap = sum_left / (double)left - (sum - sum_left) / (double)right;
    double gain = (double)left * (double)right / (double)m * gap * gap;
    if (gain > best->gain)
        *best = (struct split){ c, t, gain };
    return true;
}

/* Draw columns without repetition until `look` that vary were seen. */
static struct split find_split(const struct growing *g, const uint32_t *row, size_t m, double sum,
                               gsl_rng *r, size_t *order)
{
    struct split best = { .gain = -1 };
    for (size_t k = 0, seen = 0; k < g->d && seen < g->look; k++) {
        size_t j = k + rng_below(r, g->d - k), c = order[j];
        order[j] = order[k];
        order[k] = c;
        seen += try_column(g, row, m, sum, c, r, &best);
    }
    return best;
}

static size_t cut(const struct growing *g, uint32_t *row, size_t m, const struct split *s)
{
    const float *v = g->columns + s->column * g->n;
    size_t left = 0;
    for (size_t i = 0; i < m; i++)
        if (v[row[i]] <= s->threshold) {
            uint32_t t = row[i];
            row[i] = row[left];
            row[left++] = t;
        }
    return left;
}

static uint32_t add_pair(struct tree *t)
{
    MEM_RESERVE(t->at, t->n + 2, t->cap);
    t->at[t->n] = t->at[t->n + 1] = (struct node){ 0 };
    t->n += 2;
    return (uint32_t)(t->n - 2);
}

static void grow(const struct growing *g, struct tree *t, gsl_rng *r)
{
    uint32_t *row = mem_array(g->n, sizeof *row);
    size_t *order = mem_array(g->d, sizeof *order);
    struct span *todo = NULL;
    size_t n_todo = 0, cap_todo = 0;
    for (size_t i = 0; i < g->n; i++)
        row[i] = (uint32_t)i;
    for (size_t c = 0; c < g->d; c++)
        order[c] = c;
    t->gain = mem_array(g->d, sizeof *t->gain);
    MEM_RESERVE(t->at, 1, t->cap);
    t->at[t->n++] = (struct node){ 0 };
    MEM_GROW(todo, n_todo, cap_todo);
    todo[n_todo++] = (struct span){ 0, 0, g->n };
    while (n_todo) {
        struct span s = todo[--n_todo];
        size_t m = s.to - s.from;
        double sum = 0, squares = 0;
        for (size_t i = s.from; i < s.to; i++) {
            double y = (double)g->y[row[i]];
            sum += y;
            squares += y * y;
        }
        t->at[s.node].mean = (float)(sum / (double)m);
        bool pure = squares - sum * sum / (double)m <= 1e-12 * squares;
        if (pure || m < 2 * g->min_leaf || m < 2)
            continue;
        struct split best = find_split(g, row + s.from, m, sum, r, order);
        if (best.gain < 0)
            continue;
        size_t middle = s.from + cut(g, row + s.from, m, &best);
        uint32_t child = add_pair(t);
        t->at[s.node].child = child;
        t->at[s.node].column = (uint32_t)best.column;
        t->at[s.node].threshold = best.threshold;
        t->gain[best.column] += best.gain;
        MEM_RESERVE(todo, n_todo + 2, cap_todo);
        todo[n_todo++] = (struct span){ child + 1, middle, s.to };
        todo[n_todo++] = (struct span){ child, s.from, middle };
    }
    free(row);
    free(order);
    free(todo);
}

struct forest_job {
    const struct growing *g;
    struct extratrees *m;
    uint64_t seed;
};

static void grow_one(void *ctx, size_t t, size_t worker)
{
    (void)worker;
    const struct forest_job *job = ctx;
    gsl_rng *r = rng_stream(job->seed, "extratrees/tree", t);
    grow(job->g, &job->m->tree[t], r);
    gsl_rng_free(r);
}

struct extratrees *extratrees_fit(const float *x, const float *y, size_t n, size_t d,
                                  const struct extratrees_options *o)
{
    REQUIRE(n >= 1 && d >= 1 && n <= UINT32_MAX);
    float *columns = mem_array(n * d, sizeof *columns);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++) {
            REQUIRE(!isnan(x[i * d + c]));
            columns[c * n + i] = x[i * d + c];
        }
    size_t look = o->columns ? o->columns : (size_t)sqrt((double)d);
    struct growing g = { columns, y, n, d, look ? look : 1, o->min_leaf ? o->min_leaf : 1 };
    struct extratrees *m = mem_alloc(sizeof *m);
    m->d = d;
    m->trees = o->trees ? o->trees : 150;
    m->tree = mem_array(m->trees, sizeof *m->tree);
    struct forest_job job = { &g, m, o->seed };
    threads_for(o->threads, m->trees, grow_one, &job);
    free(columns);
    return m;
}

void extratrees_free(struct extratrees *m)
{
    if (!m)
        return;
    for (size_t t = 0; t < m->trees; t++) {
        free(m->tree[t].at);
        free(m->tree[t].gain);
    }
    free(m->tree);
    free(m);
}

double extratrees_predict(const struct extratrees *m, const float *row)
{
    double sum = 0;
    for (size_t t = 0; t < m->trees; t++) {
        const struct node *at = m->tree[t].at, *v = at;
        while (v->child)
            v = &at[v->child + (row[v->column] <= v->threshold ? 0 : 1)];
        sum += (double)v->mean;
    }
    return sum / (double)m->trees;
}

void extratrees_importance(const struct extratrees *m, double *share)
{
    double total = 0;
    for (size_t c = 0; c < m->d; c++) {
        share[c] = 0;
        for (size_t t = 0; t < m->trees; t++)
            share[c] += m->tree[t].gain[c];
        total += share[c];
    }
    for (size_t c = 0; c < m->d && total > 0; c++)
        share[c] /= total;
}

size_t extratrees_nodes(const struct extratrees *m)
{
    size_t n = 0;
    for (size_t t = 0; t < m->trees; t++)
        n += m->tree[t].n;
    return n;
}
