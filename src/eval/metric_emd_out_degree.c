/* metric_emd_out_degree.c: calls issued by a microservice of a graph, 0 for those that only
 * receive; not of USER. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_emd_out_degree = {
    .name = "emd_out_degree",
    .prose = "earth mover's distance of calls issued per microservice of a graph, calls",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_out_degree,
    .compute = metric_emd,
};
