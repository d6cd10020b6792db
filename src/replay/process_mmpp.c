/* process_mmpp.c: a Poisson process whose rate jumps between states.
 *
 * Of a given rate and cv: two states, on half of the time each, at twice the rate and at none; both
 * last (cv^2 - 1) mean gaps on average. That interrupted Poisson process is a renewal process, as
 * every arrival finds it switched on, with hyperexponential gaps:
 *
 *     P(gap > x) = q exp(-m1 x) + (1 - q) exp(-m2 x),   m1, m2 = 1 + s +- sqrt(1 + s^2),
 *     s = 1/(cv^2 - 1),                                 q = (2 - m2)/(m1 - m2)
 *
 * (m1 m2 = 2 s, m1 + m2 = 2 + 2 s: the eigenvalues of on and off with arrivals as exits.) The
 * equilibrium law weighs each exponential by its mean. Explicit states, as many as you like, go
 * through process_mmpp_run.
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "replay/process.h"

struct hyper {
    double fast, slow;   /* m1 > m2 > 0 */
    double q;            /* share of gaps that are fast */
};

static struct hyper hyper_of(double cv)
{
    double s = 1 / (cv * cv - 1), root = sqrt(1 + s * s);
    double fast = 1 + s + root, slow = 2 * s / fast;   /* 1 + s - root would cancel */
    return (struct hyper){ fast, slow, (2 - slow) / (fast - slow) };
}

static double gap(gsl_rng *r, double cv)
{
    struct hyper h = hyper_of(cv);
    return gsl_ran_exponential(r, 1 / (rng_unit(r) < h.q ? h.fast : h.slow));
}

static double first(gsl_rng *r, double cv)
{
    struct hyper h = hyper_of(cv);
    return gsl_ran_exponential(r, 1 / (rng_unit(r) < h.q / h.fast ? h.fast : h.slow));
}

static double survival(double x, double cv)
{
    struct hyper h = hyper_of(cv);
    return h.q * exp(-h.fast * x) + (1 - h.q) * exp(-h.slow * x);
}

const struct process process_mmpp = {
    .name = "mmpp",
    .prose = "Poisson, switched on and off",
    .cv_lo = 1.001, .cv_hi = 1e4, .cv_standard = 2,
    .gap = gap, .first = first, .survival = survival,
};

double process_mmpp_rate(const struct process_states *s)
{
    double arrivals = 0, time = 0;
    for (size_t i = 0; i < s->n; i++) {
        arrivals += s->duration[i] * s->rate[i];
        time += s->duration[i];
    }
    return arrivals / time;
}

/* All states are left for one at random of the others, so each is entered equally often, and the
 * share of time is the share of the duration. */
static size_t state_at_start(const struct process_states *s, gsl_rng *r)
{
    double *cum = mem_array(s->n, sizeof *cum), sum = 0;
    for (size_t i = 0; i < s->n; i++)
        cum[i] = sum += s->duration[i];
    size_t at = rng_pick(r, cum, s->n);
    free(cum);
    return at;
}

void process_mmpp_run(const struct process_states *s, double from, double to, gsl_rng *r,
                      struct arrivals *out)
{
    REQUIRE(s->n >= 1);
    size_t at = state_at_start(s, r);
    double t = from;
    while (t < to) {
        double end = s->n == 1 ? to : fmin(to, t + gsl_ran_exponential(r, s->duration[at]));
        if (s->rate[at] > 0) {
            double x = t + gsl_ran_exponential(r, 1 / s->rate[at]);
            for (; x < end; x += gsl_ran_exponential(r, 1 / s->rate[at]))
                arrivals_add(out, x);
        }
        t = end;
        if (s->n > 1) {
            size_t other = rng_below(r, s->n - 1);
            at = other + (other >= at);
        }
    }
}
