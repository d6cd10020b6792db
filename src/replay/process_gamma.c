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
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "base/rng.h"
#include "replay/process.h"

#define CV_REGULAR 1e-4

/* Chernoff: beyond x on its side of the mean lies at most exp(-shape (x - 1 - ln x)). Nearly regular
 * gaps, whose integral is slow, are almost always decided by that. */
#define SURE 32

static double gap(gsl_rng *r, double cv)
{
    return cv < CV_REGULAR ? 1 : gsl_ran_gamma(r, 1 / (cv * cv), cv * cv);
}

static double first(gsl_rng *r, double cv)
{
    double covering = cv < CV_REGULAR ? 1 : gsl_ran_gamma(r, 1 + 1 / (cv * cv), cv * cv);
    return rng_unit(r) * covering;
}

static double survival(double x, double cv)
{
    if (cv < CV_REGULAR)
        return x < 1;
    double shape = 1 / (cv * cv);
    if (shape * (x - 1 - log(x)) > SURE)
        return x < 1;
    gsl_sf_result q;
    gsl_sf_gamma_inc_Q_e(shape, x * shape, &q);   /* an underflow is the 0 it says */
    return q.val;
}

const struct process process_gamma = {
    .name = "gamma",
    .prose = "gamma gaps: regular below cv 1, Poisson at 1, bursty above",
    .cv_lo = 0, .cv_hi = 1e4, .cv_standard = 1,
    .gap = gap, .first = first, .survival = survival,
};
