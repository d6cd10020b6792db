/* metric_unseen_coverage.c: structures that exist, but not in the training graphs: does the
 * generator find them? A copier scores 0. Grows with the number of graphs generated, so state it.
 */
#include <math.h>

#include "eval/metric_priv.h"

static double compute(const struct metric_input *in)
{
    double unseen = 0, found = 0;
    for (size_t i = 0; i < in->cells; i++) {
        double real = in->train[i] > 0 ? 0 : in->real[i];
        unseen += real;
        found += in->gen[i] > 0 ? real : 0;
    }
    return unseen > 0 ? found / unseen : NAN;
}

const struct metric metric_unseen_coverage = {
    .name = "unseen_coverage",
    .prose = "share of the real graphs with a structure unseen in training whose structure"
             " was generated",
    .better = BETTER_HIGHER,
    .views = { true, true },
    .least = 0, .most = 1,
    .feature = &feature_structure,
    .compute = compute,
};
