/* metric_full_copy3.c: full_copy among graphs of 3 calls or more: single calls of a few ms
 * coincide by chance. */
#include "eval/metric_priv.h"

const struct metric metric_full_copy3 = {
    .name = "full_copy3",
    .prose = "share of the graphs of 3 calls or more equal to a training graph, times included",
    .better = BETTER_NEAR_FLOOR,
    .views = { true, false },
    .least = 0, .most = 1,
    .feature = &feature_full3,
    .compute = metric_copied,
};
