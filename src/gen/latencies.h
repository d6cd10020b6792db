/* latencies.h: from what latency on a graph of a service counts as a slow one.
 *
 * That is the p90 of its graphs' root finishes, the element at index floor(0.9 n) of them sorted
 * (trace/callstats.h), for services of CALLSTATS_MIN graphs or more. It travels with a checkpoint
 * as text: the p90 of all graphs, then service and p90, words apart by blanks, names escaped.
 * Ticks.
 */
#ifndef GEN_LATENCIES_H
#define GEN_LATENCIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "trace/callgraph.h"

/* Append what the timed graphs of s say; nothing where there is none. */
void latencies_write(const struct graphset *s, struct buf *out);

/* Ticks of the p90 of a service, or of all graphs where it is NULL. False: not known. */
bool latencies_find(struct str text, const char *service, int64_t *ticks);

#endif
