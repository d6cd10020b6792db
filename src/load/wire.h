/* wire.h: the clock and the sender behind a run, so that a test can replace both by a fake.
 *
 * The functions take the wire's own ctx first. Every invocation given to send comes back exactly
 * once through the sink that the wire was made with, from within send, flush, wait or abandon.
 */
#ifndef LOAD_WIRE_H
#define LOAD_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "load/invocation.h"

struct wire {
    void *ctx;
    int64_t (*now)(void *ctx);
    void (*send)(void *ctx, const struct invocation *i);    /* copied; leaves at the next flush */
    void (*flush)(void *ctx);
    void (*wait)(void *ctx, int64_t until);    /* for events, at most until then; may come early */
    void (*abandon)(void *ctx);                /* end all that is in flight as "stopped" */
    size_t (*in_flight)(void *ctx);
};

/* Takes a finished call; it is valid during the call. */
typedef void (*invocation_sink)(void *ctx, const struct invocation *i);

#endif
