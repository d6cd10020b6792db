/* replay_inflation: how many arrivals does a replay make of those it was asked for?
 *
 * Claim    A fresh renewal process in every window (AlpaServe's replay) makes more arrivals than
 *          asked for when cv > 1, sum over n of P(Gamma(n/cv^2, cv^2) <= rate * window) a window;
 *          one stationary process through all windows makes as many as asked for, and keeps the cv
 *          of its gaps.
 * Method   Gamma arrivals of constant rate and cv through equal windows, both ways: at least 30,000
 *          nominal arrivals a seed (3,000 of the fresh ones, scaled up). "careful" is within
 *          its bar when the mean count is within
 *          max(1 %, 4 standard errors) of nominal.
 * Reads    nothing
 * Writes   replay_inflation.csv   mode,cv,panel,per_window,nominal,generated,se,ratio,lo,
 *                                 hi,theory (theory: its ratio; lo, hi: 4 standard errors)
 *          replay_gap_cv.csv      cv,gaps,obtained,error   per cv, 0.1 and 10 arrivals a window
 *          replay_inflation_sum.csv   careful_over_bar,compat_off_theory,gap_cv_error: the worst of
 *                                 each; the first two are over 1 where a bar is missed (for
 *                                 compat max(1 %, 5 standard errors) about theory)
 * Scale    small: 24 seeds, 4 s of work;  full: 200 seeds
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/threads.h"
#include "cli/driver.h"
#include "replay/process.h"

enum { NOMINAL = 30000, GAPS = 400000, CVS = 5, SIZES = 9 };
static const double cvs[CVS] = { 0.5, 1, 2, 4, 8 };
static const double sizes[SIZES] = { 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000 };
static const double gap_sizes[] = { 0.1, 10 };

struct cell {
    double cv, per_window;
    double mean[2], se[2];     /* careful, compat */
};

struct job {
    const struct driver *d;
    size_t seeds;
    struct cell *cell;
};

static struct process_window *equal_windows(double cv, double per_window, size_t n)
{
    struct process_window *w = mem_array(n, sizeof *w);
    for (size_t k = 0; k < n; k++)
        w[k] = (struct process_window){ (double)k, (double)k + 1, per_window, cv };
    return w;
}

static double count_of(const struct job *j, const struct process_window *w, size_t n, size_t item,
                       size_t seed, bool compat, struct arrivals *a)
{
    gsl_rng *r = process_stream(j->d->seed, compat ? "inflation/compat" : "inflation",
                                item * j->seeds + seed);
    a->n = 0;
    if (!compat)
        process_run(&process_gamma, w, n, r, a);
    for (size_t k = 0; compat && k < n; k++)
        process_restart(&process_gamma, &w[k], r, a);
    gsl_rng_free(r);
    return (double)a->n;
}

static void measure(void *ctx, size_t item, size_t worker)
{
    const struct job *j = ctx;
    (void)worker;
    struct cell *c = &j->cell[item];
    *c = (struct cell){ .cv = cvs[item / SIZES], .per_window = sizes[item % SIZES] };
    size_t all = (size_t)lround(NOMINAL / c->per_window);
    struct process_window *w = equal_windows(c->cv, c->per_window, all);
    struct arrivals a = { 0 };
    for (int compat = 0; compat < 2; compat++) {
        size_t n = compat ? all / 10 : all;   /* fresh windows are as many samples */
        double sum = 0, square = 0, m = (double)j->seeds;
        for (size_t s = 0; s < j->seeds; s++) {
            double nominal = (double)n * c->per_window;
            double x = count_of(j, w, n, item, s, compat, &a) / nominal - 1;
            sum += x;
            square += x * x;
        }
        c->mean[compat] = 1 + sum / m;
        c->se[compat] = sqrt((square / m - sum / m * sum / m) / (m - 1));
    }
    free(a.t);
    free(w);
}

/* The cv of the gaps between 400,000 arrivals. */
static double gap_cv(const struct driver *d, double cv, double per_window, uint64_t stream)
{
    size_t n = (size_t)lround(GAPS * 1.02 / per_window);
    struct process_window *w = equal_windows(cv, per_window, n);
    struct arrivals a = { 0 };
    gsl_rng *r = process_stream(d->seed, "inflation/gaps", stream);
    process_run(&process_gamma, w, n, r, &a);
    double mean = (a.t[a.n - 1] - a.t[0]) / (double)(a.n - 1), square = 0;
    for (size_t i = 1; i < a.n; i++)
        square += pow(a.t[i] - a.t[i - 1] - mean, 2);
    double got = sqrt(square / (double)(a.n - 1)) / mean;
    gsl_rng_free(r);
    free(a.t);
    free(w);
    return got;
}

static double write_gaps(const struct driver *d)
{
    struct outfile o = driver_csv(d, "replay_gap_cv.csv", "cv,per_window,gaps,obtained,error");
    double worst = 0;
    for (size_t i = 0; i < CVS; i++)
        for (size_t k = 0; k < 2; k++) {
            double got = gap_cv(d, cvs[i], gap_sizes[k], 2 * i + k), off = got / cvs[i] - 1;
            fprintf(o.f, "%g,%g,%d,%.9g,%.9g\n", cvs[i], gap_sizes[k], GAPS, got, off);
            worst = fmax(worst, fabs(off));
        }
    driver_close(&o);
    return worst;
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "replay_inflation");
    struct cell cell[CVS * SIZES];
    struct job j = { &d, d.full ? 200 : 24, cell };
    threads_for(d.threads, CVS * SIZES, measure, &j);
    struct outfile o = driver_csv(&d, "replay_inflation.csv",
                                  "mode,cv,panel,per_window,nominal,generated,se,ratio,lo,hi,"
                                  "theory");
    double over = 0, off = 0;
    for (size_t i = 0; i < CVS * SIZES; i++)
        for (int m = 0; m < 2; m++) {
            const struct cell *c = &cell[i];
            double theory = m ? process_restart_mean(c->cv, c->per_window) / c->per_window : 1;
            fprintf(o.f, "%s,%g,cv %g,%g,%d,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n",
                    m ? "compat" : "careful", c->cv, c->cv, c->per_window, NOMINAL,
                    c->mean[m] * NOMINAL, c->se[m] * NOMINAL,
                    c->mean[m], c->mean[m] - 4 * c->se[m], c->mean[m] + 4 * c->se[m], theory);
            double bar = fmax(0.01, 4 * c->se[m]), miss = fabs(c->mean[m] - theory);
            if (m)
                off = fmax(off, miss / fmax(0.01 * theory, 5 * c->se[m]));
            else
                over = fmax(over, miss / bar);
        }
    for (size_t i = 0; i < CVS * SIZES; i++) {   /* theory between the measured points */
        double x = cell[i].per_window * 1.7, t = process_restart_mean(cell[i].cv, x) / x;
        fprintf(o.f, "theory,%g,cv %g,%.9g,,,,%.9g,,,%.9g\n", cell[i].cv, cell[i].cv, x, t, t);
    }
    driver_close(&o);
    double gaps = write_gaps(&d);
    o = driver_csv(&d, "replay_inflation_sum.csv",
                   "careful_over_bar,compat_off_theory,gap_cv_error");
    fprintf(o.f, "%.9g,%.9g,%.9g\n", over, off, gaps);
    driver_close(&o);
    return driver_end(&d);
}
