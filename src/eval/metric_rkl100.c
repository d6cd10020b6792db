/* metric_rkl100.c: KL(generated || real): what is generated too often, where kl100 sees what is
 * missing. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_rkl100 = {
    .name = "rkl100",
    .prose = "KL(generated||real) over the 100 most popular calls, pseudo-count 0.5, nats",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_calls,
    .compute = metric_kl_popular_reverse,
};
