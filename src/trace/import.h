/* import.h: call graphs from files, and an account of everything that was not used.
 *
 * The careful importer reads Alibaba-2022 CallGraph CSV by column name: timestamp (ms), traceid,
 * service, rpc_id (or rpcid), rpctype, um, dm, rt (ms) must be there in any order; interface, kind,
 * status and async may be; others are ignored. Files are plain, or gz, zst, xz, bz2, tar, zip in
 * any mixture; "-" is standard input. All files are one recording: rows of a trace may be
 * interleaved with others and straddle files. Fields may be quoted (RFC 4180), lines may end in
 * CRLF, a BOM is skipped.
 *
 * A row or graph that cannot be used is dropped, counted under a named cause, and the first of its
 * kind is kept as an example "file:line: value". Every row read is used or has exactly one cause:
 *
 *     rows_read   = rows_used   + sum of cause[].rows
 *     graphs_read = graphs_used + sum of cause[].graphs      (a graph read is a distinct trace id)
 *
 * Rules (source: Alibaba's README of the 2022 traces; TraceLLM's rules made strict):
 * starts and ends are rounded down to whole ms, or to the ticks asked for; um, dm or service "",
 * UNKNOWN, UNAVAILABLE, (?) and NAN are unknown;
 * rpctype is http, rpc, db, mc, mq or other. A call's earliest row is the call, its further rows
 * are second records, provided they agree on um, dm and type. A graph has one service, one root
 * with rpc_id "0", every parent present, each um the parent's dm, and no call that is not async
 * finishes after its parent. Its arrival is its earliest timestamp.
 *
 * Difference from TraceLLM's preprocessing: see compat.h for that one, byte for byte.
 */
#ifndef TRACE_IMPORT_H
#define TRACE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "trace/callgraph.h"

enum import_cause {
    /* a row, from here on; tested in this order */
    CAUSE_LONG, CAUSE_QUOTE, CAUSE_FIELDS, CAUSE_TRACEID, CAUSE_SPANID, CAUSE_TWICE,
    CAUSE_SERVICE, CAUSE_RPCID, CAUSE_TYPE,
    CAUSE_UM, CAUSE_DM, CAUSE_TIMESTAMP, CAUSE_RT, CAUSE_UTF8, CAUSE_EXTRA, CAUSE_SECOND,
    /* a graph with all its rows; tested in this order */
    CAUSE_NO_ROW, CAUSE_TOO_LARGE, CAUSE_SERVICES, CAUSE_NO_ROOT, CAUSE_ORPHAN, CAUSE_CONFLICT,
    CAUSE_SRC, CAUSE_FINISH, CAUSE_SEEN,
    /* a graph of JSON or of words */
    CAUSE_SYNTAX, CAUSE_MEMBER, CAUSE_CYCLE, CAUSE_ROOTS, CAUSE_UNREACHED, CAUSE_INVALID,
    /* compat only: what the original dropped by rules of its own, and where it crashed */
    CAUSE_DEPTH, CAUSE_CRASH,
    /* a whole input, or the rest of one */
    CAUSE_COLUMNS, CAUSE_EMPTY, CAUSE_BROKEN,
    IMPORT_CAUSES
};
extern const char *const import_cause_names[IMPORT_CAUSES];

/* What was done to rows that are used: repairs, which somebody asked for, and notes on what the
 * source lacks or has too much of. */
enum import_deed {
    /* repairs; a set of them is a mask of 1u << deed */
    DEED_DOUBLE, DEED_PARENT, DEED_ROOT, DEED_CALLER, DEED_IDS, DEED_LOSS, DEED_SERVICE,
    IMPORT_REPAIRS,
    /* notes */
    DEED_NO_START = IMPORT_REPAIRS, DEED_NO_END, DEED_NO_SERVICE, DEED_OUTLASTS, DEED_SKEW,
    DEED_ROUNDED, DEED_KIND, DEED_PADDED, DEED_TYPE,
    IMPORT_DEEDS
};
extern const char *const import_deed_names[IMPORT_DEEDS];   /* repairs: as --repair has them */
extern const char *const import_deed_words[IMPORT_DEEDS];   /* what was found, and done */
enum { REPAIR_ALL = (1 << IMPORT_REPAIRS) - 1 };

struct import_tally {
    uint64_t rows, graphs, files;
    char example[256];         /* "file:line: value", "" while there is none */
};

struct import_report {
    uint64_t files, bytes; /* inputs (members of archives one by one), bytes after decompression */
    uint64_t rows_read, rows_used, graphs_read, graphs_used;
    uint64_t calls_used;       /* calls in used graphs; for CSV equal to rows_used */
    bool mended;               /* the source is Alibaba's, and repairs were asked for */
    uint64_t whole, named;     /* then: graphs of which nothing was cut off; those of them in which
                                * every callee has a name */
    bool extra;                /* some call's kind, status or async is not the default */
    struct import_tally cause[IMPORT_CAUSES];
    struct import_tally deed[IMPORT_DEEDS];
    FILE *changes, *refused;   /* what options had, if the report shall show it; else NULL */
};

struct import_options {
    size_t threads;            /* 0: all; never changes results */
    size_t memory_bytes; /* for rows and trace ids; more rows go to a temporary file. 0: 250 MB */
    bool dedup;                /* drop graphs equal in callgraph_hash_full to an earlier one */
    bool progress;             /* show a bar */
    uint32_t tick_us;          /* of the graphs, for CSV; 0: 1000. Those of spans have 1 */
    unsigned repair;           /* a set of 1u << DEED_*: repairs that may be made */
    FILE *changes;             /* Alibaba's: every repair, a JSON object a line; or NULL */
    FILE *refused;             /* every trace dropped, or not whole, with its cause; or NULL */
    const char *columns;       /* of spans as CSV: "trace=TraceID,span=SpanID,..."; NULL: guess */
};

/* Takes one graph, valid during the call as are its ids in `names`. Weight: occurrences it stands
 * for. Returns false (and fills err) to stop the import. */
typedef bool (*callgraph_sink)(void *ctx, const struct callgraph *g, const struct names *names,
                               double weight, struct err *err);

/* Graphs one at a time in the order of their first row, in memory that does not grow with the rows
 * (about 70 bytes a trace id do remain). NULL options are all zero. False when nothing could be
 * used (EXIT_DATA, with file, line and value), a file is not there (EXIT_NOINPUT), or the sink said
 * no. rep is filled in every case. */
bool import_alibaba_2022_stream(char *const *paths, size_t n, const struct import_options *o,
                                callgraph_sink sink, void *ctx, struct import_report *rep,
                                struct err *err);

/* CallGraph CSV of 2021: no service, for which the root's callee stands; rpcid; a negative rt is
 * that of the callee's side; userDefined is other. Traces are taken whole or, with repairs, mended;
 * so are those of 2022 if options.repair is not empty. See mend_priv.h. */
bool import_alibaba_2021_stream(char *const *paths, size_t n, const struct import_options *o,
                                callgraph_sink sink, void *ctx, struct import_report *rep,
                                struct err *err);

/* The same into a set. Trace ids are kept as names. */
bool import_alibaba_2022(char *const *paths, size_t n, const struct import_options *o,
                         struct graphset *out, struct import_report *rep, struct err *err);

/* DGG's graphs, JSON objects one after the other: see dgg.c for how a weighted DAG becomes a tree.
 * Graphs are not timed; the weight is "num". Row counts are those of edges. */
bool import_dgg_stream(char *const *paths, size_t n, const struct import_options *o,
                       callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err);
bool import_dgg(char *const *paths, size_t n, const struct import_options *o, struct graphset *out,
                struct import_report *rep, struct err *err);

/* Spans: Jaeger's JSON, OpenTelemetry's JSON (lines) and protobuf, Zipkin's JSON version 2, and
 * CSV. See spans.h for how they become graphs, in ticks of 1 us. Rows are spans; a graph read is a
 * distinct trace id. Memory is bounded as above. */
typedef bool import_function(char *const *paths, size_t n, const struct import_options *o,
                             callgraph_sink sink, void *ctx, struct import_report *rep,
                             struct err *err);
import_function import_jaeger_stream, import_otlp_stream, import_otlp_proto_stream;
import_function import_zipkin_stream, import_spans_stream;

/* Does the map of options.columns make sense? EXIT_USAGE if not. */
bool span_csv_columns(const char *map, struct err *err);

/* "all", "none" or names of repairs parted by commas, as import_deed_names has them, to a set. */
bool import_repairs(const char *list, unsigned *repair, struct err *err);

/* A sink that appends to a struct graphset (its ctx): names carried over, weights kept. */
bool import_collect(void *graphset, const struct callgraph *g, const struct names *names,
                    double weight, struct err *err);

void import_report_write(const struct import_report *r, FILE *json);
void import_report_words(const struct import_report *r, FILE *words);

/* Count a drop; the example is kept if it is the first. Control bytes of the value are escaped. */
void import_report_drop(struct import_report *r, enum import_cause c, uint64_t rows,
                        uint64_t graphs, const char *file, uint64_t line, struct str value);

/* Count a repair or a note; the example is kept if it is the first. */
void import_report_deed(struct import_report *r, enum import_deed d, uint64_t rows,
                        uint64_t graphs, const char *file, uint64_t line, struct str value);

/* One line of options.refused, appended: a trace that is dropped, or of which `cut` rows are, why,
 * and what shows it where. */
void import_refused_json(struct buf *b, struct str trace, uint64_t cut, enum import_cause c,
                         const char *file, uint64_t line, struct str value);

/* Append s as a JSON string. */
void import_put_json(struct buf *b, struct str s);

/* What `import` says when nothing could be used: the largest cause with its example. */
bool import_report_fail(const struct import_report *r, struct err *err);

#endif
