/* assign_only.c: another assignment as cheap would move rows around a ring, each to the column of
 * the next at no reduced cost. So rows are nodes, i -> k where the column of k costs i no more, and
 * the assignment is the only one if that graph has no ring: if it can be taken apart from its ends.
 * Rows of zeros are alike: together they are one node.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "load/assign_priv.h"

/* Rounding leaves reduced costs of about 1e-13 of the prices; a difference that scipy's rounding
 * could overlook is thousands of times smaller than this. */
#define NOTHING 1e-10
enum { ARCS_A_ROW = 32 };

struct arcs {
    uint32_t *from, *to;
    size_t n, most;
    bool full;
};

static void add(struct arcs *a, size_t from, size_t to)
{
    a->full |= a->n == a->most;
    if (a->full || from == to)
        return;
    a->from[a->n] = (uint32_t)from;
    a->to[a->n++] = (uint32_t)to;
}

static double scale(const double *x, size_t n)
{
    double most = 0;
    for (size_t k = 0; k < n; k++)
        most = fabs(x[k]) > most ? fabs(x[k]) : most;
    return most;
}

/* node[j]: the row that has column j, or the node of the rows of zeros. */
static void find_arcs(const struct assign_costs *c, const double *u, const double *v,
                      const uint32_t *node, struct arcs *a)
{
    double nothing = NOTHING * (scale(u, c->columns) + scale(v, c->columns));
    for (size_t i = 0; i < c->rows && !a->full; i++)
        for (size_t j = 0; j < c->columns; j++)
            if (c->at[i * c->stride + j] - u[i] - v[j] <= nothing)
                add(a, i, node[j]);
    for (size_t j = 0; c->rows < c->columns && j < c->columns; j++)
        if (-u[c->rows] - v[j] <= nothing)
            add(a, c->rows, node[j]);
}

/* Take away the arcs of nodes that nothing leads to, until there is none. */
static bool comes_apart(const struct arcs *a, size_t nodes, struct arena *mem)
{
    size_t *into = ARENA_ARRAY(mem, nodes, size_t), *first = ARENA_ARRAY(mem, nodes + 2, size_t);
    uint32_t *to = ARENA_ARRAY(mem, a->n, uint32_t), *end = ARENA_ARRAY(mem, nodes, uint32_t);
    size_t ends = 0, gone = 0;
    for (size_t k = 0; k < a->n; k++) {
        into[a->to[k]]++;
        first[a->from[k] + 2]++;
    }
    for (size_t i = 0; i < nodes; i++) {
        first[i + 2] += first[i + 1];
        if (!into[i])
            end[ends++] = (uint32_t)i;
    }
    for (size_t k = 0; k < a->n; k++)
        to[first[a->from[k] + 1]++] = a->to[k];
    for (; gone < ends; gone++)
        for (size_t k = first[end[gone]]; k < first[end[gone] + 1]; k++)
            if (--into[to[k]] == 0)
                end[ends++] = to[k];
    return gone == nodes;
}

bool assign_is_only(const struct assign_costs *c, const double *u, const double *v,
                    const uint32_t *column)
{
    struct arena *mem = arena_new();
    uint32_t *node = ARENA_ARRAY(mem, c->columns, uint32_t);
    struct arcs a = { .most = ARCS_A_ROW * (c->rows + 1) };
    a.from = ARENA_ARRAY(mem, a.most, uint32_t);
    a.to = ARENA_ARRAY(mem, a.most, uint32_t);
    for (size_t j = 0; j < c->columns; j++)
        node[j] = (uint32_t)c->rows;
    for (size_t i = 0; i < c->rows; i++)
        node[column[i]] = (uint32_t)i;
    find_arcs(c, u, v, node, &a);
    bool only = !a.full && comes_apart(&a, c->rows + 1, mem);
    arena_free(mem);
    return only;
}
