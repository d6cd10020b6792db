/* names.c: open addressing with linear probing, at most half full; the strings lie in an arena. */
#include "base/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct names {
    struct arena *arena;
    struct str *at;         /* (cap): id -> string */
    size_t n, cap;
    uint32_t *slot;         /* (slots): id + 1, 0 is empty */
    uint64_t *hash;         /* (hash_cap): id -> hash */
    size_t slots, hash_cap;
};

struct names *names_new(void)
{
    struct names *t = mem_alloc(sizeof *t);
    t->arena = arena_new();
    t->slots = 64;
    t->slot = mem_array(t->slots, sizeof *t->slot);
    return t;
}

void names_free(struct names *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t->at);
    free(t->slot);
    free(t->hash);
    free(t);
}

/* The slot that holds s, or the empty one where it would go. */
static size_t probe(const struct names *t, struct str s, uint64_t h)
{
    size_t mask = t->slots - 1;
    for (size_t i = (size_t)h & mask;; i = (i + 1) & mask) {
        if (!t->slot[i])
            return i;
        size_t id = t->slot[i] - 1;
        if (t->hash[id] == h && str_eq(t->at[id], s))
            return i;
    }
}

static void rehash(struct names *t)
{
    t->slots *= 2;
    free(t->slot);
    t->slot = mem_array(t->slots, sizeof *t->slot);
    size_t mask = t->slots - 1;
    for (size_t id = 0; id < t->n; id++) {
        size_t i = (size_t)t->hash[id] & mask;
        while (t->slot[i])
            i = (i + 1) & mask;
        t->slot[i] = (uint32_t)id + 1;
    }
}

uint32_t names_id(struct names *t, struct str s)
{
    uint64_t h = hash64(s.p, s.n, 0);
    size_t i = probe(t, s, h);
    if (t->slot[i])
        return t->slot[i] - 1;
    REQUIRE(t->n < NAMES_NONE - 1);
    MEM_GROW(t->at, t->n, t->cap);
    MEM_GROW(t->hash, t->n, t->hash_cap);
    t->at[t->n] = (struct str){ arena_strndup(t->arena, s.n ? s.p : "", s.n), s.n };
    t->hash[t->n] = h;
    t->slot[i] = (uint32_t)++t->n;
    if (t->n * 2 > t->slots)
        rehash(t);
    return (uint32_t)t->n - 1;
}

uint32_t names_id_of(struct names *t, const char *s)
{
    return names_id(t, str_of(s));
}

uint32_t names_find(const struct names *t, struct str s)
{
    size_t i = probe(t, s, hash64(s.p, s.n, 0));
    return t->slot[i] ? t->slot[i] - 1 : NAMES_NONE;
}

const char *names_get(const struct names *t, uint32_t id)
{
    return names_str(t, id).p;
}

struct str names_str(const struct names *t, uint32_t id)
{
    REQUIRE(id < t->n);
    return t->at[id];
}

uint32_t names_count(const struct names *t)
{
    return (uint32_t)t->n;
}
