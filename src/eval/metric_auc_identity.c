/* metric_auc_identity.c: the same with names: how usual are the service, the calls and their
 * context, by their frequency in a third slice of real graphs that neither class was drawn from?
 * Fresh real graphs score 0.5, and so do copies (struct_copy counts those); names in the wrong
 * place do not. Without a third slice there is no value: frequencies in the training graphs would
 * themselves tell what was trained on from what was not. */
#include "eval/columns.h"
#include "eval/metric.h"

const struct metric metric_auc_identity = {
    .name = "auc_identity",
    .prose = "area under the ROC curve of extra trees telling generated from real graphs "
             "by shape, times and names; 0.5 is chance",
    .better = BETTER_LOWER,
    .views = { true, true },
    .least = 0, .most = 1,
    .columns = &columns_identity,
};
