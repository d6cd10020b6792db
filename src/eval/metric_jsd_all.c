/* metric_jsd_all.c: Jensen-Shannon divergence over every call of either side: the tail counts too,
 * so it depends strongly on how many graphs there are. */
#include "eval/metric_priv.h"

const struct metric metric_jsd_all = {
    .name = "jsd_all",
    .prose = "Jensen-Shannon divergence over all calls, bits",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_calls,
    .compute = metric_js_all,
};
