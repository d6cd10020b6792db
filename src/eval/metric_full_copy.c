/* metric_full_copy.c: graphs that a training graph equals in service, ids, calls and times.
 * A source without repeats makes the real-versus-real rate 0 by construction. */
#include "eval/metric_priv.h"

const struct metric metric_full_copy = {
    .name = "full_copy",
    .prose = "share of graphs equal to a training graph in service, ids, calls and times",
    .better = BETTER_NEAR_FLOOR,
    .views = { true, false },
    .least = 0, .most = 1,
    .feature = &feature_full,
    .compute = metric_copied,
};
