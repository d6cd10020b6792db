/* exporter.h: call graphs in the formats of other tools. One file and one const struct a format;
 * cli/exporters.c lists them.
 *
 * Graphs must be timed, and their names well-formed UTF-8. What a format has no place for stands
 * in its `loses`. Formats of spans are written through spans.h: what becomes of a call there, and
 * by which tags it is found again, is told in that header.
 *
 * Times: arrival counts from 1970 unless the source's recording begins elsewhere (Alibaba's begins
 * at 0); shift_ns is added to every time.
 */
#ifndef TRACE_EXPORTER_H
#define TRACE_EXPORTER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "trace/callgraph.h"

struct export_graph {
    const struct callgraph *g;
    const struct names *names;
    uint32_t tick_us;
    int64_t shift_ns;
    size_t index;              /* of the graph in its file, from 0 */
    const char *trace_id;      /* 32 hex digits instead of the graph's own, which is not told;
                                * or NULL */
    size_t *spans;             /* formats of spans add theirs; or NULL */
    struct arena *a;           /* scratch */
};

struct exporter {
    const char *name;          /* as in --to */
    const char *prose;
    const char *loses;         /* what the format cannot hold, for help */
    /* A file is head, the graphs with `between` between them, tail. framed: each graph follows its
     * length, 4 bytes, big-endian. */
    const char *head, *between, *tail;
    bool framed;
    void (*graph)(const struct export_graph *x, struct buf *out);   /* append one graph */
    /* Or all at once, instead of `graph`: */
    bool (*write)(const struct graphset *s, FILE *f, struct err *err);
};

extern const struct exporter exporter_alibaba_2022, exporter_jaeger, exporter_otlp,
    exporter_otlp_proto, exporter_zipkin, exporter_spans, exporter_perfetto, exporter_dot;

/* Can a graph be told in spans and slices: is it timed, and are its times within 64 bits of ns? */
bool exporter_can(const struct callgraph *g, uint32_t tick_us);

/* The graphs of a set; formats with `graph` leave out *left_out that exporter_can refuses. False:
 * writing failed. */
bool exporter_write(const struct exporter *e, const struct graphset *s, FILE *f, size_t *left_out,
                    struct err *err);

/* One graph as a file of its own, appended; without frame. */
void exporter_one(const struct exporter *e, const struct export_graph *x, struct buf *out);

#endif
