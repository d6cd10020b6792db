/* profile_plots.h: how far the proxies cover a trace, drawn.
 *
 * Six figures under the original's names, each as PNG, PDF and SVG:
 *   proxy-functions-memory-utilization proxy-functions-cpu-utilization proxy-functions-duration
 *   trace-functions-memory-utilization trace-functions-duration-utilization   (diamonds: a proxy
 *   lies in the bin)   function-profiles
 * and beyond them
 *   trace-proxy-distributions  distribution functions of both with their distances
 *   mapping-residuals          distribution of the mapping's errors, if there is a mapping
 * and coverage.csv: quantity,value.
 *
 * Histograms have the original's bins: i * 10^j, i = 1..9, from the power of ten at or below the
 * least value to the one at or above the largest, half-open, the last closed; a value of 0 counts
 * as .01. Values that are all one power of ten, of which the original cannot draw any, get that
 * decade.
 *
 * Source: vSwarm, tools/load-generator, plot.
 */
#ifndef CLI_PROFILE_PLOTS_H
#define CLI_PROFILE_PLOTS_H

#include <stdio.h>

#include "load/coverage.h"
#include "load/proxymap.h"

/* m NULL: no residuals. c, if not NULL, gets the coverage. */
bool profile_plots_draw(const struct functions *f, const struct proxies *p,
                        const struct proxymap *m, int percentile, const char *dir,
                        struct coverage *c, struct err *err);

#endif
