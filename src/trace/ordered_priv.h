/* ordered_priv.h: read in order, work side by side, merge in order. Within trace/ only.
 *
 *     next 0   next 1   next 2 ...          one at a time, in order
 *       |        |        |
 *     work     work     work                at once, on any thread
 *       |        |        |
 *     merge 0  merge 1  merge 2 ...         one at a time, in order
 *
 * Item k lives in slot k % slots from its next to its merge. Because only next and merge touch what
 * items share, and both run in order, results do not depend on the number of threads.
 */
#ifndef TRACE_ORDERED_PRIV_H
#define TRACE_ORDERED_PRIV_H

#include <stdbool.h>
#include <stddef.h>

struct ordered {
    size_t threads, slots;     /* slots >= threads; more let fast threads run ahead */
    bool (*next)(void *ctx, size_t slot);                    /* false: there is no further item */
    void (*work)(void *ctx, size_t slot, size_t worker);
    bool (*merge)(void *ctx, size_t slot);                   /* false: stop */
    void *ctx;
};

/* False when a merge said stop; the items after it are then not merged. */
bool ordered_run(const struct ordered *o);

#endif
