/* process_poisson.c: no memory: from anywhere the next arrival is exponentially far. */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "replay/process.h"

static double gap(gsl_rng *r, double cv)
{
    (void)cv;
    return gsl_ran_exponential(r, 1);
}

static double survival(double x, double cv)
{
    (void)cv;
    return exp(-x);
}

const struct process process_poisson = {
    .name = "poisson",
    .prose = "independent arrivals: exponential gaps",
    .cv_lo = 1, .cv_hi = 1, .cv_standard = 1,
    .gap = gap, .first = gap, .survival = survival,
};
