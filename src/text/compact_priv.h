/* compact_priv.h: what writing and reading the compact stream share: where a call stands among the
 * calls before it decides which id is usual and from when its gap is counted. Within text/ only.
 *
 *     parent  |-------------------------------|
 *     calls      |----|   gap   |------|
 *             gap
 */
#ifndef TEXT_COMPACT_PRIV_H
#define TEXT_COMPACT_PRIV_H

#include "trace/callgraph.h"

struct place {
    int64_t base;      /* gaps count from here */
    uint64_t id;       /* usual id */
};

/* last[level] is the latest call of that level; it is a sibling if it has the same parent. */
static inline struct place place_of(const struct call *calls, size_t i, const size_t *last)
{
    if (i == 0)
        return (struct place){ 0, 0 };
    const struct call *c = &calls[i];
    size_t s = last[c->level];
    if (s < i && calls[s].level == c->level && calls[s].parent == c->parent)
        return (struct place){ call_finish(&calls[s]), (uint64_t)calls[s].id + 1 };
    return (struct place){ calls[c->parent].start, 1 };
}

static inline enum call_kind usual_kind(enum call_type t)
{
    return t == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
}

#endif
