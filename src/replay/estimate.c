/* estimate.c: one window after another; see the header for the two ways. */
#include "replay/estimate.h"

#include <math.h>

#include "base/rng.h"
#include "replay/gamma_ml.h"

#define GAP_SHIFT 1e-6

size_t estimate_count(double start, double end, double interval_s)
{
    size_t n = (size_t)ceil((end - start) / interval_s);
    while (n && start + (double)(n - 1) * interval_s >= end)   /* the quotient was rounded up */
        n--;
    return n;
}

double estimate_gap_cv(const double *t, size_t n, double shift)
{
    if (n < 3)
        return NAN;
    double mean = (t[n - 1] - t[0]) / (double)(n - 1), square = 0;
    for (size_t i = 0; i + 1 < n; i++)
        square += (t[i + 1] - t[i] - mean) * (t[i + 1] - t[i] - mean);
    return sqrt(square / (double)(n - 1)) / (mean + shift);
}

/* Shape of x + 1 ~ Pareto(shape, 1). */
static double pareto_shape(const double *t, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += log1p(t[i + 1] - t[i] + GAP_SHIFT);
    return (double)(n - 1) / sum;
}

/* Log-likelihood of gaps under the Lomax law of the same mean and exponent a = 2 + exp(u). */
static double lomax_likelihood(const double *t, size_t n, double u)
{
    double mean = (t[n - 1] - t[0]) / (double)(n - 1) + GAP_SHIFT;
    double a = 2 + exp(u), scale = mean * (a - 1), sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += log1p((t[i + 1] - t[i] + GAP_SHIFT) / scale);
    return (double)(n - 1) * log(a / scale) - (a + 1) * sum;
}

/* The cv of the likeliest of them: ternary search, for the likelihood has one top. */
static double pareto_cv(const double *t, size_t n)
{
    double lo = log(2.0 / 9999), hi = log(2000);   /* cv 100 to 1.0005 */
    while (hi - lo > 1e-4) {
        double a = lo + (hi - lo) / 3, b = hi - (hi - lo) / 3;
        if (lomax_likelihood(t, n, a) < lomax_likelihood(t, n, b))
            lo = a;
        else
            hi = b;
    }
    double a = 2 + exp((lo + hi) / 2);
    return sqrt(a / (a - 2));
}

/* The careful cv of n arrivals, before scaling. */
static double careful_cv(const double *t, size_t n, const struct estimate_options *o)
{
    const struct process *p = o->process;
    if (p->cv_lo == p->cv_hi)
        return p->cv_standard;
    if (n < o->least || n < 3)
        return p->cv_lo > 1 ? p->cv_lo : 1;
    if (p == &process_pareto && !o->moments)
        return pareto_cv(t, n);
    if (p != &process_gamma || o->moments)
        return estimate_gap_cv(t, n, GAP_SHIFT);
    double mean, s = gamma_ml_s(t, n, GAP_SHIFT, &mean);
    return s <= GAMMA_ML_EQUAL ? 0 : 1 / sqrt(gamma_ml_shape(s));
}

static double within(const struct process *p, double cv)
{
    return fmin(fmax(cv, p->cv_lo), p->cv_hi);
}

static void careful(const double *t, size_t n, const struct estimate_options *o,
                    struct process_window *w)
{
    if (!n)
        return;
    w->rate = (double)n / (w->to - w->from) * o->rate_scale;
    w->cv = within(o->process, careful_cv(t, n, o) * o->cv_scale);
}

static void compat(const double *t, size_t n, const struct estimate_options *o,
                   struct process_window *w)
{
    const bool gamma = o->process == &process_gamma;
    if (n < 2 || (gamma && n < 3))
        return;
    if (o->process == &process_pareto) {
        w->rate = pareto_shape(t, n);
        return;
    }
    double mean = (t[n - 1] - t[0]) / (double)(n - 1) + GAP_SHIFT;
    w->cv = 1;
    if (gamma) {
        double s = gamma_ml_s(t, n, GAP_SHIFT, &mean);
        if (s <= GAMMA_ML_EQUAL)
            return;
        w->cv = 1 / sqrt(gamma_ml_shape(s)) * o->cv_scale;
    }
    double counted = (double)n / o->interval_s;
    w->rate = (1 / mean > 5 * counted ? counted : 1 / mean) * o->rate_scale;
}

static struct process_window window_of(double start, double end, size_t k,
                                       const struct estimate_options *o)
{
    double from = start + (double)k * o->interval_s, to = from + o->interval_s;
    return (struct process_window){ from, o->compat || to < end ? to : end, 0,
                                    o->process->cv_standard };
}

void estimate_times(const double *t, size_t n, double start, double end,
                    const struct estimate_options *o, struct process_window *w)
{
    size_t windows = estimate_count(start, end, o->interval_s), i = 0;
    while (i < n && t[i] < start)
        i++;
    for (size_t k = 0; k < windows; k++) {
        w[k] = window_of(start, end, k, o);
        double border = fmin(end, start + (double)(k + 1) * o->interval_s);
        size_t first = i;
        while (i < n && t[i] < border)
            i++;
        (o->compat ? compat : careful)(t + first, i - first, o, &w[k]);
    }
}

void estimate_counts(const uint64_t *count, size_t minutes, double start,
                     const struct estimate_options *o, struct process_window *w)
{
    size_t per = (size_t)(o->interval_s / 60), windows = (minutes + per - 1) / per;
    REQUIRE(per >= 1);
    for (size_t k = 0; k < windows; k++) {
        uint64_t sum = 0;
        for (size_t i = k * per; i < (k + 1) * per && i < minutes; i++)
            sum += count[i];
        w[k] = window_of(start, start + 60.0 * (double)minutes, k, o);
        double length = o->compat ? o->interval_s : w[k].to - w[k].from;
        if (!sum)
            continue;
        w[k].rate = (double)sum / length * o->rate_scale;
        w[k].cv = within(o->process, o->process->cv_standard * o->cv_scale);
    }
}

void estimate_restart_pareto(const struct process_window *w, gsl_rng *r, struct arrivals *out)
{
    double t = w->from;
    while (t < w->to) {
        t += expm1(-log1p(-rng_unit(r)) / w->rate);
        arrivals_add(out, t);
    }
}
