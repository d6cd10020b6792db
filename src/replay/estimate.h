/* estimate.h: rate and cv of each window of a model's arrivals.
 *
 * Windows of interval_s seconds are laid from the slice's start; the last ends with the slice. What
 * comes out are the windows of process.h, scaled and ready to be drawn from.
 *
 *            careful (default)                       compat: AlpaServe's
 *   rate     arrivals / length of the window         per-minute counts: arrivals / interval_s;
 *                                                    times: 1 / mean gap, and arrivals / interval_s
 *                                                    where that is more than five times less
 *   cv       of the gaps, by ML or moments           of the gaps, by ML
 *   few      Poisson below `least` arrivals          none below 2 (gamma: 3)
 *   equal    regular arrivals                        gamma: none; exponential: Poisson
 *   end      the slice's                             a last window is drawn in full
 *
 * The mean gap of a window says nothing of the time before its first and after its last arrival:
 * 1 / mean gap is too high, the more the fewer arrivals. Counts have no gaps: there the cv is
 * the process's standard one (gamma: 1) times cv_scale. Gaps are taken with 1e-6 s added,
 * as the original does, for ties have no logarithm.
 */
#ifndef REPLAY_ESTIMATE_H
#define REPLAY_ESTIMATE_H

#include <stdint.h>

#include "replay/process.h"

struct estimate_options {
    const struct process *process;
    double interval_s;             /* > 0 */
    double rate_scale, cv_scale;
    bool compat;
    bool moments;                  /* cv from standard deviation and mean instead of by ML */
    size_t least;                  /* careful: fewer arrivals give a Poisson process; at least 3 */
};

/* How many windows a slice of [start, end) seconds has. */
size_t estimate_count(double start, double end, double interval_s);

/* From ascending arrival times t[0..n) in [start, end): w has estimate_count entries. A window
 * without process has rate 0. */
void estimate_times(const double *t, size_t n, double start, double end,
                    const struct estimate_options *o, struct process_window *w);

/* From counts per minute, of minutes [0, minutes) from the start on; interval_s is a multiple of
 * 60. */
void estimate_counts(const uint64_t *count, size_t minutes, double start,
                     const struct estimate_options *o, struct process_window *w);

/* Population standard deviation over mean of the gaps of t[0..n); NaN below 2 gaps. shift is added
 * to each gap. */
double estimate_gap_cv(const double *t, size_t n, double shift);

/* Compat's Pareto has a shape instead of a rate: gaps 1 s times Pareto(shape) - 1. The first
 * arrival at or after the end belongs to it too. w->rate is the shape. */
void estimate_restart_pareto(const struct process_window *w, gsl_rng *r, struct arrivals *out);

#endif
