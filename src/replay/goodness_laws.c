/* goodness_laws.c: six laws of gaps; each says how it is fitted. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "replay/gamma_ml.h"
#include "replay/goodness.h"

struct logs {
    double mean, log_mean, log_sd;
};

static struct logs logs_of(const double *x, size_t n)
{
    struct logs s = { 0, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        s.mean += x[i] / (double)n;
        s.log_mean += log(x[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        s.log_sd += pow(log(x[i]) - s.log_mean, 2) / (double)n;
    s.log_sd = sqrt(s.log_sd);
    return s;
}

/* ---- exponential: the rate ---- */

static bool exponential_fit(const double *x, size_t n, double *p)
{
    p[0] = 1 / logs_of(x, n).mean;
    return true;
}

static double exponential_cdf(double x, const double *p)
{
    return -expm1(-p[0] * x);
}

static double exponential_log(double x, const double *p)
{
    return log(p[0]) - p[0] * x;
}

const struct law law_exponential = {
    "exponential", { "rate" }, exponential_fit, exponential_cdf, exponential_log
};

/* ---- gamma: shape, scale ---- */

static bool gamma_fit(const double *x, size_t n, double *p)
{
    struct logs l = logs_of(x, n);
    double s = log(l.mean) - l.log_mean;
    if (!(s > GAMMA_ML_EQUAL))
        return false;
    p[0] = gamma_ml_shape(s);
    p[1] = l.mean / p[0];
    return true;
}

/* GSL's incomplete gamma function gives up (and aborts) far from the mean of large shapes; there
 * the cube root is normal to 5 digits (Wilson and Hilferty, 1931). */
static double gamma_cdf(double x, const double *p)
{
    if (p[0] <= 1000)
        return gsl_cdf_gamma_P(x, p[0], p[1]);
    double v = 1 / (9 * p[0]);
    return gsl_cdf_ugaussian_P((cbrt(x / (p[0] * p[1])) - 1 + v) / sqrt(v));
}

static double gamma_log(double x, const double *p)
{
    return (p[0] - 1) * log(x) - x / p[1] - gsl_sf_lngamma(p[0]) - p[0] * log(p[1]);
}

const struct law law_gamma = { "gamma", { "shape", "scale" }, gamma_fit, gamma_cdf, gamma_log };

/* ---- Weibull: shape, scale. The shape is the root of
 *      sum x^k ln x / sum x^k - mean ln x - 1/k,  which rises in k: bisection ---- */

static double weibull_slope(const double *x, size_t n, double k, const struct logs *l)
{
    double a = 0, b = 0;
    for (size_t i = 0; i < n; i++) {   /* about the largest, so that no power overflows */
        double y = log(x[i] / x[n - 1]), w = exp(k * y);
        a += w * y;
        b += w;
    }
    return a / b + log(x[n - 1]) - l->log_mean - 1 / k;
}

static bool weibull_fit(const double *x, size_t n, double *p)
{
    struct logs l = logs_of(x, n);
    double lo = 1e-4, hi = 1e4, sum = 0;
    if (!(l.log_sd > 1e-9))
        return false;
    while (hi - lo > 1e-12 * hi) {
        double k = sqrt(lo * hi);
        if (k <= lo || k >= hi)
            break;
        if (weibull_slope(x, n, k, &l) < 0)
            lo = k;
        else
            hi = k;
    }
    p[0] = hi;
    for (size_t i = 0; i < n; i++)
        sum += pow(x[i] / x[n - 1], p[0]) / (double)n;
    p[1] = x[n - 1] * pow(sum, 1 / p[0]);
    return true;
}

static double weibull_cdf(double x, const double *p)
{
    return gsl_cdf_weibull_P(x, p[1], p[0]);
}

static double weibull_log(double x, const double *p)
{
    double y = log(x / p[1]);
    return log(p[0] / p[1]) + (p[0] - 1) * y - exp(p[0] * y);
}

const struct law law_weibull = {
    "weibull", { "shape", "scale" }, weibull_fit, weibull_cdf, weibull_log
};

/* ---- lognormal: mean and standard deviation of the logarithm ---- */

static bool lognormal_fit(const double *x, size_t n, double *p)
{
    struct logs l = logs_of(x, n);
    p[0] = l.log_mean;
    p[1] = l.log_sd;
    return l.log_sd > 1e-9;
}

static double lognormal_cdf(double x, const double *p)
{
    return gsl_cdf_lognormal_P(x, p[0], p[1]);
}

static double lognormal_log(double x, const double *p)
{
    double z = (log(x) - p[0]) / p[1];
    return -log(x * p[1]) - 0.5 * log(2 * 3.14159265358979323846) - z * z / 2;
}

const struct law law_lognormal = {
    "lognormal", { "log_mean", "log_sd" }, lognormal_fit, lognormal_cdf, lognormal_log
};

/* ---- Pareto from 0 (Lomax): P(gap > x) = (1 + x/scale)^-exponent. Given the scale, the exponent
 *      is n / sum ln(1 + x/scale); ternary search over the scale's logarithm, from the smallest gap
 *      to where the law is exponential ---- */

static double pareto_profile(const double *x, size_t n, double scale, double *exponent)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log1p(x[i] / scale);
    *exponent = (double)n / sum;
    return (double)n * log(*exponent / scale) - (*exponent + 1) * sum;
}

static bool pareto_fit(const double *x, size_t n, double *p)
{
    double lo = log(x[0]), hi = log(1e4 * x[n - 1]), ignored;
    while (hi - lo > 1e-7) {
        double a = lo + (hi - lo) / 3, b = hi - (hi - lo) / 3;
        if (pareto_profile(x, n, exp(a), &ignored) < pareto_profile(x, n, exp(b), &ignored))
            lo = a;
        else
            hi = b;
    }
    p[1] = exp((lo + hi) / 2);
    pareto_profile(x, n, p[1], &p[0]);
    return true;
}

static double pareto_cdf(double x, const double *p)
{
    return -expm1(-p[0] * log1p(x / p[1]));
}

static double pareto_log(double x, const double *p)
{
    return log(p[0] / p[1]) - (p[0] + 1) * log1p(x / p[1]);
}

const struct law law_pareto = {
    "pareto", { "exponent", "scale" }, pareto_fit, pareto_cdf, pareto_log
};

/* ---- MMPP with an off state: two exponentials (process_mmpp.c), by expectation-maximisation from
 *      the fast and the slow half of the gaps ---- */

static bool mmpp_fit(const double *x, size_t n, double *p)
{
    enum { ROUNDS = 200 };
    size_t half = n / 2;
    double mean[2] = { logs_of(x, half).mean, logs_of(x + half, n - half).mean }, share = 0.5;
    for (int round = 0; round < ROUNDS; round++) {
        double weight = 0, sum[2] = { 0, 0 };
        for (size_t i = 0; i < n; i++) {
            double a = share / mean[0] * exp(-x[i] / mean[0]);
            double b = (1 - share) / mean[1] * exp(-x[i] / mean[1]);
            double w = a + b > 0 ? a / (a + b) : 0;   /* far in the tail: the slow one's */
            weight += w;
            sum[0] += w * x[i];
            sum[1] += (1 - w) * x[i];
        }
        if (weight < 1e-6 || weight > (double)n - 1e-6)
            break;   /* one exponential is enough */
        double before = mean[0];
        share = weight / (double)n;
        mean[0] = sum[0] / weight;
        mean[1] = sum[1] / ((double)n - weight);
        if (fabs(mean[0] - before) < 1e-9 * before)
            break;
    }
    p[0] = share;
    p[1] = 1 / mean[0];
    p[2] = 1 / mean[1];
    return true;
}

static double mmpp_cdf(double x, const double *p)
{
    return -p[0] * expm1(-p[1] * x) - (1 - p[0]) * expm1(-p[2] * x);
}

static double mmpp_log(double x, const double *p)
{
    double a = log(p[0] * p[1]) - p[1] * x, b = log((1 - p[0]) * p[2]) - p[2] * x;
    double most = a > b ? a : b;
    return most + log(exp(a - most) + exp(b - most));
}

const struct law law_mmpp = {
    "mmpp", { "share_fast", "rate_fast", "rate_slow" }, mmpp_fit, mmpp_cdf, mmpp_log
};

const struct law *const laws[] = {
    &law_exponential, &law_gamma, &law_weibull, &law_lognormal, &law_pareto, &law_mmpp, NULL
};
