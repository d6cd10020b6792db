/* tracetable_priv.h: trace ids to ordinals, by order of first appearance. Within trace/ only. */
#ifndef TRACE_TRACETABLE_PRIV_H
#define TRACE_TRACETABLE_PRIV_H

#include <stdint.h>

#include "base/str.h"

struct trace {
    const char *id;        /* id_n bytes */
    uint32_t id_n;
    uint32_t rows, over;   /* stored; not stored because there were too many */
    uint64_t line;         /* of its first row, over all files */
};

struct tracetable;
struct tracetable *tracetable_new(void);
void tracetable_free(struct tracetable *t);
uint64_t tracetable_hash(struct str id);

/* The ordinal of a trace, which is added if it is new. hash is tracetable_hash(id). */
uint32_t tracetable_find(struct tracetable *t, struct str id, uint64_t hash, uint64_t line);
void tracetable_prefetch(const struct tracetable *t, uint64_t hash);
struct trace *tracetable_at(struct tracetable *t, uint32_t ordinal);
uint32_t tracetable_count(const struct tracetable *t);
size_t tracetable_bytes(const struct tracetable *t);   /* held */

#endif
