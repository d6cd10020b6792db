/* metric_emd_depth.c: levels of calls per graph; a lone root is 1. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_emd_depth = {
    .name = "emd_depth",
    .prose = "earth mover's distance of levels per graph, levels",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_depth,
    .compute = metric_emd,
};
