/* process.c: how a process goes through windows without losing its rate.
 *
 *     operational  |------wait----->x---gap--->x-gap->x--------ga|p->x       mean gap 1
 *                  |                                             |
 *     window       from          speed: rate                     to          next window
 *
 * Between windows only one number is left of a renewal process: the wait to its next arrival. If
 * the first wait has the equilibrium law (density = survival of the gap), the wait has that law at
 * every instant, and so the expected count is the operational time passed: Blackwell's stationary
 * process. A new gap at the start of every window (process_restart) throws away that half the time
 * of a bursty process is spent in long gaps, and that is the inflation.
 *
 * When the cv changes at a border, the wait must have the new equilibrium law. It is kept where
 * both laws agree and drawn anew otherwise (maximal coupling: keep w with probability
 * min(1, f_new(w)/f_old(w)), else draw from what f_new has over f_old). The new law is exact, so
 * is the next window's mean; and a silence that both laws allow stays one silence, which a fresh
 * draw at each border would cut.
 *
 * Positions are counted from the window's start: a sum over all windows would lose digits.
 */
#include "replay/process.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

const struct process *const processes[] = {
    &process_poisson,
    &process_gamma,
    &process_pareto,
    &process_deterministic,
    &process_mmpp,
    NULL
};

const struct process *process_find(const char *name)
{
    if (strcmp(name, "exponential") == 0)
        return &process_poisson;
    for (size_t i = 0; processes[i]; i++)
        if (strcmp(processes[i]->name, name) == 0)
            return processes[i];
    return NULL;
}

bool process_check(const struct process *p, double rate, double cv, struct err *err)
{
    if (!(rate > 0) || isinf(rate))
        return err_set(err, EXIT_USAGE, "%s: rate %.17g is not above 0 and finite", p->name, rate);
    if (!(cv >= p->cv_lo && cv <= p->cv_hi))
        return err_set(err, EXIT_USAGE, "%s: cv %.17g is outside %.9g to %.9g", p->name, cv,
                       p->cv_lo, p->cv_hi);
    return true;
}

void arrivals_add(struct arrivals *a, double t)
{
    MEM_GROW(a->t, a->n, a->cap);
    a->t[a->n++] = t;
}

/* Rounding must not carry an arrival to the end of its window. */
static void add_at(const struct process_window *w, double x, struct arrivals *out)
{
    double t = w->from + x / w->rate;
    arrivals_add(out, t < w->to ? t : fmax(w->from, nextafter(w->to, w->from)));
}

/* Arrivals from operational time x on; returns what is left of the last wait beyond the window. */
static double pass(const struct process *p, const struct process_window *w, double x, gsl_rng *r,
                   struct arrivals *out)
{
    double span = w->rate * (w->to - w->from);
    for (; x < span; x += p->gap(r, w->cv))
        add_at(w, x, out);
    return x - span;
}

/* A wait with the equilibrium law of cv `to`, as often as possible the same as this one. */
static double turn(const struct process *p, double wait, double from, double to, gsl_rng *r)
{
    enum { TRIES = 1000 };   /* close laws need few draws on average, but may ask for many */
    if (rng_unit(r) * p->survival(wait, from) <= p->survival(wait, to))
        return wait;
    for (int i = 0; i < TRIES; i++) {
        wait = p->first(r, to);
        double here = p->survival(wait, to);
        if (rng_unit(r) * here <= here - p->survival(wait, from))
            break;
    }
    return wait;
}

void process_run(const struct process *p, const struct process_window *w, size_t n, gsl_rng *r,
                 struct arrivals *out)
{
    double wait = 0, cv = NAN;
    for (size_t k = 0; k < n; k++) {
        if (!(w[k].rate > 0))
            continue;
        if (isnan(cv))
            wait = p->first(r, w[k].cv);
        else if (cv != w[k].cv)
            wait = turn(p, wait, cv, w[k].cv, r);
        cv = w[k].cv;
        wait = pass(p, &w[k], wait, r, out);
    }
}

void process_restart(const struct process *p, const struct process_window *w, gsl_rng *r,
                     struct arrivals *out)
{
    if (w->rate > 0)
        pass(p, w, p->gap(r, w->cv), r, out);
}

double process_restart_mean(double cv, double x)
{
    double shape = 1 / (cv * cv), sum = 0;
    if (x > 100 * fmax(1, cv * cv))   /* the renewal theorem; what is left falls exponentially */
        return x + (cv * cv - 1) / 2;
    for (size_t n = 1;; n++) {
        double p = gsl_cdf_gamma_P(x, (double)n * shape, cv * cv);
        sum += p;
        if (p < 1e-12 * sum || p == 0)
            return sum;
    }
}

gsl_rng *process_stream(uint64_t seed, const char *model, uint64_t window)
{
    char *name = mem_array(strlen(model) + 16, 1);
    strcat(strcpy(name, "replay/"), model);
    gsl_rng *r = rng_stream(seed, name, window);
    free(name);
    return r;
}
