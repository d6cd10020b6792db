/* replay_plot.h: arrivals over time, a small panel for each model. */
#ifndef CLI_REPLAY_PLOT_H
#define CLI_REPLAY_PLOT_H

#include "replay/replay.h"

/* Histograms with bins of bin_s seconds (0: 99 bins) over the slice, time scale applied, in the
 * format that the name ends with: .pdf, .svg or .png. */
bool replay_plot(const struct replay_options *o, const struct replay *r, size_t n, double bin_s,
                 const char *path, struct err *err);

#endif
