/* metric_hh100.c: are the 100 busiest microservices the same? Shown only where random halves of the
 * real graphs agree on three quarters of them, and where there are at least 200 to choose from:
 * elsewhere real graphs fail it, and a crude generator may pass. */
#include "eval/metric_priv.h"

static double compute(const struct metric_input *in)
{
    return metric_overlap(in, 100);
}

const struct metric metric_hh100 = {
    .name = "hh100",
    .prose = "share of the 100 most called microservices that are among the 100 most "
             "called ones generated",
    .better = BETTER_HIGHER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_destinations,
    .compute = compute,
    .room = 0.75,
};
