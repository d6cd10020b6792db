/* metric_hh.c: are the 10, 20, 50, 100 busiest microservices the same? Shown only where random
 * halves of the real graphs agree on three quarters of them, and where there are at least twice as
 * many to choose from: elsewhere real graphs fail it, and a crude generator may pass. */
#include "eval/metric_priv.h"

#define BUSIEST(k)                                                                             \
    static double compute_##k(const struct metric_input *in)                                   \
    {                                                                                          \
        return metric_overlap(in, k);                                                          \
    }                                                                                          \
    const struct metric metric_hh##k = {                                                       \
        .name = "hh" #k,                                                                       \
        .prose = "share of the " #k " most called microservices that are among the " #k        \
                 " most called ones generated",                                                \
        .better = BETTER_HIGHER,                                                               \
        .views = { true, true },                                                               \
        .least = 0, .most = 1,                                                                 \
        .feature = &feature_destinations,                                                      \
        .compute = compute_##k,                                                                \
        .room = 0.75,                                                                          \
    }

BUSIEST(10);
BUSIEST(20);
BUSIEST(50);
BUSIEST(100);
