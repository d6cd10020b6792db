/* assign_priv.h: what goes before the search for the cheapest assignment, and after. */
#ifndef LOAD_ASSIGN_PRIV_H
#define LOAD_ASSIGN_PRIV_H

#include "load/assign.h"

/* Column prices v[0..stride) near the best, as if columns - rows more rows of zeros were there.
 * Nothing hangs on their quality but time. Requires rows <= columns and no NaN or -infinity.
 *
 * Source: Bertsekas, The auction algorithm (Annals of Operations Research 14, 1988), with a bid's
 * least raise divided by 5 from round to round. */
void assign_prices(const struct assign_costs *c, double *v);

/* Is the assignment column[0..rows), optimal by the prices u (columns many: the rows, then those of
 * zeros) and v, the only one within rounding? False also where that would be long to find out. */
bool assign_is_only(const struct assign_costs *c, const double *u, const double *v,
                    const uint32_t *column);

#endif
