/* metric_emd_lrt.c: Response times of calls, on log2(1 + ms): in milliseconds a handful of slow
 * calls would decide. Graphs without times take no part; without any, there is no value. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_emd_lrt = {
    .name = "emd_lrt",
    .prose = "earth mover's distance of log2(1 + response time in ms), doublings",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_lrt,
    .compute = metric_emd,
};
