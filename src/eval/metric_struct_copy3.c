/* metric_struct_copy3.c: struct_copy among graphs of 3 calls or more: a lone call can hardly
 * be new. */
#include "eval/metric_priv.h"

const struct metric metric_struct_copy3 = {
    .name = "struct_copy3",
    .prose = "share of the graphs of 3 calls or more whose structure occurs in the training graphs",
    .better = BETTER_NEAR_FLOOR,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_structure3,
    .compute = metric_copied,
};
