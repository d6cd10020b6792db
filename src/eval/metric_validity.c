/* metric_validity.c: graphs in which callgraph_check finds no fault, out of all that were asked
 * for: a source that says how many it dropped has them counted here. Text is judged elsewhere. */
#include <math.h>

#include "eval/metric_priv.h"

/* Position 1 holds the valid ones, position 0 the others; either may be missing. */
static double compute(const struct metric_input *in)
{
    double valid = 0, all = 0;
    for (size_t i = 0; i < in->cells; i++) {
        all += in->gen[i];
        valid += in->x[i] > 0 ? in->gen[i] : 0;
    }
    return all > 0 ? valid / all : NAN;
}

const struct metric metric_validity = {
    .name = "validity",
    .prose = "share of the graphs asked for that are valid call graphs",
    .better = BETTER_HIGHER,
    .views = { true, false },
    .least = 0, .most = 1,
    .feature = &feature_valid,
    .compute = compute,
};
