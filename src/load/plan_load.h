/* plan_load.h: the plan in a load.json (or its binary form) as a source of calls.
 *
 * The file is read twice: once before the run, so that what cannot be read is known before the
 * first call and every endpoint is resolved and connected to; and once, a unit at a time, during
 * it. A call's id is its place in the file.
 */
#ifndef LOAD_PLAN_LOAD_H
#define LOAD_PLAN_LOAD_H

#include "load/client.h"
#include "load/plan_feed.h"

struct plan_load_options {
    int64_t unit_ns;           /* a minute or a second */
    uint64_t units, warmup;    /* units used at most, and how many of them are not measured */
    uint64_t shard, shards;    /* every shards-th call, from the shard-th on; 0, 1: all */
};

struct plan_load;

/* Functions are the file's where it tells them, else the endpoint's name up to its first dot. NULL:
 * EXIT_NOINPUT or EXIT_DATA. path is borrowed; it has to be a file. */
struct plan_load *plan_load_open(const char *path, const struct plan_load_options *o,
                                 struct client *c, struct err *err);
void plan_load_free(struct plan_load *p);    /* after the feed has ended; NULL is fine */

struct plan_source plan_load_source(struct plan_load *p);
uint64_t plan_load_calls(const struct plan_load *p);    /* that the source will give */
uint64_t plan_load_units(const struct plan_load *p);    /* in use: fewer when the file is shorter */

#endif
