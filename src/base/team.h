/* team.h: a few threads that work through one short job after another, in step.
 *
 *     team_run(t, fn, ctx)     fn(ctx, member) on every member in [0, size), the caller is 0
 *         team_meet(t)         within fn: nobody goes on before all are here
 *
 * For jobs of microseconds, where threads_for's thread a call would cost more than the job. Who
 * waits spins for a while, then sleeps: an idle team costs nothing, and a machine with other work
 * loses a time slice, not the pace. With a team of one (or NULL) both are plain calls.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stddef.h>

struct team;
typedef void (*team_fn)(void *ctx, size_t member);

/* At most `size` members (0: threads_default()): fewer when the machine refuses threads. */
struct team *team_new(size_t size);
void team_free(struct team *t);                   /* NULL is fine */
size_t team_size(const struct team *t);           /* 1 for NULL */

void team_run(struct team *t, team_fn fn, void *ctx);
void team_meet(struct team *t);

/* How often members have gone to sleep at meetings so far: while a job runs on a machine whose
 * cores are all there, hardly ever. Any thread may ask. */
size_t team_slept(const struct team *t);

#endif
