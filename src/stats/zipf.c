/* zipf.c: the plain log-log line. It is biased as an estimate of a power law's exponent, but it is
 * the figure that papers about these traces quote, so it is the one that compares. */
#include "stats/zipf.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "stats/sort.h"

struct zipf zipf_fit(const double *count, size_t n, size_t max_ranks)
{
    double *x = mem_array(n + 1, sizeof *x), *y = mem_array(n + 1, sizeof *y);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (count[i] > 0)
            y[m++] = -log(count[i]);   /* negative: ascending order is falling popularity */
    sort_doubles(y, m);
    if (max_ranks && m > max_ranks)
        m = max_ranks;
    for (size_t i = 0; i < m; i++)
        x[i] = log((double)(i + 1));
    struct zipf z = { NAN, NAN, m };
    if (m >= 3) {
        double c0, cov00, cov01, cov11, sumsq;
        gsl_fit_linear(x, 1, y, 1, m, &c0, &z.slope, &cov00, &cov01, &cov11, &sumsq);
        double total = gsl_stats_tss(y, 1, m);
        z.r2 = total > 0 ? 1 - sumsq / total : NAN;
    }
    free(x);
    free(y);
    return z;
}
