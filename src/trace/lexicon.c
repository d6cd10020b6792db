/* lexicon.c: names of up to 16 bytes, nearly all, are kept as two words in the slot itself, so that
 * a hit is one probe and one comparison and touches no string. Longer ones: hash and string. */
#include "trace/lexicon_priv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct lexicon_shared {
    pthread_mutex_t lock;
    struct names *names;
};

struct slot {
    uint64_t a, b;         /* the bytes, zero-padded; of a long name its hash and 0 */
    uint32_t n;            /* length; 0: free ("" is answered without a table) */
    uint32_t id;
};

struct lexicon {
    struct lexicon_shared *shared;
    struct arena *arena;
    struct slot *slot;
    struct str *text;      /* (slots): bytes of long names */
    size_t slots, used;
};

struct lexicon_shared *lexicon_shared_new(void)
{
    struct lexicon_shared *s = mem_alloc(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->names = names_new();
    return s;
}

void lexicon_shared_free(struct lexicon_shared *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    names_free(s->names);
    free(s);
}

struct str lexicon_shared_str(struct lexicon_shared *s, uint32_t id)
{
    return names_str(s->names, id);
}

uint32_t lexicon_shared_count(const struct lexicon_shared *s)
{
    return names_count(s->names);
}

struct lexicon *lexicon_new(struct lexicon_shared *s)
{
    struct lexicon *l = mem_alloc(sizeof *l);
    l->shared = s;
    l->arena = arena_new();
    l->slots = 1 << 12;
    l->slot = mem_array(l->slots, sizeof *l->slot);
    l->text = mem_array(l->slots, sizeof *l->text);
    return l;
}

void lexicon_free(struct lexicon *l)
{
    if (!l)
        return;
    arena_free(l->arena);
    free(l->slot);
    free(l->text);
    free(l);
}

static uint32_t ask(struct lexicon *l, struct str s)
{
    if (str_is(s, "UNKNOWN") || str_is(s, "UNAVAILABLE") || str_is(s, "(?)") || str_is(s, "NAN"))
        return WORD_UNKNOWN;
    if (!str_utf8(s))
        return WORD_BAD_UTF8;
    pthread_mutex_lock(&l->shared->lock);
    uint32_t id = names_id(l->shared->names, s);
    pthread_mutex_unlock(&l->shared->lock);
    REQUIRE(id < WORD_BAD_UTF8);
    return id;
}

/* Of a product only the top bits depend on all bits of the factors, the last letters included. */
static size_t place(const struct slot *k, size_t slots)
{
    uint64_t h = (k->a ^ k->b * 0x9E3779B97F4A7C15u ^ k->n) * 0xD1B54A32D192ED03u;
    return (size_t)(h >> (64 - __builtin_ctzll(slots)));
}

static void grow(struct lexicon *l)
{
    struct slot *old = l->slot;
    struct str *text = l->text;
    size_t n = l->slots;
    l->slots *= 2;
    l->slot = mem_array(l->slots, sizeof *l->slot);
    l->text = mem_array(l->slots, sizeof *l->text);
    for (size_t i = 0; i < n; i++) {
        if (!old[i].n)
            continue;
        size_t k = place(&old[i], l->slots);
        while (l->slot[k].n)
            k = (k + 1) & (l->slots - 1);
        l->slot[k] = old[i];
        l->text[k] = text[i];
    }
    free(old);
    free(text);
}

static uint32_t add(struct lexicon *l, size_t i, struct slot key, struct str s)
{
    key.id = ask(l, s);
    l->slot[i] = key;
    if (s.n > 16)
        l->text[i] = (struct str){ arena_strndup(l->arena, s.p, s.n), s.n };
    if (++l->used * 2 > l->slots)
        grow(l);
    return key.id;
}

static uint64_t mask(size_t bytes)
{
    return bytes >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * bytes) - 1;
}

static struct slot key_of(struct str s)
{
    struct slot k = { .n = (uint32_t)s.n };
    if (s.n > 16) {
        k.a = hash64(s.p, s.n, 7);
        return k;
    }
    memcpy(&k.a, s.p, 8);
    memcpy(&k.b, s.p + 8, 8);
    k.a &= mask(s.n);
    k.b &= s.n > 8 ? mask(s.n - 8) : 0;
    return k;
}

uint32_t lexicon_id(struct lexicon *l, struct str s)
{
    if (s.n == 0)
        return WORD_UNKNOWN;
    struct slot k = key_of(s);
    for (size_t i = place(&k, l->slots);; i = (i + 1) & (l->slots - 1)) {
        const struct slot *at = &l->slot[i];
        if (at->a == k.a && at->b == k.b && at->n == k.n && (k.n <= 16 || str_eq(l->text[i], s)))
            return at->id;
        if (at->n == 0)
            return add(l, i, k, s);
    }
}
