/* export.h: call graphs as Alibaba-2022 CallGraph CSV, one row a call, calls in pre-order.
 *
 * Columns and spelling are the original's: rt as "2.0", UNAVAILABLE for instance ids, which we do
 * not keep, UNKNOWN for an interface that is not known. The columns kind, status and async follow
 * only when asked for. Times are ms: those of a set with finer ticks have up to three decimals,
 * which import reads back if asked for ticks of 1 us, and else rounds down. A graph without trace
 * id is called T_ and its number. Weights, and whether a graph is timed, have no place in this
 * format.
 */
#ifndef TRACE_EXPORT_H
#define TRACE_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/callgraph.h"

struct export_2022 {
    FILE *f;
    bool extra;            /* write kind, status and async */
    uint32_t tick_us;
    uint64_t n;            /* graphs written */
    struct buf line;
};

/* Write the header; export_2022_end frees memory and says whether all writing went well. */
struct export_2022 export_2022_begin(FILE *f, uint32_t tick_us, bool extra);
void export_2022_graph(struct export_2022 *x, const struct callgraph *g, const struct names *names);
bool export_2022_end(struct export_2022 *x);

/* What graph i of a file is called if nameless: for printf, i as unsigned long long from 1. */
#define EXPORT_TRACE_ID "T_%011llu"

/* Append s as a field of CSV, quoted only if it must be; one that is empty is told from a lack. */
void export_csv_field(struct buf *b, struct str s);

/* A whole set; extra columns if some call is not at its default. False when writing failed. */
bool export_alibaba_2022(const struct graphset *s, FILE *f);

#endif
