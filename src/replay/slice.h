/* slice.h: "day.hour.minute" as the ends of a slice.
 *
 * Days count from 0; minute 60 is allowed, so that the end of day d can be written d.23.60. As an
 * end, the careful way also takes N.0.0 for a trace of N days. Slices are half-open, in seconds.
 * Source: Trace.slice, whose guards compat keeps, except that a negative field is refused here.
 */
#ifndef REPLAY_SLICE_H
#define REPLAY_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* days: of the trace. end NULL: careful, the end of the data; compat 13.23.60. */
bool slice_parse(const char *start, const char *end, uint32_t days, bool compat, double *start_s,
                 double *end_s, struct err *err);

#endif
