/* compat.h: what TraceLLM's preprocessing makes of CallGraph CSV, byte for byte, minus crashes.
 *
 * Step 1 (trace_to_training_data), per file; step 2 (remove_redundant_training_data), over all
 * files. Graphs here are not struct callgraph: the original accepts second roots and orphans below
 * absent roots, keeps rpc ids as text and lets times be negative. Where it crashed and lost the
 * whole file (an empty um, dm, rpc_id, traceid, service or timestamp, an rt that is no finite
 * number, in step 2 an rpc_id that is not dotted integers), the row or graph is dropped and counted
 * under CAUSE_CRASH instead; a file whose rpc ids all read as floating-point numbers loses all.
 *
 * A file is held in memory while it is worked on, as the original does: some 3.5 times its size.
 *
 * Fields are read as pandas 1.5 does: lines with too many fields are skipped, missing fields and
 * pandas' spellings of NA are null, whitespace lines are no lines, CR alone ends a line, and extra
 * fields in the first line after the header push all columns to the right.
 *
 * Equal arrivals stand where the original's unstable sort, pandas' default, leaves them.
 *
 * Differences: step 2 compares whole calls by 128 bits of hash (the original: a sum modulo 1e10,
 * which drops about n^2 / 2e10 graphs wrongly); an rpc_id of more than 2048 bytes is dropped.
 */
#ifndef TRACE_COMPAT_H
#define TRACE_COMPAT_H

#include "trace/import.h"

struct compat_call {
    struct str rpc_id, type, src, dst;   /* names zero-padded: MS_00001 */
    int64_t start, rt;                   /* ms */
};

struct compat_graph {
    int64_t arrival;       /* ms of its day, [0, 86400000) */
    int64_t timestamp;     /* ms, of its first row: as recorded */
    struct str trace_id;
    struct str service;    /* zero-padded: S_000000001 */
    size_t n, depth;       /* depth: levels of rpc ids */
    struct compat_call *calls;
};

typedef bool (*compat_sink)(void *ctx, const struct compat_graph *g, struct err *err);

/* Step 1's graphs in its order; with step2 set, step 2's. Errors as in import.h. */
bool compat_tracellm(char *const *paths, size_t n, bool step2, compat_sink sink, void *ctx,
                     struct import_report *rep, struct err *err);

/* "HHhMMmSSsmmmms S_000000001 0|http|USER|MS_00001|ARRIVED_0|RT_10||..." and a line end; step 2
 * writes 00h00m00s000ms for every arrival. */
void compat_line(const struct compat_graph *g, bool step2, struct buf *out);

/* The same line for one of our own graphs. */
void compat_line_of(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                    bool step2, struct buf *out);

/* Its calls as rows of Alibaba-2022 CSV, in the order they are in; the header goes first. */
void compat_csv(const struct compat_graph *g, struct buf *out);
extern const char compat_csv_header[];

#endif
