/* assign.c: for each row a Dijkstra search over reduced costs, from the row to the nearest column
 * with room; then the prices move so that all reduced costs stay at least 0, and every row on the
 * path goes on to the next column.
 *
 * The search may start from any prices if every column is taken in the end, for which rows of zeros
 * stand in: from good ones (assign_prices.c) it is short. From none, rows in their order, it is
 * scipy's, which is walked only where another assignment might be as cheap (assign_only.c).
 *
 * The search is n times a scan of a row of costs: that is where the time goes, so the scan works on
 * whole columns in four lanes, and a column that was closed is kept out by an infinite distance
 * rather than by a list. The order of that list still decides ties (scipy takes the last open
 * column with room, else the first), so it is kept beside, and looked at only when two columns are
 * equally near.
 */
#include "load/assign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "load/assign_priv.h"

enum { NONE = -1, BLOCK = 64 };

struct scan;

struct search {
    const struct assign_costs *c;
    double (*scan)(const struct scan *);
    size_t rows;                 /* c's, or as many as columns: the others cost 0 */
    const double *zeros;         /* (stride) their costs */
    size_t capacity;
    double *u, *v;               /* (rows), (stride) prices */
    double *open;                /* (stride) distance of a column not closed, else infinite */
    double *low;                 /* the least of every BLOCK of them */
    double *final;               /* (stride) distance of a closed column */
    double *price;               /* (stride) v of a column not closed, else -infinite */
    int64_t *from;               /* (stride) the row a column is reached from */
    int32_t *column_of;          /* (rows) NONE: no column yet */
    int32_t *next_in;            /* (rows) the next row of the same column */
    int32_t *first_in;           /* (stride) the rows of a column, latest first */
    uint32_t *load;              /* (stride) how many */
    size_t *list, *place;        /* (columns) not closed, in scipy's order; the inverse */
    size_t n_open;
    size_t *closed, n_closed;    /* (columns) in the order of closing */
    int32_t *seen;               /* (rows) rows scanned in this search */
    size_t n_seen;
};

struct assign_costs assign_costs_new(size_t rows, size_t columns)
{
    struct assign_costs c = { .rows = rows, .columns = columns };
    c.stride = (columns + ASSIGN_LANES - 1) / ASSIGN_LANES * ASSIGN_LANES;
    REQUIRE(rows <= INT32_MAX && c.stride <= INT32_MAX);
    c.at = mem_array(rows * c.stride, sizeof *c.at);
    for (size_t i = 0; i < rows * c.stride; i++)
        c.at[i] = INFINITY;
    return c;
}

void assign_costs_free(struct assign_costs *c)
{
    free(c->at);
    *c = (struct assign_costs){ 0 };
}

/* One scan: cost and price in, distances and their rows out; the least distance, and that of every
 * block. */
struct scan {
    const double *cost, *price;
    double *open, *low;
    int64_t *from, row;
    double so_far, u;
    size_t n;                    /* a multiple of ASSIGN_LANES */
};

typedef double lanes __attribute__((vector_size(8 * ASSIGN_LANES), aligned(8), may_alias));
typedef int64_t marks __attribute__((vector_size(8 * ASSIGN_LANES), aligned(8), may_alias));

/* Chosen without a branch, so that it is a blend in any width. */
static inline __attribute__((always_inline)) double scan_block(const struct scan *x, size_t begin,
                                                               size_t end)
{
    lanes low = (lanes){ 0 } + (double)INFINITY, so_far = (lanes){ 0 } + x->so_far;
    lanes u = (lanes){ 0 } + x->u;
    marks row = (marks){ 0 } + x->row;
    for (size_t j = begin; j < end; j += ASSIGN_LANES) {
        lanes old = *(const lanes *)(x->open + j);
        marks from = *(const marks *)(x->from + j);
        /* the order of the sum is scipy's */
        lanes r = so_far + *(const lanes *)(x->cost + j) - u - *(const lanes *)(x->price + j);
        marks nearer = r < old;
        old = (lanes)((nearer & (marks)r) | (~nearer & (marks)old));
        *(lanes *)(x->open + j) = old;
        *(marks *)(x->from + j) = (nearer & row) | (~nearer & from);
        marks lower = old < low;
        low = (lanes)((lower & (marks)old) | (~lower & (marks)low));
    }
    double least = low[0];
    for (size_t k = 1; k < ASSIGN_LANES; k++)
        least = low[k] < least ? low[k] : least;
    return least;
}

static inline __attribute__((always_inline)) double scan_body(const struct scan *x)
{
    double least = INFINITY;
    for (size_t j = 0; j < x->n; j += BLOCK) {
        double low = scan_block(x, j, j + BLOCK < x->n ? j + BLOCK : x->n);
        x->low[j / BLOCK] = low;
        least = low < least ? low : least;
    }
    return least;
}

static double scan_plain(const struct scan *x)
{
    return scan_body(x);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static double scan_avx2(const struct scan *x)
{
    return scan_body(x);
}
#endif

static double (*scan_way(void))(const struct scan *)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return scan_avx2;
#endif
    return scan_plain;
}

/* Look along row i, which lies `so_far` from the start; returns the least open distance. */
static double scan(struct search *s, size_t i, double so_far)
{
    const double *cost = i < s->c->rows ? s->c->at + i * s->c->stride : s->zeros;
    struct scan x = { cost, s->price, s->open, s->low, s->from, (int64_t)i, so_far, s->u[i],
                      s->c->stride };
    return s->scan(&x);
}

/* Is column j to be taken rather than `best`, which is as near? Scipy takes the last in the list
 * that has room, else the first. */
static bool better(const struct search *s, size_t j, size_t best)
{
    bool room = s->load[j] < s->capacity, had = s->load[best] < s->capacity;
    if (room != had)
        return room;
    return room ? s->place[j] > s->place[best] : s->place[j] < s->place[best];
}

/* The open column at the least distance. */
static size_t nearest(const struct search *s, double least)
{
    size_t best = SIZE_MAX, n = s->c->columns;
    for (size_t b = 0; b * BLOCK < n; b++) {
        if (s->low[b] != least)
            continue;
        size_t end = (b + 1) * BLOCK < n ? (b + 1) * BLOCK : n;
        for (size_t j = b * BLOCK; j < end; j++)
            if (s->open[j] == least && (best == SIZE_MAX || better(s, j, best)))
                best = j;
    }
    return best;
}

static void close_column(struct search *s, size_t j, double distance)
{
    s->final[j] = distance;
    s->open[j] = INFINITY;
    s->price[j] = -INFINITY;
    s->closed[s->n_closed++] = j;
    size_t last = s->list[--s->n_open];    /* the last takes the place of the closed one */
    s->list[s->place[j]] = last;
    s->place[last] = s->place[j];
}

static void begin_search(struct search *s)
{
    size_t n = s->c->columns;
    for (size_t j = 0; j < s->c->stride; j++)
        s->open[j] = INFINITY;
    memcpy(s->price, s->v, s->c->stride * sizeof *s->v);
    for (size_t k = 0; k < n; k++) {
        s->list[k] = n - 1 - k;            /* scipy's: a constant matrix gives the identity */
        s->place[n - 1 - k] = k;
    }
    s->n_open = n;
    s->n_closed = s->n_seen = 0;
}

/* The nearest column with room from row `start`, or NONE; *distance to it. */
static int64_t find_path(struct search *s, size_t start, double *distance)
{
    begin_search(s);
    double so_far = 0, least = scan(s, start, 0);
    s->seen[s->n_seen++] = (int32_t)start;
    while (least < INFINITY) {
        so_far = least;
        size_t j = nearest(s, least);
        bool sink = s->load[j] < s->capacity;
        close_column(s, j, so_far);
        *distance = so_far;
        if (sink)
            return (int64_t)j;
        for (int32_t i = s->first_in[j]; i != NONE; i = s->next_in[i]) {
            s->seen[s->n_seen++] = i;
            least = scan(s, (size_t)i, so_far);
        }
    }
    return NONE;
}

static void move_prices(struct search *s, size_t start, double distance)
{
    s->u[start] += distance;
    for (size_t k = 1; k < s->n_seen; k++)
        s->u[s->seen[k]] += distance - s->final[s->column_of[s->seen[k]]];
    for (size_t k = 0; k < s->n_closed; k++)
        s->v[s->closed[k]] -= distance - s->final[s->closed[k]];
}

static void leave(struct search *s, int32_t i, int32_t j)
{
    int32_t *p = &s->first_in[j];
    while (*p != i)
        p = &s->next_in[*p];
    *p = s->next_in[i];
    s->load[j]--;
}

static void enter(struct search *s, int32_t i, int32_t j)
{
    s->next_in[i] = s->first_in[j];
    s->first_in[j] = i;
    s->column_of[i] = j;
    s->load[j]++;
}

static void augment(struct search *s, size_t start, int32_t j)
{
    for (;;) {
        int32_t i = (int32_t)s->from[j], old = s->column_of[i];
        if (old != NONE)
            leave(s, i, old);
        enter(s, i, j);
        if ((size_t)i == start)
            return;
        j = old;
    }
}

static bool sensible(const struct assign_costs *c)
{
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->columns; j++) {
            double x = c->at[i * c->stride + j];
            if (isnan(x) || x == -INFINITY)
                return false;
        }
    return true;
}

static struct search search_new(const struct assign_costs *c, size_t rows, size_t capacity,
                                struct arena *mem)
{
    struct search s = { .c = c, .scan = scan_way(), .rows = rows, .capacity = capacity };
    double *zeros = ARENA_ARRAY(mem, c->stride, double);
    for (size_t j = c->columns; j < c->stride; j++)
        zeros[j] = INFINITY;
    s.zeros = zeros;
    s.u = ARENA_ARRAY(mem, rows, double);
    s.v = ARENA_ARRAY(mem, c->stride, double);
    s.open = ARENA_ARRAY(mem, c->stride, double);
    s.low = ARENA_ARRAY(mem, c->stride / BLOCK + 1, double);
    s.final = ARENA_ARRAY(mem, c->stride, double);
    s.price = ARENA_ARRAY(mem, c->stride, double);
    s.from = ARENA_ARRAY(mem, c->stride, int64_t);
    s.column_of = ARENA_ARRAY(mem, rows, int32_t);
    s.next_in = ARENA_ARRAY(mem, rows, int32_t);
    s.first_in = ARENA_ARRAY(mem, c->stride, int32_t);
    s.load = ARENA_ARRAY(mem, c->stride, uint32_t);
    s.list = ARENA_ARRAY(mem, c->columns, size_t);
    s.place = ARENA_ARRAY(mem, c->columns, size_t);
    s.closed = ARENA_ARRAY(mem, c->columns, size_t);
    s.seen = ARENA_ARRAY(mem, rows, int32_t);
    for (size_t i = 0; i < rows; i++)
        s.column_of[i] = s.next_in[i] = NONE;
    for (size_t j = 0; j < c->stride; j++)
        s.first_in[j] = NONE;
    return s;
}

static bool search_all(struct search *s, uint32_t *column)
{
    for (size_t i = 0; i < s->rows; i++) {
        double distance = 0;
        int64_t sink = find_path(s, i, &distance);
        if (sink == NONE)
            return false;
        move_prices(s, i, distance);
        augment(s, i, (int32_t)sink);
    }
    for (size_t i = 0; i < s->c->rows; i++)
        column[i] = (uint32_t)s->column_of[i];
    return true;
}

/* Prices far above the costs they led to have rounded these. */
static bool rounded(const struct search *s)
{
    double sum = 0, most = 0;
    for (size_t i = 0; i < s->c->rows; i++)
        sum += fabs(s->c->at[i * s->c->stride + (size_t)s->column_of[i]]);
    for (size_t j = 0; j < s->c->columns; j++)
        most = fabs(s->v[j]) > most ? fabs(s->v[j]) : most;
    return most > 256 * sum;     /* 1e-13 of the sum, by some steps of 2^-53 of the price */
}

/* From good prices; *known: column has the choice. False: there is no assignment. */
static bool search_from_prices(const struct assign_costs *c, enum assign_choice choice,
                               uint32_t *column, bool *known, struct arena *mem)
{
    struct search s = search_new(c, c->columns, 1, mem);
    assign_prices(c, s.v);
    if (!search_all(&s, column))
        return false;
    *known = choice == ASSIGN_ANY ? !rounded(&s) : assign_is_only(c, s.u, s.v, column);
    return true;
}

bool assign_rows(const struct assign_costs *c, size_t capacity, enum assign_choice choice,
                 uint32_t *column)
{
    REQUIRE(capacity >= 1);
    if (!sensible(c))
        return false;
    struct arena *mem = arena_new();
    bool good = true, known = false;
    /* many more columns than rows: the rows of zeros would take longer than prices save */
    if (capacity == 1 && c->rows <= c->columns && c->columns - c->rows <= c->rows)
        good = search_from_prices(c, choice, column, &known, mem);
    if (good && !known) {
        struct search s = search_new(c, c->rows, capacity, mem);
        good = search_all(&s, column);
    }
    arena_free(mem);
    return good;
}
