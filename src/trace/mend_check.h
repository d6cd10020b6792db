/* mend_check.h: are repairs right? Measured on the reference workload, whose rows are spoilt as the
 * raw samples are, and whose truth is known.
 *
 * Two ways to count. By repair: each change of a name or a place is held against the truth. By
 * call: each call of the graphs is, in its caller, its callee and the call it hangs below, whether
 * a repair touched it or not; a repair that misnames a callee is so charged for every call below
 * it too. Wrong is another name than the truth has, another place, or a call that there was not.
 * A name that is said to be unknown is counted as that, and is not wrong.
 */
#ifndef TRACE_MEND_CHECK_H
#define TRACE_MEND_CHECK_H

#include "trace/import.h"
#include "trace/reference.h"

struct mend_count {
    uint64_t made, wrong, unknown;
};

struct mend_check {
    uint64_t traces;
    uint64_t trees;            /* traces of which a graph came */
    uint64_t whole;            /* of those, with nothing cut off */
    uint64_t named;            /* of those, with every callee named */
    struct mend_count repair;  /* all changes but what was cut */
    struct mend_count kind[IMPORT_REPAIRS];
    struct mend_count call;    /* made: calls that a repair touched; wrong, unknown: of all calls */
    uint64_t calls;
};

/* Spoil, mend and judge o->traces traces, with the repairs of the set. o->defects is taken for
 * true, o->threads is ignored. */
struct mend_check mend_check(const struct reference_options *o, unsigned repair);

#endif
