/* tracetable.c: a slot holds the upper 32 bits of the hash beside the ordinal, so that a probe that
 * fails touches one cache line and one that succeeds two. Traces lie in blocks that never move:
 * a growing array would for a moment be there twice. */
#include "trace/tracetable_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

enum { BLOCK = 1 << 14, BLOCKS = 1 << 17 };

struct tracetable {
    struct arena *ids;
    struct trace *block[BLOCKS];
    uint32_t n;
    uint64_t *slot;        /* (slots): hash's high half, ordinal + 1; 0 is free */
    size_t slots;
};

struct tracetable *tracetable_new(void)
{
    struct tracetable *t = mem_alloc(sizeof *t);
    t->ids = arena_new();
    t->slots = 1 << 12;
    t->slot = mem_array(t->slots, sizeof *t->slot);
    return t;
}

void tracetable_free(struct tracetable *t)
{
    if (!t)
        return;
    for (size_t i = 0; i * BLOCK < t->n; i++)
        free(t->block[i]);
    arena_free(t->ids);
    free(t->slot);
    free(t);
}

uint64_t tracetable_hash(struct str id)
{
    return hash64(id.p, id.n, 11);
}

/* Where a slot with these upper 32 bits belongs. */
static size_t place(const struct tracetable *t, uint64_t hash)
{
    return (size_t)(hash >> (64 - __builtin_ctzll(t->slots)));
}

void tracetable_prefetch(const struct tracetable *t, uint64_t hash)
{
    __builtin_prefetch(&t->slot[place(t, hash)], 1);
}

struct trace *tracetable_at(struct tracetable *t, uint32_t ordinal)
{
    return &t->block[ordinal / BLOCK][ordinal % BLOCK];
}

uint32_t tracetable_count(const struct tracetable *t)
{
    return t->n;
}

size_t tracetable_bytes(const struct tracetable *t)
{
    return arena_bytes(t->ids) + t->slots * sizeof *t->slot + t->n * sizeof **t->block;
}

/* Slots are ordered by the hash bits they hold, so a larger table is filled from front to back. */
static void grow(struct tracetable *t)
{
    uint64_t *old = t->slot;
    size_t n = t->slots;
    t->slots *= 2;
    t->slot = mem_array(t->slots, sizeof *t->slot);
    for (size_t k = 0; k < n; k++) {
        size_t i = place(t, old[k]);
        while (old[k] && t->slot[i])
            i = (i + 1) & (t->slots - 1);
        t->slot[i] = old[k] ? old[k] : t->slot[i];
    }
    free(old);
}

static uint32_t add(struct tracetable *t, size_t i, struct str id, uint64_t hash, uint64_t line)
{
    REQUIRE(t->n / BLOCK < BLOCKS && id.n < UINT32_MAX);
    if (t->n % BLOCK == 0)
        t->block[t->n / BLOCK] = mem_array(BLOCK, sizeof **t->block);
    *tracetable_at(t, t->n) = (struct trace){ .id = arena_strndup(t->ids, id.p, id.n),
                                              .id_n = (uint32_t)id.n, .line = line };
    t->slot[i] = (hash >> 32) << 32 | ++t->n;
    if ((size_t)t->n + t->n / 2 > t->slots)
        grow(t);
    return t->n - 1;
}

uint32_t tracetable_find(struct tracetable *t, struct str id, uint64_t hash, uint64_t line)
{
    for (size_t i = place(t, hash);; i = (i + 1) & (t->slots - 1)) {
        uint64_t s = t->slot[i];
        if (s == 0)
            return add(t, i, id, hash, line);
        if (s >> 32 == hash >> 32) {
            const struct trace *at = tracetable_at(t, (uint32_t)s - 1);
            if (at->id_n == id.n && memcmp(at->id, id.p, id.n) == 0)
                return (uint32_t)s - 1;
        }
    }
}
