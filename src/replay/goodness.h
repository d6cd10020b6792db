/* goodness.h: which law do the gaps of a window follow, and how well?
 *
 * Every law is fitted by maximum likelihood to the same gaps, which are above 0 (ties: the caller
 * adds 1e-6 s, as estimate.h does). k is the number of its parameters, L its likelihood at them:
 *   aic = 2 k - 2 ln L      bic = k ln n - 2 ln L
 *   ks  = sup |F - F_n|     ad = Anderson and Darling's A^2, which weighs the tails
 * The parameters were fitted to the same sample: published critical values of ks and ad do not
 * apply, so none are given.
 */
#ifndef REPLAY_GOODNESS_H
#define REPLAY_GOODNESS_H

#include <stdbool.h>
#include <stdio.h>

#include "replay/replay.h"

enum { GOODNESS_PARAMETERS = 3, GOODNESS_LEAST = 3 };

struct law {
    const char *name;
    const char *parameter[GOODNESS_PARAMETERS];      /* names; NULL after the last */
    bool (*fit)(const double *x, size_t n, double *p);   /* false: the sample has no such law */
    double (*cdf)(double x, const double *p);
    double (*log_density)(double x, const double *p);
};

extern const struct law law_exponential, law_gamma, law_weibull, law_lognormal, law_pareto,
    law_mmpp;
extern const struct law *const laws[];   /* ends with NULL */

struct goodness {
    double p[GOODNESS_PARAMETERS];
    double log_likelihood, aic, bic, ks, ad;   /* NaN: not to be fitted */
};

/* x is ascending, all above 0, n >= GOODNESS_LEAST. */
struct goodness goodness_of(const struct law *law, const double *x, size_t n);

/* A row for each model, window with GOODNESS_LEAST gaps, and law:
 * model,window,from,to,gaps,law,p1,p2,p3,log_likelihood,aic,bic,ks,ad,best
 * (best: 1 for the least bic of its window); as CSV or as a JSON array of the same. Needs times. */
void goodness_write(const struct replay_options *o, const char *const *model,
                    const struct replay_share *share, size_t n, bool json, FILE *f);

#endif
