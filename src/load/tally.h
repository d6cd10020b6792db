/* tally.h: the figures of a run, from its finished calls.
 *
 * Counts are of all calls; latencies, lateness and functions are of measured ones. Latency counts
 * from the planned moment (what a user of a busy system feels) and from the sent one (what the
 * system took); lateness is sent - planned. Failed calls have no latency here: they would mix a
 * time-out's length, or a refusal's nothing, with answers. A run is valid when its lateness keeps
 * to a bound and nothing of the plan was left out.
 */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "load/histogram.h"
#include "load/invocation.h"
#include "load/outcome.h"

struct tally_function {
    uint64_t calls, failed;
    struct histogram latency;    /* coarse; from planned, answers that are OK */
};

struct tally {
    uint64_t done, warmup, failed, never_sent;
    uint64_t status[GRPC_STATUSES], ending[ENDINGS];
    struct histogram latency, from_sent, lateness;    /* ns */
    struct histogram obtained, expected;              /* calls of graphs: took, should take */
    double gap_sum;                                   /* of |took - should take|, ns */
    struct tally_function *function;                  /* by id */
    size_t n_functions, function_cap;
    int64_t first_sent, last_done;                    /* ns; 0: none */
};

struct tally tally_new(void);
void tally_free(struct tally *t);
void tally_add(struct tally *t, const struct invocation *i);

#endif
