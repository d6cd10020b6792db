/* gamma_ml.h: the gamma law that makes a sample likeliest.
 *
 * With location 0 the shape a solves  ln a - digamma(a) = s,  s = ln(mean x) - mean(ln x) >= 0;
 * the scale is mean/a. s alone carries the burstiness: cv = 1/sqrt(a).
 *
 * Source: Minka, Estimating a Gamma distribution (2002); scipy.stats.gamma.fit(floc=0) solves the
 * same equation.
 */
#ifndef REPLAY_GAMMA_ML_H
#define REPLAY_GAMMA_ML_H

#include <stddef.h>

/* s of gaps x[i] = t[i + 1] - t[i] + shift, i in [0, n - 1), n >= 2 and gaps > 0. *mean is set. */
double gamma_ml_s(const double *t, size_t n, double shift, double *mean);

/* Shape of s > 0, to all digits. At or below GAMMA_ML_EQUAL gaps are equal but for rounding. */
double gamma_ml_shape(double s);
#define GAMMA_ML_EQUAL 1e-12

#endif
