/* compact_include.c: a walk in which a given call must occur.
 *
 *     USER --http--> MS_1 --rpc--> MS_2 --db--> MS_3      asked for: MS_2>db>MS_3
 *
 * A line says callees alone, so the call occurs where a callee dst of that type stands below a
 * callee src. Why such a walk never gets stuck: a word is allowed only if the fewest calls that
 * must still come, `need`, are not more than the calls that may come. With e the deepest open call
 * that can be extended, and a chain of n = depth - 1 - e calls that the depth asks for below it:
 *
 *     n >= 2      n: src and dst take the last two places of the chain
 *     n == 1      1 below an open src at e; else 2: the chain and a call below an open src, or src
 *                 beside e and dst below it; but below a root that is not src nothing will do
 *     n == 0      1 if an open src may have children, else 2: src at level 1, dst at level 2
 *
 * A word that makes the call at hand the wanted one, or src, never makes `need` larger than any
 * other word of its type, so where others are not allowed these two are all there is to choose
 * from. A call from USER is the root.
 */
#include "text/compact_grammar_priv.h"

enum { ONLY_DST = 1, ONLY_SRC = 2 };

/* The call at hand, as it might become. */
struct guess {
    unsigned level;
    bool leaf, src, met;
};

static bool open_src(const struct compact_state *s, const struct guess *c, unsigned level)
{
    return level == c->level ? c->src && !c->leaf : s->path[level].src;
}

static bool any_open_src(const struct compact_state *s, const struct guess *c, unsigned end)
{
    for (unsigned k = 0; k < end; k++)
        if (open_src(s, c, k))
            return true;
    return false;
}

/* Fewest calls that must follow c; UINT64_MAX: no number of calls will do. */
static uint64_t need(const struct compact_grammar *g, const struct compact_state *s,
                     const struct guess *c)
{
    bool met = s->wish.met || c->met;
    bool deep = !s->depth || s->deepest >= s->depth || c->level + 1u >= s->depth;
    if (met && deep)
        return 0;
    if ((!met && s->wish.from_user) || (c->leaf && c->level == 0))
        return UINT64_MAX;
    unsigned e = c->leaf ? c->level - 1 : c->level;
    uint64_t deepest = expect_most_depth(g, s) - 1, n = deep ? 0 : s->depth - 1 - e;
    if (met || n >= 2)
        return n;
    if (n == 1)
        return open_src(s, c, e) ? 1 : e ? 2 : UINT64_MAX;
    if (any_open_src(s, c, e < deepest ? e + 1 : (unsigned)deepest))
        return 1;
    return deepest >= 2 ? 2 : UINT64_MAX;
}

static bool possible(const struct compact_grammar *g, const struct compact_state *s,
                     struct guess c)
{
    uint64_t most = s->wish.by ? s->wish.by : expect_most_calls(g, s);
    return need(g, s, &c) <= most - s->calls - 1;
}

static bool plain_possible(const struct compact_grammar *g, const struct compact_state *s,
                           unsigned level, unsigned type)
{
    return possible(g, s, (struct guess){ level, expect_is_leaf(g, type), false, false });
}

/* Which of the two words the callee of this type may be. */
static uint8_t special(const struct compact_grammar *g, const struct compact_state *s,
                       unsigned level, unsigned type)
{
    const struct compact_wish *w = &s->wish;
    bool leaf = expect_is_leaf(g, type);
    bool wanted = type == w->type && (level ? s->path[level - 1].src : w->from_user);
    uint8_t only = 0;
    if (wanted && possible(g, s, (struct guess){ level, leaf, w->src == w->dst, true }))
        only |= ONLY_DST;
    if (!w->from_user && !leaf && g->words[w->src].types & BIT(type) &&
        possible(g, s, (struct guess){ level, false, true, false }))
        only |= ONLY_SRC;
    return only;
}

static bool waiting(const struct compact_state *s)
{
    return s->wish.include && !s->wish.met;
}

bool include_type_fits(const struct compact_grammar *g, const struct compact_state *s,
                       unsigned level, unsigned type)
{
    return !waiting(s) || plain_possible(g, s, level, type) || special(g, s, level, type);
}

bool include_level_fits(const struct compact_grammar *g, const struct compact_state *s,
                        unsigned level)
{
    for (unsigned t = 0; waiting(s) && t < CALL_TYPES; t++)
        if (g->types & BIT(t) && include_type_fits(g, s, level, t))
            return true;
    return !waiting(s);
}

bool include_callee_fits(const struct compact_grammar *g, const struct compact_state *s,
                         size_t word)
{
    if (!waiting(s) || plain_possible(g, s, s->level, s->type))
        return true;
    uint8_t only = special(g, s, s->level, s->type);
    return (only & ONLY_DST && word == s->wish.dst) || (only & ONLY_SRC && word == s->wish.src);
}

void include_take_callee(const struct compact_grammar *g, struct compact_state *s, size_t word)
{
    struct compact_wish *w = &s->wish;
    if (!w->include)
        return;
    bool below = s->level ? s->path[s->level - 1].src : w->from_user;
    s->path[s->level].src = !w->from_user && word == w->src && !expect_is_leaf(g, s->type);
    w->met |= below && s->type == w->type && word == w->dst;
}

bool compact_may_hurry(const struct compact_state *s)
{
    bool between = s->calls && (s->slot == SLOT_LEVEL || (s->slot == SLOT_TYPE && s->calls == 1));
    return waiting(s) && !s->wish.by && between && s->edges == 0 &&
           (s->depth == 0 || s->deepest == s->depth);
}

void compact_hurry(const struct compact_grammar *g, struct compact_state *s)
{
    REQUIRE(compact_may_hurry(s));
    unsigned level = s->calls == 1 ? 0 : s->level;
    struct guess last = { level, s->path[level].leaf, s->path[level].src, false };
    s->wish.by = s->calls + need(g, s, &last);
}

uint64_t include_least_calls(const struct compact_state *s)
{
    return waiting(s) && !s->wish.from_user ? 2 : 1;
}

bool include_root_is_leaf(const struct compact_grammar *g, const struct compact_state *s)
{
    return waiting(s) && s->wish.from_user && expect_is_leaf(g, s->wish.type);
}

bool compact_wish_check(const struct compact_grammar *g, const struct compact_wish *w,
                        struct err *err)
{
    if (w->least_latency > g->limits.max_latency)
        return err_set(err, EXIT_DATA, "a latency of %lld ticks is more than can be written",
                       (long long)w->least_latency);
    if (!w->include)
        return true;
    if (!(g->words[w->dst].types & BIT(w->type)))
        return err_set(err, EXIT_DATA, "the callee is never called by %s",
                       call_type_name((enum call_type)w->type));
    uint32_t inner = ~(uint32_t)g->limits.leaf_types;
    if (!w->from_user && (g->limits.max_depth < 2 || !(g->words[w->src].types & inner)))
        return err_set(err, EXIT_DATA, "the caller is never called in a way that lets it call");
    return true;
}
