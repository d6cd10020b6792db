/* metric_emd_in_degree.c: calls received by a microservice of a graph (USER receives none). */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_emd_in_degree = {
    .name = "emd_in_degree",
    .prose = "earth mover's distance of calls received per microservice of a graph, calls",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_in_degree,
    .compute = metric_emd,
};
