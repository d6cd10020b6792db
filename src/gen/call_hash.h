/* call_hash.h: what a call is, whenever it is and whoever made it, as 64 bits: callee, interface,
 * type, kind and status. Over spellings, so equal across sets. */
#ifndef GEN_CALL_HASH_H
#define GEN_CALL_HASH_H

#include "base/hash.h"
#include "trace/callgraph.h"

/* (names) a hash of each spelling; free() it. */
static inline uint64_t *call_hash_names(const struct names *names)
{
    size_t n = names_count(names);
    uint64_t *h = mem_array(n + 1, sizeof *h);
    for (uint32_t i = 0; i < n; i++) {
        struct str s = names_str(names, i);
        h[i] = hash64(s.p, s.n, 0);
    }
    return h;
}

static inline uint64_t call_hash(const struct call *c, const uint64_t *name)
{
    uint64_t facts = c->type | (uint64_t)c->kind << 8 | (uint64_t)c->status << 16;
    uint64_t h = hash64_mix(name[c->dst], facts);
    return c->interface == NAMES_NONE ? h : hash64_mix(h, name[c->interface]);
}

#endif
