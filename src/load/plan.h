/* plan.h: when each function is called, from how often it was called in every unit of its trace.
 *
 * A unit is a minute or a second. A function that was called n times in a unit is called n times in
 * it, at microseconds from the unit's start: no call is lost or moved to another unit. Where within
 * the unit a law says:
 *
 *   equidistant  i/n; with a random phase (i + phi)/n, phi one number in [0, 1) per function
 *   uniform      n independent uniform times: what the original calls uniform
 *   exponential  a Poisson process given that it has n arrivals in the unit. That is the same law
 *   as              uniform; the original's "exponential" is another one (see compat)
 *   a process    of replay/process.h, gamma say, given n: its gaps, scaled so that n arrivals fall
 *                into the unit. carry: the gap over a unit's end is one gap, of which a part, drawn
 *                uniformly, lies in the old unit and the rest opens the next, empty units left out.
 *                Without: calls at 0, g_1, g_1 + g_2, ... with g_1 + ... + g_n the whole unit, the
 *                circle turned by a random angle if the phase is random (invitro's laws). A process
 *                without randomness (cv 0) keeps its phase through all units.
 *
 * Times are drawn as x in [0, 1), multiplied by 1e6 and, for minutes, by 60, and cut to whole
 * microseconds, as the original does. Order: by time, equal times in trace order.
 *
 * With a scale s a function's running sum S of calls becomes floor(s S + r), r in [0, 1) drawn per
 * function: over any stretch it is called s times as often, to within one call.
 *
 * Randomness is keyed by the function's key and the unit's number in the trace (processes with
 * carry: by the key): neither other functions nor threads nor shards nor, without carry, the offset
 * move a call.
 *
 * compat: the original's merge and its "exponential". Calls at one microsecond of one unit are a
 * single call, that of the last function. Its exponential's times are (E_0 - min)/(max - min) over
 * 1000 exponentials drawn per call: weight .001 at 0 and at 1, mean .137. We draw from the same law
 * with two numbers a call: M = -ln(1 - V^(1/999)), x = -ln(1 - W(1 - e^-M))/M.
 *
 * Source: vSwarm, tools/load-generator; invitro's loader (laws of gaps).
 */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "load/load_json.h"
#include "replay/process.h"
#include "trace/functions.h"

#define PLAN_NONE UINT32_MAX
#define PLAN_MINUTE_US 60000000u
#define PLAN_SECOND_US 1000000u

enum plan_law { PLAN_EQUIDISTANT, PLAN_UNIFORM, PLAN_EXPONENTIAL, PLAN_PROCESS };

struct plan_job {
    const struct functions *functions;
    const uint32_t *target;      /* (functions) what each one calls; PLAN_NONE: it is left out */
    const double *scale;         /* (functions) >= 0; NULL: all 1 */
    enum plan_law law;
    const struct process *process;   /* for PLAN_PROCESS */
    double cv;                   /* of the process */
    bool carry, random_phase, minute, compat;
    size_t offset, units;        /* the trace's units [offset, offset + units) */
    uint64_t seed;
    size_t threads;              /* 0: all; never changes results */
    bool progress;
};

struct plan_count {
    uint64_t calls;              /* planned */
    uint64_t lost;               /* compat: calls of the trace that another one covers */
    uint64_t empty;              /* units without a call */
    uint64_t beyond;             /* units of functions whose row ends before */
    uint64_t cut;                /* functions whose row ends before */
};

/* make: a unit's calls, in order; runs on any thread, in any order; slot is in [0, plan_slots()).
 * take: the same units in order, on one thread at a time; make of another unit may run meanwhile,
 * never on the same slot. False stops the plan. Units are numbered from 0. */
struct plan_sink {
    void (*make)(void *ctx, size_t slot, size_t unit, const struct load_call *calls, size_t n);
    bool (*take)(void *ctx, size_t slot, size_t unit);
    void *ctx;
};
size_t plan_slots(const struct plan_job *job);

/* False only if take said so. */
bool plan_run(const struct plan_job *job, const struct plan_sink *sink, struct plan_count *count);

/* Write the plan to path in one of load_json.h's formats, and with shards > 0 also to
 * load_shard_path(path, 0 .. shards - 1): call k of unit u goes to shard (k + u) mod shards, and
 * every shard has all units. Nothing is replaced unless all could be written. */
bool plan_write(const struct plan_job *job, enum load_format format,
                const struct load_target *targets, size_t n_targets, size_t shards,
                const char *path, struct plan_count *count, struct err *err);

#endif
