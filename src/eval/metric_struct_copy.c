/* metric_struct_copy.c: graphs whose structure a training graph has; real graphs repeat each
 * other's structures too (40 to 47 % on the examples), so the aim is their rate, not 0. */
#include "eval/metric_priv.h"

const struct metric metric_struct_copy = {
    .name = "struct_copy",
    .prose = "share of graphs whose structure (service, levels, types, callers, callees) "
             "occurs in the training graphs",
    .better = BETTER_NEAR_FLOOR,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_structure,
    .compute = metric_copied,
};
