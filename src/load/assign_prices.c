/* assign_prices.c: an auction. A row without a column bids for the one that is cheapest to it, cost
 * and price together, and raises its price until the second cheapest would do as well, and by a
 * step more; whoever had it bids anew. Coarse steps find what many want, fine ones by how much.
 *
 * Where many rows want few columns, searching from nothing walks through half of all rows for every
 * row; from these prices it walks through a few. They need not be exact, so they are single
 * precision: half the memory to read, and the reading is what takes the time.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "load/assign_priv.h"
#include "stats/sort.h"

/* Steps as shares of the largest difference of costs; BIDS a row and round, at most. */
#define FIRST_STEP 0.1
#define LAST_STEP 1e-5
enum { DIVISOR = 5, BIDS = 30, WIDTH = 8, NOBODY = -1 };

typedef float floats __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef int32_t places __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

struct bid {
    float least, second;
    int32_t column;
};

struct auction {
    size_t rows, columns, stride;    /* stride: a multiple of WIDTH */
    struct bid (*look)(const float *, const float *, size_t);
    float *cost;                 /* (rows, stride), infinite beyond columns */
    float *zeros;                /* (stride) the cost of every row that is not there */
    float *price;                /* (stride) */
    int32_t *holder;             /* (columns) */
    int32_t *waiting;            /* (columns) rows without a column, a stack */
    size_t n_waiting;
    float least, most;           /* finite costs */
};

static inline __attribute__((always_inline)) struct bid look_body(const float *cost,
                                                                  const float *price, size_t n)
{
    floats low = (floats){ 0 } + INFINITY, next = low;
    places at = { 0 }, here = { 0, 1, 2, 3, 4, 5, 6, 7 };
    for (size_t j = 0; j < n; j += WIDTH) {
        floats x = *(const floats *)(cost + j) + *(const floats *)(price + j);
        /* the larger of x and low may be the second; blends without a branch, in any width */
        places lower = x < low;
        floats other = (floats)((lower & (places)low) | (~lower & (places)x));
        places nearer = other < next;
        next = (floats)((nearer & (places)other) | (~nearer & (places)next));
        low = (floats)((lower & (places)x) | (~lower & (places)low));
        at = (lower & here) | (~lower & at);
        here += WIDTH;
    }
    struct bid b = { INFINITY, INFINITY, 0 };
    for (size_t k = 0; k < WIDTH; k++) {
        if (low[k] < b.least) {
            b.second = b.least;
            b.least = low[k];
            b.column = at[k];
        } else if (low[k] < b.second) {
            b.second = low[k];
        }
        b.second = next[k] < b.second ? next[k] : b.second;
    }
    return b;
}

static struct bid look_plain(const float *cost, const float *price, size_t n)
{
    return look_body(cost, price, n);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static struct bid look_avx2(const float *cost, const float *price,
                                                            size_t n)
{
    return look_body(cost, price, n);
}
#endif

static struct bid (*look_way(void))(const float *, const float *, size_t)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return look_avx2;
#endif
    return look_plain;
}

/* A cost beyond this stands for a ban: a thousand times what the nearer pairs cost, by a sample. */
static float bound_of(const struct assign_costs *c)
{
    double sample[1024];
    size_t n = 0, all = c->rows * c->columns, step = all / 1024 + 1;
    for (size_t k = 0; k < all; k += step)
        sample[n++] = c->at[k / c->columns * c->stride + k % c->columns];
    sort_doubles(sample, n);
    double near = n ? sample[n / 10] : 0;
    return near > 0 ? (float)(1000 * near) : INFINITY;
}

static void find_range(const struct assign_costs *c, struct auction *a)
{
    float bound = bound_of(c);
    a->least = c->rows < c->columns ? 0 : INFINITY;
    a->most = c->rows < c->columns ? 0 : -INFINITY;
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            float x = (float)c->at[i * c->stride + j];
            if (isinf(x) || x > bound)
                continue;
            a->least = x < a->least ? x : a->least;
            a->most = x > a->most ? x : a->most;
        }
}

/* What is banned costs more than anything that is not. */
static void copy_costs(const struct assign_costs *c, struct auction *a)
{
    float dear = a->most + (a->most - a->least);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < a->stride; j++) {
            float x = j < c->columns ? (float)c->at[i * c->stride + j] : INFINITY;
            a->cost[i * a->stride + j] = j < c->columns && (x > a->most || isinf(x)) ? dear : x;
        }
    for (size_t j = 0; j < a->stride; j++)
        a->zeros[j] = j < c->columns ? 0 : INFINITY;
}

static void hold_round(struct auction *a, float step)
{
    size_t left = BIDS * a->columns;
    for (size_t j = 0; j < a->columns; j++) {
        a->holder[j] = NOBODY;
        a->waiting[j] = (int32_t)(a->columns - 1 - j);
    }
    a->n_waiting = a->columns;
    while (a->n_waiting && left--) {
        int32_t i = a->waiting[--a->n_waiting];
        const float *cost = (size_t)i < a->rows ? a->cost + (size_t)i * a->stride : a->zeros;
        struct bid b = a->look(cost, a->price, a->stride);
        float raise = b.second < INFINITY ? b.second - b.least : 0;
        a->price[b.column] += raise + step;
        if (a->holder[b.column] != NOBODY)
            a->waiting[a->n_waiting++] = a->holder[b.column];
        a->holder[b.column] = i;
    }
}

static struct auction auction_new(const struct assign_costs *c, struct arena *mem)
{
    struct auction a = { .rows = c->rows, .columns = c->columns, .look = look_way() };
    a.stride = (c->columns + WIDTH - 1) / WIDTH * WIDTH;
    a.cost = ARENA_ARRAY(mem, a.rows * a.stride, float);
    a.zeros = ARENA_ARRAY(mem, a.stride, float);
    a.price = ARENA_ARRAY(mem, a.stride, float);
    a.holder = ARENA_ARRAY(mem, a.columns, int32_t);
    a.waiting = ARENA_ARRAY(mem, a.columns, int32_t);
    return a;
}

void assign_prices(const struct assign_costs *c, double *v)
{
    struct arena *mem = arena_new();
    struct auction a = auction_new(c, mem);
    find_range(c, &a);
    float range = a.most - a.least;
    if (range > 0 && isfinite(2 * range + fabsf(a.most))) {
        copy_costs(c, &a);
        for (float step = FIRST_STEP * range; step >= LAST_STEP * range; step /= DIVISOR)
            hold_round(&a, step);
    }
    for (size_t j = 0; j < c->stride; j++)
        v[j] = j < c->columns && isfinite(a.price[j]) ? -(double)a.price[j] : 0;
    arena_free(mem);
}
