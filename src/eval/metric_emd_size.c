/* metric_emd_size.c: calls per graph. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_emd_size = {
    .name = "emd_size",
    .prose = "earth mover's distance of calls per graph, calls",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_size,
    .compute = metric_emd,
};
