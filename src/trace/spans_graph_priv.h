/* spans_graph_priv.h: the spans of one trace to a call graph. Within trace/ only. */
#ifndef TRACE_SPANS_GRAPH_PRIV_H
#define TRACE_SPANS_GRAPH_PRIV_H

#include "trace/import.h"
#include "trace/spans.h"

enum { SPANS_LEVELS_MAX = 400 };   /* as deep as CSV can say it again */

/* What happened to a trace beside becoming a graph: spans of each kind, and the first of them. */
struct spans_deeds {
    uint64_t spans[IMPORT_DEEDS];
    size_t first[IMPORT_DEEDS];        /* index of a span */
    size_t second, second_first;       /* second records */
    size_t lost, lost_first;           /* dropped with repair `loss` */
};

struct spans_room;                     /* memory, used again from trace to trace */
struct spans_room *spans_room_new(void);
void spans_room_free(struct spans_room *m);

/* s[0..n) in order of arrival -> *g, its calls valid until the next call, and its names in `names`;
 * IMPORT_CAUSES then. Else the cause, with *bad the span to show. Repairs are a set of REPAIR_*.
 * Missing fields of s are filled in, and s[n] must be there: a repair may put a span. */
enum import_cause spans_graph(struct span *s, size_t n, unsigned repair, struct spans_room *m,
                              struct names *names, struct callgraph *g, struct spans_deeds *deeds,
                              size_t *bad);

#endif
