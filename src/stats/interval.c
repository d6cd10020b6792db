/* interval.c: quantiles are GSL's; what is ours is what to do with them. */
#include "stats/interval.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "stats/sort.h"

double quantile_sorted(const double *x, size_t n, double q)
{
    REQUIRE(q >= 0 && q <= 1);
    return n ? gsl_stats_quantile_from_sorted_data(x, 1, n, q) : NAN;
}

/* Mean, 2.5 % and 97.5 % of the draws that are numbers. */
struct spread {
    double mean, lo, hi;
    size_t n;
};

static struct spread spread_of(const double *draws, size_t n_draws)
{
    double *x = mem_array(n_draws + 1, sizeof *x);
    struct spread s = { NAN, NAN, NAN, 0 };
    for (size_t i = 0; i < n_draws; i++)
        if (!isnan(draws[i]))
            x[s.n++] = draws[i];
    if (s.n)
        s.mean = gsl_stats_mean(x, 1, s.n);
    if (s.n >= INTERVAL_MIN_DRAWS) {
        sort_doubles(x, s.n);
        s.lo = quantile_sorted(x, s.n, 0.025);
        s.hi = quantile_sorted(x, s.n, 0.975);
    }
    free(x);
    return s;
}

struct interval interval_of_draws(const double *draws, size_t n_draws)
{
    struct spread s = spread_of(draws, n_draws);
    return (struct interval){ s.mean, s.lo, s.hi, s.n };
}

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;   /* NaN stays NaN */
}

struct interval interval_centred(double value, const double *draws, size_t n_draws, double least,
                                 double most)
{
    struct spread s = spread_of(draws, n_draws);
    return (struct interval){ value, clamp(value + s.lo - s.mean, least, most),
                              clamp(value + s.hi - s.mean, least, most), s.n };
}

struct interval interval_paired(double a, const double *a_draws, double b, const double *b_draws,
                                size_t n_draws)
{
    double *d = mem_array(n_draws + 1, sizeof *d);
    for (size_t i = 0; i < n_draws; i++)
        d[i] = a_draws[i] - b_draws[i];
    struct interval v = interval_centred(a - b, d, n_draws, -INFINITY, INFINITY);
    free(d);
    return v;
}

struct interval interval_wilson(size_t k, size_t n)
{
    if (n == 0)
        return (struct interval){ NAN, NAN, NAN, 0 };
    double z = 1.959963984540054, p = (double)k / (double)n, q = z * z / (double)n;
    double mid = (p + q / 2) / (1 + q),
           half = z / (1 + q) * sqrt(p * (1 - p) / (double)n + q / (4 * (double)n));
    return (struct interval){ p, fmax(mid - half, 0), fmin(mid + half, 1), n };
}
