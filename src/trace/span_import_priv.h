/* span_import_priv.h: what the importers of spans have in common. Within trace/ only.
 *
 *     stream -> [a format's reader] -> span_take -> spans by trace, on disk beyond a limit
 *                                                -> [spans_graph] -> graphs, in order
 *
 * A format is one struct: its reader walks one stream and hands over spans one by one.
 */
#ifndef TRACE_SPAN_IMPORT_PRIV_H
#define TRACE_SPAN_IMPORT_PRIV_H

#include "trace/import.h"
#include "trace/input.h"
#include "trace/spans.h"

struct span_import;

struct span_format {
    const char *name;
    /* Read the stream that `in` is at. False only when span_take was false. */
    bool (*read)(struct span_import *x, struct input *in, struct err *err);
};

bool span_import_run(const struct span_format *f, char *const *paths, size_t n,
                     const struct import_options *o, callgraph_sink sink, void *ctx,
                     struct import_report *rep, struct err *err);

/* Count the span as read, check it and keep it; one that is not good is dropped and counted. Its
 * strings are copied. False when the disk is full. */
bool span_take(struct span_import *x, const struct span *s, struct err *err);

/* Count a span as read and dropped. trace: its id, or empty if that is not known. */
void span_drop(struct span_import *x, enum import_cause c, struct str trace, uint64_t line,
               struct str value);

/* The stream, or its rest, cannot be read: why, and where. */
void span_broken(struct span_import *x, enum import_cause c, uint64_t line, const char *why);

/* An id as hex if it is hex, counting those that had to be padded; else as it stands. room: 32. */
struct str span_id_text(struct span_import *x, struct str id, char *room, uint64_t line);

const struct import_options *span_import_options(const struct span_import *x);
struct import_report *span_import_report(struct span_import *x);
void span_progress(struct span_import *x);   /* now and then, from readers */

#endif
