/* compact_expect.c: what may come next in a compact line.
 *
 * Every question is answered by one `struct expect`, made from the state once per step; a word is
 * then looked up in it. Why a walk never gets stuck:
 *
 *  shape   After each call with r calls to come, depth d asked for and not reached, its level l:
 *              r >= d - 1 - l      if the call may be extended (its child is one step nearer),
 *              r >= d - l          if it is a leaf (a sibling takes its place first).
 *          A type or level that would break this is not allowed; a level that keeps it exists,
 *          because one below an extensible call, or the leaf's own level, does. A root that must
 *          have children is not a leaf, so level 1 is open for ever.
 *  time    A child starts within [lo, parent's finish], lo being the start of the sibling before or
 *          of the parent; lo <= parent's finish holds for the first child, and each start keeps it
 *          for the next. What is left until the parent's finish bounds the duration, so 0 is legal.
 *          An asynchronous call starts within the same range and may then outlive its parent.
 *  number  A word is legal if some completion of the digits lies in [lo, hi]: lo <= hi at the
 *          start, and every legal digit leaves a non-empty part of the range.
 *  names   Only types that some name has are allowed; edges > 1 only if one of these is no leaf.
 */
#include "text/compact_grammar_priv.h"

#include <string.h>

enum { ID_SKIP_MAX = 255 };

static bool extensible(const struct compact_grammar *g)
{
    return g->types & ~g->limits.leaf_types && g->limits.max_depth > 1;
}

uint64_t expect_most_calls(const struct compact_grammar *g, const struct compact_state *s)
{
    return s->edges ? s->edges : g->limits.max_edges;
}

uint64_t expect_most_depth(const struct compact_grammar *g, const struct compact_state *s)
{
    return s->depth ? s->depth : g->limits.max_depth;
}

/* May the next call stand at this level with a leaf type, or with one that can be extended? */
static bool reachable(const struct compact_grammar *g, const struct compact_state *s,
                      uint64_t level, bool leaf)
{
    uint64_t rest = expect_most_calls(g, s) - s->calls - 1;      /* calls after it */
    if (level == 0 && leaf)
        return s->edges <= 1 && s->depth <= 1;
    if (!s->depth || s->deepest >= s->depth || level + 1 >= s->depth)
        return true;
    return rest >= s->depth - 1 - level + leaf;
}

/* ---- numbers ---- */

/* Signed range of the number that a slot holds. */
static void range_of(const struct compact_grammar *g, const struct compact_state *s,
                     enum compact_slot slot, int64_t *lo, int64_t *hi)
{
    const struct compact_open *p = s->level ? &s->path[s->level - 1] : NULL;
    bool more = extensible(g) && !include_root_is_leaf(g, s);
    *lo = 0;
    *hi = g->limits.max_latency;
    switch (slot) {
    case SLOT_EDGES:
        *lo = (int64_t)include_least_calls(s);
        *hi = more ? (int64_t)g->limits.max_edges : 1;
        return;
    case SLOT_DEPTH:
        *lo = s->edges > 1 ? 2 : (int64_t)include_least_calls(s);
        *hi = more ? (int64_t)g->limits.max_depth : 1;
        if (*hi > (int64_t)expect_most_calls(g, s))
            *hi = (int64_t)expect_most_calls(g, s);
        return;
    case SLOT_ID:
        *lo = (int64_t)s->id;
        *hi = *lo + ID_SKIP_MAX;
        return;
    case SLOT_GAP: {
        int64_t base = p->has_child ? p->base : p->start;
        *lo = (p->has_child ? p->latest : p->start) - base;
        *hi = p->finish - base;
        return;
    }
    case SLOT_LATENCY:
        *lo = s->wish.least_latency;
        return;
    case SLOT_DURATION:
        if (!p)
            *lo = s->wish.least_latency;
        else if (!s->async)
            *hi = p->finish - s->start;
        return;
    default:
        return;
    }
}

uint64_t expect_power(unsigned k)
{
    uint64_t x = 1;
    while (k--)
        if (__builtin_mul_overflow(x, 100u, &x))
            return UINT64_MAX;
    return x;
}

static bool magnitude_fits(const struct expect *e, unsigned k)
{
    uint64_t high = expect_power(k);
    return expect_power(k - 1) <= e->hi && (high == UINT64_MAX || high - 1 >= e->lo);
}

static void expect_number(const struct compact_grammar *g, const struct compact_state *s,
                          enum compact_slot slot, struct expect *e)
{
    if (s->digits) {
        /* The digits after which some number in [lo, hi] goes on: a range too. */
        uint64_t scale = expect_power(s->digits - 1u), before = s->value * 100;
        e->classes |= BIT(WORD_NUMBER);
        e->lo = s->lo / scale > before ? s->lo / scale - before : 0;
        e->hi = s->hi / scale - before;
        return;
    }
    int64_t lo, hi;
    range_of(g, s, slot, &lo, &hi);
    if (lo < 0 && !s->negative)
        e->classes |= BIT(WORD_MINUS);
    int64_t from = s->negative ? (hi < -1 ? -hi : 1) : (lo > 0 ? lo : 0),
            to = s->negative ? -lo : hi;
    e->lo = (uint64_t)from;
    e->hi = to < from ? 0 : (uint64_t)to;
    if (to >= from)
        e->classes |= BIT(WORD_NUMBER) | BIT(WORD_MAGNITUDE);
}

/* ---- what may come ---- */

enum compact_slot expect_after_marks(const struct compact_state *s)
{
    if (s->timed && s->level)
        return SLOT_GAP;
    return s->timed && s->latency < 0 ? SLOT_DURATION : SLOT_DONE;
}

/* Marks still open for the call in hand: in order, the last two for the root alone. */
uint32_t expect_marks(const struct compact_grammar *g, const struct compact_state *s)
{
    uint32_t after = s->mark ? ~(BIT(s->mark + 1) - 1) : ~(uint32_t)0;
    uint32_t any = BIT(WORD_INTERFACE) | BIT(WORD_KIND) | BIT(WORD_STATUS) | BIT(WORD_ASYNC);
    uint32_t root = (s->wish.from_user ? 0 : BIT(WORD_SOURCE)) | (s->timed ? BIT(WORD_START) : 0);
    return g->limits.marks & after & (any | (s->level ? BIT(WORD_ID) : root));
}

static void expect_level(const struct compact_grammar *g, const struct compact_state *s,
                         struct expect *e)
{
    uint64_t most = s->level + (s->path[s->level].leaf ? 0u : 1u);
    if (most > expect_most_depth(g, s) - 1)
        most = expect_most_depth(g, s) - 1;
    e->classes = BIT(WORD_LEVEL);
    for (uint64_t l = 1; l <= most; l++)
        if (reachable(g, s, l, false) && include_level_fits(g, s, (unsigned)l))
            e->levels |= BIT(l);
}

static void expect_type(const struct compact_grammar *g, const struct compact_state *s,
                        struct expect *e)
{
    e->classes |= BIT(WORD_TYPE);
    for (unsigned t = 0; t < CALL_TYPES; t++)
        if (g->types & BIT(t) && reachable(g, s, s->level, expect_is_leaf(g, t)) &&
            include_type_fits(g, s, s->level, t))
            e->types |= (uint8_t)BIT(t);
}

struct expect expect_next(const struct compact_grammar *g, const struct compact_state *s)
{
    struct expect e = { .lo = 1, .hi = 0 };
    switch ((enum compact_slot)s->slot) {
    case SLOT_SERVICE:
        e.service = true;
        e.classes = BIT(WORD_NAME) | BIT(WORD_OPEN);
        break;
    case SLOT_BODY_SERVICE:
        e.service = true;
        e.classes = BIT(WORD_NAME);
        break;
    case SLOT_EDGES:
    case SLOT_DEPTH:
    case SLOT_LATENCY:
        expect_number(g, s, (enum compact_slot)s->slot, &e);
        if (!s->digits)
            e.classes |= BIT(WORD_OPEN);
        if (!s->digits && s->slot == SLOT_LATENCY)
            e.classes |= s->wish.least_latency ? 0 : g->limits.marks & BIT(WORD_UNTIMED);
        break;
    case SLOT_LEVEL:
        expect_level(g, s, &e);
        break;
    case SLOT_TYPE:
        expect_type(g, s, &e);
        break;
    case SLOT_CALLEE:
        e.classes = BIT(WORD_NAME);
        e.callee = (uint8_t)BIT(s->type);
        break;
    case SLOT_MARKS: {
        enum compact_slot after = expect_after_marks(s);
        if (after == SLOT_DONE) {
            struct compact_state done = grammar_call_done(g, s);
            e = expect_next(g, &done);
        } else
            expect_number(g, s, after, &e);
        e.classes |= expect_marks(g, s);
        break;
    }
    case SLOT_ID:
    case SLOT_START:
    case SLOT_GAP:
    case SLOT_DURATION:
        expect_number(g, s, (enum compact_slot)s->slot, &e);
        break;
    case SLOT_DONE:
        break;
    }
    return e;
}

bool expect_fits(const struct expect *e, const struct compact_word *w)
{
    if (!(e->classes & BIT(w->class)))
        return false;
    switch ((enum compact_class)w->class) {
    case WORD_NUMBER:
        return w->value >= e->lo && w->value <= e->hi;
    case WORD_MAGNITUDE:
        return magnitude_fits(e, w->value);
    case WORD_LEVEL:
        return e->levels & BIT(w->value);
    case WORD_TYPE:
        return e->types & BIT(w->value);
    case WORD_NAME:
        return e->service ? w->service : (w->types & e->callee) != 0;
    default:
        return true;
    }
}

struct expect expect_allowed(const struct compact_grammar *g, const struct compact_state *s)
{
    struct expect e = expect_next(g, s);
    if (!g->limits.draw_open)
        e.classes &= ~BIT(WORD_OPEN);
    return e;
}

size_t compact_allowed(const struct compact_grammar *g, const struct compact_state *s,
                       uint8_t *mask)
{
    struct expect e = expect_allowed(g, s);
    bool wished = s->wish.include && s->slot == SLOT_CALLEE;
    size_t n = 0, i = 0;
    memset(mask, 0, g->n);
    for (size_t r = 0; r < g->n_runs; i = g->run[r++].end)
        for (; g->run[r].classes & e.classes && i < g->run[r].end; i++)
            n += mask[i] = expect_fits(&e, &g->words[i]) &&
                           (!wished || include_callee_fits(g, s, i));
    return n;
}
