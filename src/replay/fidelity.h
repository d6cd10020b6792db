/* fidelity.h: is a replay like the trace, and as like as the trace is to itself?
 *
 * Distances between the trace's arrivals and the replay's, each beside its floor: the same distance
 * between the trace's even and odd windows.
 *
 *   gap law         KS of the gaps (traces of times alone)
 *   minute counts   KS of the arrivals per minute
 *   dispersion      |ln| of the ratio of the indices of dispersion (variance over mean of the
 *                   counts per minute)
 *   dispersion 10   the same of counts per ten minutes
 *   autocorrelation largest difference over lags of 1 to 10 minutes
 *   day profile     total variation between shares of arrivals by hour of day (by 24th of the slice
 *                   if that is shorter than a day)
 *   window counts   root mean square difference of a window's counts over its Poisson spread,
 *                   sqrt(2 * mean count): 1 for two Poisson draws of the same rates, its floor
 *   volume          |ln| of the ratio of the numbers of arrivals
 *
 * score = floor / max(floor, distance), in (0, 1]: 1 is as like as the trace is to itself. The
 * halves of the floor are smaller samples than the replay, so the floor is a generous one. Numbers
 * are NaN where there is nothing to compare.
 */
#ifndef REPLAY_FIDELITY_H
#define REPLAY_FIDELITY_H

#include <stdio.h>

#include "replay/replay.h"

enum { FIDELITY_METRICS = 8, FIDELITY_LAGS = 10, FIDELITY_HOURS = 24 };
extern const char *const fidelity_metrics[FIDELITY_METRICS];

struct fidelity {
    double distance[FIDELITY_METRICS], floor[FIDELITY_METRICS], score[FIDELITY_METRICS];
    double dispersion[2], dispersion10[2];               /* trace, replay */
    double autocorrelation[2][FIDELITY_LAGS];            /* lags of 1 .. 10 minutes */
    double profile[2][FIDELITY_HOURS];                   /* shares, sum 1 */
    double overall;                                      /* mean of the scores that exist */
};

struct fidelity fidelity_of(const struct replay_options *o, const struct replay_share *trace,
                            const struct replay *replay);

/* model,metric,distance,floor,score for each model, or the same as JSON with dispersion,
 * autocorrelation and profile. */
void fidelity_write(const struct replay_options *o, const struct replay_share *trace,
                    const struct replay *replay, size_t n, bool json, FILE *f);

#endif
