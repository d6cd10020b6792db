/* metric_priv.h: what several metrics compute alike. */
#ifndef EVAL_METRIC_PRIV_H
#define EVAL_METRIC_PRIV_H

#include "eval/metric.h"

enum { POPULAR_CALLS = 100 };
#define POPULAR_PSEUDO 0.5

/* Restrict real and gen to the k most popular cells of real: in->p, in->q; returns how many. */
size_t metric_popular(const struct metric_input *in, size_t k);

double metric_kl_popular(const struct metric_input *in);          /* KL(real || gen) */
double metric_kl_popular_reverse(const struct metric_input *in);  /* KL(gen || real) */
double metric_js_popular(const struct metric_input *in);
double metric_js_all(const struct metric_input *in);
double metric_emd(const struct metric_input *in);
double metric_copied(const struct metric_input *in);              /* share of gen that train has */
double metric_overlap(const struct metric_input *in, size_t k);   /* of the top k, / k */

#endif
