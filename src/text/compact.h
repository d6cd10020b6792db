/* compact.h: a call graph as one line of words, depth first, values only.
 *
 *     S_000000001 4 3 10  http MS_00001  rpc MS_00002 1 6  /2 mc MS_00003 1 1  /1 db MS_00004 1 1
 *     header              root           0.1               0.1.1              0.2
 *
 * Header: service, calls, depth, latency (response time of the root). A field may be left open,
 * "?", to hide it from a reader that learns to write the rest. What the header does not tell the
 * body does: an open service is the first word of the body, an open latency stands as the root's
 * duration, open calls end with the line, an open depth shows in the levels.
 *
 * A call: level, type, callee, gap, duration. The caller is the parent's callee. The gap runs
 * from the finish of the previous sibling, or from the start of the parent for the first one, to
 * the start of this call; it is negative ("- 3") where siblings overlap. Not written because
 * known: level of the root (0) and of the call after it (1), start of the root (0).
 *
 * Facts at other than their usual value follow the callee, in this order:
 *     @NAME       interface                           usual: none
 *     ~KIND       internal server client producer consumer    client; producer for mq
 *     !STATUS     ok error                            unset
 *     &           asynchronous                        no
 *     = N         id, last component of the rpc id    root 0, first child 1, then by 1
 *     <NAME       caller of the root                  USER
 *     ^ N         start of the root                   0
 * A graph without times has n/a for its latency, never "?", and no gap, duration or ^. A line of
 * a set whose tick is not 1000 us begins with "* N", microseconds. Arrival, trace id and weight
 * are not written. Words and numbers: compact_words.h.
 *
 * Source: the W codec of our prototypes (6.8 words a call; header "?" as there); levels are words
 * of their own here, and larger numbers begin with their magnitude.
 */
#ifndef TEXT_COMPACT_H
#define TEXT_COMPACT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "trace/callgraph.h"

struct compact_header_mask {
    bool service, edges, depth, latency;     /* true: left open */
};

/* Append the line of g, words apart by one blank, "\n" at the end. g must pass callgraph_check. */
void compact_encode(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    struct compact_header_mask open, struct buf *out);

/* Add the graph that the line (with or without its "\n") tells to the set: for every g and mask
 * the decode of its encode is callgraph_same as g. False, with the place in words and the reason,
 * if the line is not a graph, contradicts its header, or fails callgraph_check; the set is then
 * as before, but for names. The first graph of an empty set gives it its tick. */
bool compact_parse(struct str line, struct graphset *out, struct err *err);

#endif
