/* metric_auc.c: can a classifier tell generated graphs from real ones by shape and times?
 * 0.5 is chance, 1 is certainty. Quote it together with struct_copy: a copier scores 0.5. */
#include "eval/columns.h"
#include "eval/metric.h"

const struct metric metric_auc = {
    .name = "auc",
    .prose = "area under the ROC curve of extra trees telling generated from real graphs "
             "by shape and times; 0.5 is chance",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .columns = &columns_shape,
};
