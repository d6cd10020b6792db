/* plan_feed.h: planned calls, read ahead by a thread of their own, so that parsing never makes a
 * call late.
 */
#ifndef LOAD_PLAN_FEED_H
#define LOAD_PLAN_FEED_H

#include <stdbool.h>

#include "base/err.h"
#include "load/fire.h"
#include "load/invocation.h"

/* Where planned calls come from: next() fills what the invocation's first part names, planned being
 * ns from the start, ascending. False at the end, or with err->status set. */
struct plan_source {
    void *ctx;
    bool (*next)(void *ctx, struct invocation *i, struct err *err);
};

struct plan_feed;
struct plan_feed *plan_feed_start(struct plan_source source);

/* The feed as a plan for fire_run. */
struct fire_plan plan_feed_plan(struct plan_feed *f);

/* Stop reading. False: the source failed. */
bool plan_feed_end(struct plan_feed *f, struct err *err);

#endif
