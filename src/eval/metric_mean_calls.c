/* metric_mean_calls.c: calls per graph, as a plain mean beside emd_size. */
#include <math.h>

#include "eval/metric_priv.h"

static double compute(const struct metric_input *in)
{
    double calls = 0, graphs = 0;
    for (size_t i = 0; i < in->cells; i++) {
        graphs += in->gen[i];
        calls += in->gen[i] * in->x[i];
    }
    return graphs > 0 ? calls / graphs : NAN;
}

const struct metric metric_mean_calls = {
    .name = "mean_calls",
    .prose = "mean calls per graph; the aim is the mean of the real graphs",
    .better = BETTER_NEAR_FLOOR,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_size,
    .compute = compute,
};
