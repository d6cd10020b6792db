/* times.h: times for call graphs whose calls are known, each taken from calls in like places.
 *
 *     parent  |-----------------------------|        what a call has room in: from its anchor, here
 *     before      |----|                    |        the finish of the sibling before, to its
 *     call             :  a |--- b ---|  c  |        parent's, R = a + b + c
 *
 * From the root down, siblings in their order, every call draws a donor: one of the k recorded
 * calls in its place whose circumstances were nearest to what is drawn already (the room R, the
 * sibling before, parent and root, calls below and to come). The donor's division of its room, each
 * part varied by a random factor, divides R. So sums hold (a parent lasts as long as its parts),
 * siblings overlap where theirs did, what outlasted its parent does so again (and is asynchronous,
 * as the donor was), and the time of a trace is no recorded one: each of its calls has a donor of
 * its own.
 *
 * A place is, from the narrowest that has enough donors: the parent's list of calls and the
 * position in it; the callers' and both neighbours' names; the caller's; the call's own.
 *
 * Source: the nearest-neighbour bootstrap for dependent series (Lall and Sharma, 1996), along a
 * tree, with a smoothed draw.
 */
#ifndef GEN_TIMES_H
#define GEN_TIMES_H

#include <stdint.h>

#include "trace/callgraph.h"

struct times;

/* Learn from the timed graphs of s, which has one at least and must outlive what is returned. */
struct times *times_learn(const struct graphset *s);
void times_free(struct times *t);     /* NULL is fine */

/* Ticks of which every recorded start and time is a multiple: what clocks told apart. */
int64_t times_grain(const struct times *t);

/* The greatest common divisor of two numbers of ticks >= 0; of 0 and x it is x. */
int64_t times_gcd(int64_t a, int64_t b);

/* Draw start and rt of every call, and whether it is asynchronous, and set `timed`. Graph i draws
 * from rng_stream(seed, "times", i) alone. The ticks of s become the learned set's. Every graph
 * then passes callgraph_check. */
void times_fill(const struct times *t, struct graphset *s, uint64_t seed, size_t threads);

#endif
