/* metric_kl100.c: Do the popular calls come as often as they should? The one figure that papers
 * quote.
 *
 * KL(real || generated) over the 100 calls (caller, callee, type) most popular in the real
 * graphs; 0.5 is added to every count, both sides are normalised over these 100; natural
 * logarithm. It does not shrink as samples grow, since pseudo-counts and zeros interact with their
 * size: only its floor says what is small.
 */
#include <math.h>

#include "eval/metric_priv.h"

const struct metric metric_kl100 = {
    .name = "kl100",
    .prose = "KL(real||generated) over the 100 most popular calls, pseudo-count 0.5, nats",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = INFINITY,
    .feature = &feature_calls,
    .compute = metric_kl_popular,
};
