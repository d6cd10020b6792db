/* counts.h: one feature over several sets of graphs, on common cells.
 *
 *     graphs      0        1     2            from[]   0  2  3  5
 *     tallies     a:2 c:1  b:1   a:1 b:4      cell[]   0  2  1  0  1
 *                                             count[]  2  1  1  1  4
 *
 * Cells are the distinct keys of all sets in ascending order, so neither the order of the files nor
 * that of the graphs matters. Given a weight for each graph, a set becomes a vector of counts.
 */
#ifndef EVAL_COUNTS_H
#define EVAL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "eval/feature.h"

struct counts_table {
    size_t n;             /* graphs */
    size_t *from;         /* (n + 1) */
    uint32_t *cell;       /* (from[n]) ascending within a graph */
    double *count;        /* (from[n]) */
};

struct counts {
    const struct feature *feature;
    size_t cells, sets;
    double *x;                     /* (cells) ascending positions, or NULL */
    struct counts_table *table;    /* (sets) */
};

struct counts *counts_new(const struct feature *f, const struct profile *const *p, size_t sets);
void counts_free(struct counts *c);

/* out (cells) = the sum over graphs of weight (n of that set) times its tallies. */
void counts_sum(const struct counts *c, size_t set, const double *weight, double *out);

#endif
