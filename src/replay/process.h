/* process.h: arrival processes of a given rate and burstiness, alone or through windows.
 *
 * Times are seconds (double), ascending, equal ones allowed. rate is arrivals a second; cv is the
 * coefficient of variation of the gaps between arrivals: 0 regular, 1 Poisson, above 1 bursty.
 *
 * A process is a law of gaps of mean 1 in *operational* time, which runs at speed `rate`: a window
 * of rate r and length L is r L of it, a window of rate 0 none. There are two ways through windows:
 *
 *   process_run      one stationary process for all windows. The expected number of arrivals in
 *                    every window is exactly rate * length, whatever rates and cvs its neighbours
 *                    have; while the cv stays the same, gaps are those of one renewal process.
 *   process_restart  a fresh process in each window, whose first gap starts at the window's start:
 *                    AlpaServe's way. For cv > 1 its expected number is more than rate * length
 *                    (process_restart_mean), by (cv^2 - 1)/2 in long windows and by large factors
 *                    in windows that hold few arrivals.
 *
 * Source: alpa_serve/simulator/workload/arrival_process. Differences from it: Pareto is Lomax with
 * the asked mean (the original's has unit 1 s and does not know its rate); Deterministic and MMPP
 * work; no arrival lies at or after the end.
 */
#ifndef REPLAY_PROCESS_H
#define REPLAY_PROCESS_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct process {
    const char *name, *prose;
    double cv_lo, cv_hi;      /* cvs it can have, ends included */
    double cv_standard;       /* when none is asked for */
    double (*gap)(gsl_rng *r, double cv);     /* from an arrival to the next; mean 1 */
    double (*first)(gsl_rng *r, double cv);   /* from an arbitrary instant: the equilibrium law */
    double (*survival)(double x, double cv);  /* P(gap > x), x >= 0: the density of `first` */
};

extern const struct process process_poisson, process_gamma, process_pareto, process_deterministic,
    process_mmpp;
extern const struct process *const processes[];   /* ends with NULL */

/* NULL: there is none of that name. "exponential" is another name of "poisson". */
const struct process *process_find(const char *name);

/* false, and a line that names the process, unless rate > 0 is finite and cv in its range. */
bool process_check(const struct process *p, double rate, double cv, struct err *err);

struct arrivals {             /* free() t */
    double *t;                /* (n) seconds, ascending */
    size_t n, cap;
};
void arrivals_add(struct arrivals *a, double t);

struct process_window {
    double from, to;          /* seconds, from <= to */
    double rate;              /* >= 0; 0: no arrivals here */
    double cv;                /* within the process's range */
};

/* Add the arrivals in windows w[0..n), which are in order and do not overlap; a time outside of
 * all windows does not count. All randomness is r's. */
void process_run(const struct process *p, const struct process_window *w, size_t n, gsl_rng *r,
                 struct arrivals *out);

/* Add the arrivals of one window, the first gap from its start. */
void process_restart(const struct process *p, const struct process_window *w, gsl_rng *r,
                     struct arrivals *out);

/* Expected arrivals of a restarted gamma process within x = rate * length:
 * sum over n >= 1 of P(Gamma(n/cv^2, cv^2) <= x). */
double process_restart_mean(double cv, double x);

/* The stream of a model's arrivals, or of one of its windows where windows are independent. */
gsl_rng *process_stream(uint64_t seed, const char *model, uint64_t window);

/* A Poisson process whose rate jumps: state i lasts exponentially long, mean duration[i] s, has
 * rate[i] arrivals a second, and is followed by any of the others with equal chance. Starts in a
 * state drawn by share of time, so that the expected number is to - from times
 * process_mmpp_rate. */
struct process_states {
    const double *duration, *rate;   /* (n) > 0; >= 0 */
    size_t n;                        /* at least 1 */
};
double process_mmpp_rate(const struct process_states *s);   /* long-run arrivals a second */
void process_mmpp_run(const struct process_states *s, double from, double to, gsl_rng *r,
                      struct arrivals *out);

#endif
