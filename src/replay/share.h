/* share.h: the functions of a slice, dealt out to models.
 *
 * scope slice (the original's): functions with an invocation in the slice are mapped, so a function
 * may be of another model in another slice. scope trace: the functions of the whole trace are
 * mapped once, and a model may then be empty in a slice.
 */
#ifndef REPLAY_SHARE_H
#define REPLAY_SHARE_H

#include "replay/mapping.h"
#include "replay/replay.h"
#include "trace/invocations.h"

struct shares {
    struct replay_share *share;     /* (n) their arrays are this struct's */
    size_t n;
    size_t functions;               /* alive in the slice */
    uint64_t invocations;           /* theirs, in the slice */
};

/* o gives kind, slice, seed, threads. False: fewer functions than models. */
bool shares_make(const struct invocations *v, const struct replay_options *o,
                 const struct mapping *how, bool whole_trace, size_t models, struct shares *s,
                 struct err *err);
void shares_free(struct shares *s);

#endif
