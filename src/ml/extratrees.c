/* extratrees.c: a tree is an array of nodes; the two children of a node stand side by side.
 *
 *     node   0        1  2        3  4            row ids of a node are a contiguous range of one
 *            split -> L  R        |  |            permutation, cut in two in place:
 *                        `------> L  R            [ .. L .. | .. R .. ]
 *
 * The columns are kept column by column, since a node reads one column of scattered rows. It
 * gathers them once; range, and then count and sum of y left of the threshold, are passes over
 * contiguous memory in 8 explicit lanes. For y in {0, 1} the sums are integers and exact; in
 * general their order is that of the permutation, which the tree's own stream decides.
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

struct growing {         /* what all trees read while they grow */
    const float *columns;  /* (d, n) */
    const float *y;
    size_t n, d, look, min_leaf;
};

struct desk {            /* what one tree works on */
    gsl_rng *r;
    uint32_t *row;       /* (n) permutation: the rows of a node are contiguous */
    float *y;            /* (n) y in the order of row */
    float *v;            /* (n) a column of the node at hand, in the order of row */
    size_t *order;       /* (d) columns, shuffled as they are drawn */
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

enum { LANES = 8, BLOCK = 1024 };

struct range {
    float lo, hi;
};

static struct range range_of(const float *restrict v, size_t m)
{
    float lo[LANES], hi[LANES];
    size_t i = 0;
    for (size_t l = 0; l < LANES; l++)
        lo[l] = hi[l] = v[0];
    for (; i + LANES <= m; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            lo[l] = v[i + l] < lo[l] ? v[i + l] : lo[l];
            hi[l] = v[i + l] > hi[l] ? v[i + l] : hi[l];
        }
    for (; i < m; i++) {
        lo[0] = v[i] < lo[0] ? v[i] : lo[0];
        hi[0] = v[i] > hi[0] ? v[i] : hi[0];
    }
    for (size_t l = 1; l < LANES; l++) {
        lo[0] = lo[l] < lo[0] ? lo[l] : lo[0];
        hi[0] = hi[l] > hi[0] ? hi[l] : hi[0];
    }
    return (struct range){ lo[0], hi[0] };
}

struct half {
    double n, sum;       /* rows, and the sum of their y */
};

/* The part of v[0..m), m <= BLOCK, that is <= t. Floats count exactly that far. */
static struct half below_block(const float *restrict v, const float *restrict y, size_t m, float t)
{
    float n[LANES] = { 0 }, sum[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= m; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            float in = v[i + l] <= t ? 1.0f : 0.0f;
            n[l] += in;
            sum[l] += in * y[i + l];
        }
    for (; i < m; i++) {
        float in = v[i] <= t ? 1.0f : 0.0f;
        n[0] += in;
        sum[0] += in * y[i];
    }
    for (size_t width = LANES / 2; width; width /= 2)
        for (size_t l = 0; l < width; l++) {
            n[l] += n[l + width];
            sum[l] += sum[l + width];
        }
    return (struct half){ (double)n[0], (double)sum[0] };
}

/* The same of any m: blocks add up in double. */
static struct half below(const float *v, const float *y, size_t m, float t)
{
    struct half all = { 0, 0 };
    for (size_t i = 0; i < m; i += BLOCK) {
        struct half h = below_block(v + i, y + i, m - i < BLOCK ? m - i : BLOCK, t);
        all.n += h.n;
        all.sum += h.sum;
    }
    return all;
}

/* Try one column on the m rows from s->from on: false when it is constant there. */
static bool try_column(const struct growing *g, const struct desk *k, struct span s, double sum,
                       size_t c, struct split *best)
{
    const float *v = g->columns + c * g->n;
    const uint32_t *row = k->row + s.from;
    size_t m = s.to - s.from;
    for (size_t i = 0; i < m; i++)
        k->v[i] = v[row[i]];
    struct range at = range_of(k->v, m);
    if (!(at.hi > at.lo))
        return false;
    float t = (float)((double)at.lo + rng_unit(k->r) * ((double)at.hi - (double)at.lo));
    if (!(t < at.hi))
        t = at.lo;       /* rounding up to hi would leave nothing on the right */
    struct half h = below(k->v, k->y + s.from, m, t);
    double left = h.n, right = (double)m - left, least = (double)g->min_leaf;
    if (left < least || right < least)
        return true;
    /* sum of squares falls by L R / (L + R) times the squared difference of the means */
    double gap = h.sum / left - (sum - h.sum) / right;
    double gain = left * right / (double)m * gap * gap;
    if (gain > best->gain)
        *best = (struct split){ c, t, gain };
    return true;
}

/* Draw columns without repetition until `look` that vary were seen. */
static struct split find_split(const struct growing *g, const struct desk *k, struct span s,
                               double sum)
{
    struct split best = { .gain = -1 };
    for (size_t i = 0, seen = 0; i < g->d && seen < g->look; i++) {
        size_t j = i + rng_below(k->r, g->d - i), c = k->order[j];
        k->order[j] = k->order[i];
        k->order[i] = c;
        seen += try_column(g, k, s, sum, c, &best);
    }
    return best;
}

/* Order the rows of s so that the left ones come first; returns where the right ones begin. */
static size_t cut(const struct growing *g, const struct desk *k, struct span s,
                  const struct split *best)
{
    const float *v = g->columns + best->column * g->n;
    size_t left = s.from;
    for (size_t i = s.from; i < s.to; i++)
        if (v[k->row[i]] <= best->threshold) {
            uint32_t row = k->row[i];
            float y = k->y[i];
            k->row[i] = k->row[left];
            k->y[i] = k->y[left];
            k->row[left] = row;
            k->y[left++] = y;
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

static struct desk desk_new(const struct growing *g, gsl_rng *r)
{
    struct desk k = { r, mem_array(g->n, sizeof *k.row), mem_array(g->n, sizeof *k.y),
                      mem_array(g->n, sizeof *k.v), mem_array(g->d, sizeof *k.order) };
    for (size_t i = 0; i < g->n; i++) {
        k.row[i] = (uint32_t)i;
        k.y[i] = g->y[i];
    }
    for (size_t c = 0; c < g->d; c++)
        k.order[c] = c;
    return k;
}

static void desk_free(struct desk *k)
{
    free(k->row);
    free(k->y);
    free(k->v);
    free(k->order);
}

/* Set the node's mean, and find its split if it has one (gain >= 0). */
static struct split judge(const struct growing *g, const struct desk *k, struct span s,
                          struct node *node)
{
    double sum = 0, squares = 0, m = (double)(s.to - s.from);
    for (size_t i = s.from; i < s.to; i++) {
        double y = (double)k->y[i];
        sum += y;
        squares += y * y;
    }
    node->mean = (float)(sum / m);
    bool pure = squares - sum * sum / m <= 1e-12 * squares;
    if (pure || s.to - s.from < 2 * g->min_leaf || s.to - s.from < 2)
        return (struct split){ .gain = -1 };
    return find_split(g, k, s, sum);
}

static void grow(const struct growing *g, struct tree *t, gsl_rng *r)
{
    struct desk k = desk_new(g, r);
    struct span *todo = NULL;
    size_t n_todo = 0, cap_todo = 0;
    t->gain = mem_array(g->d, sizeof *t->gain);
    MEM_RESERVE(t->at, 1, t->cap);
    t->at[t->n++] = (struct node){ 0 };
    MEM_GROW(todo, n_todo, cap_todo);
    todo[n_todo++] = (struct span){ 0, 0, g->n };
    while (n_todo) {
        struct span s = todo[--n_todo];
        struct split best = judge(g, &k, s, &t->at[s.node]);
        if (best.gain < 0)
            continue;
        size_t middle = cut(g, &k, s, &best);
        uint32_t child = add_pair(t);
        t->at[s.node].child = child;
        t->at[s.node].column = (uint32_t)best.column;
        t->at[s.node].threshold = best.threshold;
        t->gain[best.column] += best.gain;
        MEM_RESERVE(todo, n_todo + 2, cap_todo);
        todo[n_todo++] = (struct span){ child + 1, middle, s.to };
        todo[n_todo++] = (struct span){ child, s.from, middle };
    }
    desk_free(&k);
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
