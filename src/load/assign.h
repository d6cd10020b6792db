/* assign.h: the cheapest assignment of rows to columns, exactly.
 *
 * Every row gets one column, a column at most `capacity` rows, and the sum of the costs is the
 * least there is. Shortest augmenting paths with dual prices (Jonker and Volgenant, Computing 38,
 * 1987; Crouse, IEEE Trans. Aerosp. Electron. Syst. 52, 2016); with capacity 1 they start from the
 * prices of an auction. Where several assignments are optimal, ASSIGN_ANY gives one of them, always
 * the same; ASSIGN_SCIPY, with capacity 1, that of scipy 1.x's linear_sum_assignment, whose order
 * of search and of arithmetic is then kept.
 */
#ifndef LOAD_ASSIGN_H
#define LOAD_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSIGN_LANES = 4 };
enum assign_choice { ASSIGN_ANY, ASSIGN_SCIPY };

struct assign_costs {
    size_t rows, columns;
    size_t stride;               /* columns rounded up to ASSIGN_LANES */
    double *at;                  /* (rows, stride); what is beyond columns is infinite */
};

/* All infinite. */
struct assign_costs assign_costs_new(size_t rows, size_t columns);
void assign_costs_free(struct assign_costs *c);

/* Write each row's column to column[0..rows). An infinite cost forbids. False when there is no
 * assignment of finite cost or a cost is NaN or -infinity. capacity >= 1. */
bool assign_rows(const struct assign_costs *c, size_t capacity, enum assign_choice choice,
                 uint32_t *column);

#endif
