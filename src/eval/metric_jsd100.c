/* metric_jsd100.c: Jensen-Shannon divergence on kl100's 100 calls: bounded, and in need of no
 * pseudo-count. */
#include "eval/metric_priv.h"

const struct metric metric_jsd100 = {
    .name = "jsd100",
    .prose = "Jensen-Shannon divergence over the 100 most popular calls, bits",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_calls,
    .compute = metric_js_popular,
};
