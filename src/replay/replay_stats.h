/* replay_stats.h: what a replay is like, in the original's numbers.
 *
 * rate is arrivals over the slice's length divided by the time scale (compat: that length rounded
 * down). cv is the population standard deviation of the gaps over their mean plus 1e-5 s.
 * With one arrival or none the cv is NaN (compat: rate and cv 0).
 * The group is all replays merged; compat does not apply the time scale to its rate.
 */
#ifndef REPLAY_REPLAY_STATS_H
#define REPLAY_REPLAY_STATS_H

#include <stdio.h>

#include "replay/replay.h"

struct replay_stats {
    size_t n;
    double rate, cv;
};

struct replay_stats replay_stats(const struct replay_options *o, const struct replay *r);
struct replay_stats replay_group_stats(const struct replay_options *o, const struct replay *r,
                                       size_t n);

/* s as a string of JSON, quotes included. */
void replay_json_text(FILE *f, const char *s);

/* All arrivals of r[0..n) in ascending order; free() it. *total is their number. */
double *replay_merged(const struct replay *r, size_t n, size_t *total);

/* A line for each replay, as report_stats prints it, and one for the group; or JSON:
 * {"trace":..., "models":[{"model","arrivals","rate","cv","windows"}], "group":{...}}. */
void replay_stats_words(const struct replay_options *o, const struct replay *r, size_t n, FILE *f);
void replay_stats_json(const struct replay_options *o, const struct replay *r, size_t n, FILE *f);

/* {"MODEL":[[rate,cv] or null per window, ...], ...}, 17 digits. Compat's Pareto windows are
 * [shape, scale, location]. */
void replay_params_json(const struct replay_options *o, const struct replay *r, size_t n, FILE *f);

#endif
