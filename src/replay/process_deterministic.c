/* process_deterministic.c: one arrival every 1/rate seconds; seen from an arbitrary instant the
 * next is uniformly far. */
#include "base/rng.h"
#include "replay/process.h"

static double gap(gsl_rng *r, double cv)
{
    (void)r;
    (void)cv;
    return 1;
}

static double first(gsl_rng *r, double cv)
{
    (void)cv;
    return rng_unit(r);
}

static double survival(double x, double cv)
{
    (void)cv;
    return x < 1;
}

const struct process process_deterministic = {
    .name = "deterministic",
    .prose = "equal gaps",
    .cv_lo = 0, .cv_hi = 0, .cv_standard = 0,
    .gap = gap, .first = first, .survival = survival,
};
