/* metric_presence_kl100.c: kl100 with each distinct call counted once per graph, so that a graph
 * that repeats one call ninety times does not drown the rest. */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_presence_kl100 = {
    .name = "presence_kl100",
    .prose = "KL(real||generated) over the 100 calls present in most graphs, pseudo-count "
             "0.5, nats",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_calls_presence,
    .compute = metric_kl_popular,
};
