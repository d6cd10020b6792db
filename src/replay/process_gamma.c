/* process_gamma.c: gaps from a gamma law of shape 1/cv^2 and scale cv^2.
 *
 * Above a cv of about 5 most gaps are smaller than the least double and come out as exact zeros:
 * those arrivals are equal, and none is lost, for the law's mean sits in the few long gaps. Below
 * CV_REGULAR the shape leaves what GSL can evaluate, and a gap is 1 to all digits that matter.
 *
 * The gap that covers an arbitrary instant is length-biased, Gamma(1 + 1/cv^2, cv^2), and the
 * instant is uniform in it: hence `first`.
 */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/rng.h"
#include "replay/process.h"

#define CV_REGULAR 1e-4

/* Chernoff: beyond x on its side of the mean lies at most exp(-shape (x - 1 - ln x)). Nearly
 * regular gaps, whose integral is slow, are almost always decided by that. */
#define SURE 32
#define DIGITS 1e-10

static double gap(gsl_rng *r, double cv)
{
    return cv < CV_REGULAR ? 1 : gsl_ran_gamma(r, 1 / (cv * cv), cv * cv);
}

static double first(gsl_rng *r, double cv)
{
    double covering = cv < CV_REGULAR ? 1 : gsl_ran_gamma(r, 1 + 1 / (cv * cv), cv * cv);
    return rng_unit(r) * covering;
}

/* ln Gamma(a) to ten digits: Stirling's series, above 8. lgamma() writes a global. */
static double ln_gamma(double a)
{
    double product = 1;
    for (; a < 8; a++)
        product *= a;
    double r = 1 / a, r2 = r * r;
    return (a - 0.5) * log(a) - a + 0.91893853320467274 +
           r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680))) - log(product);
}

/* P(a, x) by its series, for x up to about a; Q(a, x) by Lentz's continued fraction, above. Ten
 * digits are more than a decision between two draws needs, at a tenth of what GSL's cost. */
static double lower(double a, double x)
{
    double term = 1 / a, sum = term;
    for (double n = a + 1; term > DIGITS * sum; n++)
        sum += term *= x / n;
    return sum * exp(a * log(x) - x - ln_gamma(a));
}

static double upper(double a, double x)
{
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (double n = 1; n < 10000; n++) {
        double t = n * (a - n);
        b += 2;
        d = 1 / (t * d + b);
        c = b + t / c;
        h *= d * c;
        if (fabs(d * c - 1) < DIGITS)
            break;
    }
    return h * exp(a * log(x) - x - ln_gamma(a));
}

static double survival(double x, double cv)
{
    if (cv < CV_REGULAR)
        return x < 1;
    double shape = 1 / (cv * cv);
    if (shape * (x - 1 - log(x)) > SURE)
        return x < 1;
    return x < 1 + cv * cv ? 1 - lower(shape, x * shape) : upper(shape, x * shape);
}

const struct process process_gamma = {
    .name = "gamma",
    .prose = "gamma gaps: regular below cv 1, Poisson at 1, bursty above",
    .cv_lo = 0, .cv_hi = 1e4, .cv_standard = 1,
    .gap = gap, .first = first, .survival = survival,
};
