/* process_pareto.c: gaps with a power tail: Lomax, P(gap > x) = (1 + x/(a-1))^-a, mean 1.
 *
 * cv^2 = a/(a-2), hence a = 2 cv^2/(cv^2 - 1) > 2, which falls to 2 as the cv grows. The
 * equilibrium law is Lomax again, with one less in the exponent.
 */
#include <math.h>

#include "base/rng.h"
#include "replay/process.h"

static double exponent(double cv)
{
    return 2 * cv * cv / (cv * cv - 1);
}

static double lomax(gsl_rng *r, double scale, double power)
{
    return scale * expm1(-log1p(-rng_unit(r)) / power);
}

static double gap(gsl_rng *r, double cv)
{
    double a = exponent(cv);
    return lomax(r, a - 1, a);
}

static double first(gsl_rng *r, double cv)
{
    double a = exponent(cv);
    return lomax(r, a - 1, a - 1);
}

static double survival(double x, double cv)
{
    double a = exponent(cv);
    return exp(-a * log1p(x / (a - 1)));
}

const struct process process_pareto = {
    .name = "pareto",
    .prose = "gaps with a power tail (Lomax)",
    .cv_lo = 1.001, .cv_hi = 100, .cv_standard = 2,
    .gap = gap, .first = first, .survival = survival,
};
