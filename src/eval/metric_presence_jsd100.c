/* metric_presence_jsd100.c: Which calls occur in a graph at all? Each distinct call counts once
 * per graph: four times lower floors than with counts, and far steadier ones. */
#include "eval/metric_priv.h"

const struct metric metric_presence_jsd100 = {
    .name = "presence_jsd100",
    .prose = "Jensen-Shannon divergence over the 100 calls present in most graphs, bits",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_calls_presence,
    .compute = metric_js_popular,
};
