/* metric_services_jsd.c: Are the services asked for as often as they should be? Given by the
 * prompts where there are prompts. */
#include "eval/metric_priv.h"

const struct metric metric_services_jsd = {
    .name = "services_jsd",
    .prose = "Jensen-Shannon divergence of the services, one per graph, bits",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_services,
    .compute = metric_js_all,
};
