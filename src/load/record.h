/* record.h: what became of every call, written while the run goes on, by a thread of its own.
 *
 * calls.csv has a row per call, in the order of their ends; times are us from the start of the
 * plan, with three decimals, and empty where there was none:
 *
 *     id,unit,index,function,endpoint,phase,planned_us,issued_us,sent_us,first_byte_us,done_us,
 *     grpc_status,status,ending,http_status,connection,reply_bytes,trace_us
 *
 * phase is warmup or measured; grpc_status a number and status its name; trace_us what the call's
 * trace says it takes. The latency file is the original's: whole us from issue to end, a line per
 * measured call, in the order of their ends, failed ones alike.
 */
#ifndef LOAD_RECORD_H
#define LOAD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "load/client.h"
#include "load/tally.h"
#include "load/zipkin.h"

struct record_options {
    const char *csv, *latencies;       /* paths; NULL: not wanted */
    const struct client *client;       /* tells names; no endpoint is added during the run */
    struct zipkin *zipkin;             /* borrowed; NULL: no spans */
    int64_t start;                     /* the plan's 0 */
    uint64_t planned;                  /* calls, for the line on the terminal */
};

struct record;
struct record *record_start(const struct record_options *o, struct err *err);

/* An invocation_sink: copies the call to the writer. When the writer cannot keep up it waits, and
 * counts. */
void record_take(void *record, const struct invocation *i);

/* The plan has moved: what the live line calls offered, due by now. */
void record_offered(struct record *r, uint64_t issued);

/* Write what there is, put the files in place, join. The tally is moved to *t even on failure, and
 * spans that were not taken by a collector are counted in *unposted. */
bool record_end(struct record *r, struct tally *t, uint64_t *unposted, struct err *err);

#endif
