/* fire.h: send the calls of a plan at their moments.
 *
 * Open loop: a call leaves when now >= start + its time, whatever became of the calls before it.
 * Moments are absolute, so nothing drifts; a sender that fell behind sends at once what is due, in
 * order, and the lateness is in the record. The first unit begins at start, not a period later.
 *
 * Source: vSwarm's invoker, without its relative sleeps (spec: 3.95 s late after 6 s at 1000/s),
 * its panic at a unit without calls and its loss of what is under way at the end.
 */
#ifndef LOAD_FIRE_H
#define LOAD_FIRE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "load/wire.h"

enum fire_next { FIRE_CALL, FIRE_LATER, FIRE_END };    /* LATER: not read yet; ask again */

struct fire_plan {
    void *ctx;
    enum fire_next (*take)(void *ctx, struct invocation *i);    /* planned: ns from start */
};

struct fire_report {
    uint64_t issued;
    uint64_t starved;      /* times the plan had to be waited for */
    bool stopped;          /* interrupted: what was left of the plan was never sent */
};

/* Returns when every call issued has come back through the wire's sink. Calls end at the latest by
 * the client's time-out. *stop, which a signal handler may set, ends the run: nothing more is
 * issued, and what is under way ends as "stopped". */
struct fire_report fire_run(struct fire_plan plan, const struct wire *w, int64_t start,
                            const volatile sig_atomic_t *stop);

#endif
