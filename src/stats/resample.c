/* resample.c: an item's weight travels with it, so a file whose rows stand for many occurrences is
 * re-drawn by row: rows are what was sampled, and a giant among them is honest uncertainty. */
#include "stats/resample.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"

static size_t units_of(const double *base, size_t n, size_t *unit)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (base[i] > 0)
            unit[m++] = i;
    return m;
}

void resample_bootstrap(gsl_rng *r, const double *base, size_t n, size_t draws, double *w)
{
    size_t *unit = mem_array(n + 1, sizeof *unit), m = units_of(base, n, unit);
    for (size_t i = 0; i < n; i++)
        w[i] = 0;
    if (draws == 0)
        draws = m;
    for (size_t k = 0; k < draws && m; k++) {
        size_t i = unit[rng_below(r, m)];
        w[i] += base[i];
    }
    free(unit);
}

void resample_split(gsl_rng *r, const double *base, size_t n, double share, double *first,
                    double *rest)
{
    REQUIRE(share >= 0 && share <= 1);
    size_t *unit = mem_array(n + 1, sizeof *unit), m = units_of(base, n, unit);
    size_t cut = (size_t)llround(share * (double)m);
    for (size_t i = 0; i < n; i++)
        first[i] = rest[i] = 0;
    rng_shuffle(r, unit, m);
    for (size_t k = 0; k < m; k++)
        (k < cut ? first : rest)[unit[k]] = base[unit[k]];
    free(unit);
}
