/* compact_index.c: groups of words, and the merge of those that a step asks for.
 *
 *     group    0 .. COMPACT_CLASSES - 1     the words of a class, but for names
 *              CALLEES + type               names that a call of this type may call
 *              SERVICES                     names of services
 */
#include "text/compact_index.h"

#include <stdlib.h>

#include "base/mem.h"
#include "text/compact_grammar_priv.h"

enum { CALLEES = COMPACT_CLASSES, SERVICES = CALLEES + CALL_TYPES, GROUPS };

struct compact_index {
    const struct compact_grammar *g;
    struct group {
        uint32_t *word;                /* ascending */
        size_t n, cap;
    } group[GROUPS];
};

static void add(struct compact_index *x, size_t group, size_t word)
{
    struct group *p = &x->group[group];
    MEM_GROW(p->word, p->n, p->cap);
    p->word[p->n++] = (uint32_t)word;
}

static void add_name(struct compact_index *x, const struct compact_word *w, size_t word)
{
    for (size_t t = 0; t < CALL_TYPES; t++)
        if (w->types & BIT(t))
            add(x, CALLEES + t, word);
    if (w->service)
        add(x, SERVICES, word);
}

struct compact_index *compact_index_new(const struct compact_grammar *g, const uint8_t *usable)
{
    struct compact_index *x = mem_alloc(sizeof *x);
    *x = (struct compact_index){ .g = g };
    for (size_t i = 0; i < g->n; i++) {
        if (usable && !usable[i])
            continue;
        if (g->words[i].class == WORD_NAME)
            add_name(x, &g->words[i], i);
        else if (g->words[i].class != WORD_FOREIGN)
            add(x, g->words[i].class, i);
    }
    return x;
}

void compact_index_free(struct compact_index *x)
{
    for (size_t i = 0; x && i < GROUPS; i++)
        free(x->group[i].word);
    free(x);
}

/* The groups that e asks for. Of callees a step wants one type at a time. */
static size_t groups_of(const struct compact_index *x, const struct expect *e,
                        const struct group *group[GROUPS])
{
    size_t n = 0;
    for (size_t c = 0; c < COMPACT_CLASSES; c++)
        if (e->classes & BIT(c) && c != WORD_NAME)
            group[n++] = &x->group[c];
    if (e->classes & BIT(WORD_NAME) && e->service)
        group[n++] = &x->group[SERVICES];
    for (size_t t = 0; t < CALL_TYPES && e->classes & BIT(WORD_NAME) && !e->service; t++)
        if (e->callee & BIT(t))
            group[n++] = &x->group[CALLEES + t];
    return n;
}

/* The next of k ascending lists; at[] moves on. UINT32_MAX: none left. */
static uint32_t next_of(size_t k, const struct group *const *group, size_t *at)
{
    size_t from = k;
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < k; i++)
        if (at[i] < group[i]->n && group[i]->word[at[i]] < least) {
            least = group[i]->word[at[i]];
            from = i;
        }
    if (from < k)
        at[from]++;
    return least;
}

size_t compact_index_allowed(const struct compact_index *x, const struct compact_state *s,
                             uint32_t *words)
{
    const struct group *group[GROUPS];
    size_t at[GROUPS] = { 0 }, n = 0;
    struct expect e = expect_allowed(x->g, s);
    bool wished = s->wish.include && s->slot == SLOT_CALLEE;
    size_t k = groups_of(x, &e, group);
    for (uint32_t w; (w = next_of(k, group, at)) != UINT32_MAX;)
        if (expect_fits(&e, &x->g->words[w]) && (!wished || include_callee_fits(x->g, s, w)))
            words[n++] = w;
    return n;
}
