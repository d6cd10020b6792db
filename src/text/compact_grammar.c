/* compact_grammar.c: see the header.
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
 *  time    A child starts within [lo, parent's finish], lo being the start of the first sibling or
 *          of the parent; lo <= parent's finish holds for the first child, and each start keeps it
 *          for the next. What is left until the parent's finish bounds the duration, so 0 is legal.
 *          An asynchronous call starts within the same range and may then outlive its parent.
 *  number  A word is legal if some completion of the digits lies in [lo, hi]: lo <= hi at the
 *          start, and every legal digit leaves a non-empty part of the range.
 *  names   Only types that some name has are allowed; edges > 1 only if one of these is no leaf.
 */
#include "text/compact_grammar.h"

#include <string.h>

#include "trace/callgraph.h"

const struct compact_limits compact_limits_standard = {
    .max_edges = 10000, .max_depth = COMPACT_DEPTH_MAX, .max_latency = 86400000,
    .leaf_types = 1 << CALL_DB | 1 << CALL_MC | 1 << CALL_MQ,
};

enum { ID_SKIP_MAX = 255 };

#define BIT(x) ((uint32_t)1 << (x))

struct expect {
    uint32_t classes;      /* bit per class that may come */
    uint32_t levels;       /* bit per level */
    uint8_t types;         /* bit per type word */
    uint8_t callee;        /* bit of the type whose callee is wanted; 0 with service */
    bool service;
    uint64_t lo, hi;       /* the number's range; lo > hi: no number */
    uint8_t digits;        /* digits to come of a number begun; its value so far */
    uint64_t value;
};

bool compact_grammar_init(struct compact_grammar *g, const struct compact_word *words, size_t n,
                          const struct compact_limits *limits, struct err *err)
{
    *g = (struct compact_grammar){ .words = words, .n = n, .limits = *limits };
    REQUIRE(limits->max_edges >= 1 && limits->max_edges <= 1u << 20);
    REQUIRE(limits->max_depth >= 1 && limits->max_depth <= COMPACT_DEPTH_MAX);
    REQUIRE(limits->max_latency >= 0 && limits->max_latency <= INT64_MAX / 64);
    bool seen[COMPACT_CLASSES][128] = { 0 };
    uint32_t classes = 0;
    for (size_t i = 0; i < n; i++) {
        classes |= BIT(words[i].class);
        seen[words[i].class][words[i].value & 127] = true;
        if (words[i].class == WORD_NAME) {
            g->types |= words[i].types;
            g->services |= words[i].service;
        }
    }
    const char *spelling;
    for (size_t i = 0; (spelling = compact_word_fixed(i)); i++) {
        struct compact_word w = compact_word_classify(str_of(spelling));
        if (!seen[w.class][w.value])
            return err_set(err, EXIT_DATA, "the vocabulary lacks the word \"%s\"", spelling);
    }
    g->limits.marks &= classes;      /* what has no word cannot be said, nor waited for */
    if (!g->types || !g->services)
        return err_set(err, EXIT_DATA, "the vocabulary has no %s", g->types ? "service" : "callee");
    return true;
}

static bool extensible(const struct compact_grammar *g)
{
    return g->types & ~g->limits.leaf_types && g->limits.max_depth > 1;
}

static bool is_leaf(const struct compact_grammar *g, unsigned type)
{
    return g->limits.leaf_types & BIT(type);
}

static uint64_t most_calls(const struct compact_grammar *g, const struct compact_state *s)
{
    return s->edges ? s->edges : g->limits.max_edges;
}

static uint64_t most_depth(const struct compact_grammar *g, const struct compact_state *s)
{
    return s->depth ? s->depth : g->limits.max_depth;
}

/* May the next call stand at this level with a leaf type, or with one that can be extended? */
static bool reachable(const struct compact_grammar *g, const struct compact_state *s,
                      uint64_t level, bool leaf)
{
    uint64_t rest = most_calls(g, s) - s->calls - 1;      /* calls after it */
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
    bool more = extensible(g);
    *lo = 0;
    *hi = g->limits.max_latency;
    switch (slot) {
    case SLOT_EDGES:
        *lo = 1;
        *hi = more ? (int64_t)g->limits.max_edges : 1;
        return;
    case SLOT_DEPTH:
        *lo = s->edges > 1 ? 2 : 1;
        *hi = more ? (int64_t)g->limits.max_depth : 1;
        if (*hi > (int64_t)most_calls(g, s))
            *hi = (int64_t)most_calls(g, s);
        return;
    case SLOT_ID:
        *lo = (int64_t)s->id;
        *hi = *lo + ID_SKIP_MAX;
        return;
    case SLOT_GAP: {
        int64_t base = p->has_child ? p->base : p->start;
        *lo = (p->has_child ? p->first : p->start) - base;
        *hi = p->finish - base;
        return;
    }
    case SLOT_DURATION:
        if (p && !s->async)
            *hi = p->finish - s->start;
        return;
    default:
        return;
    }
}

static uint64_t power(unsigned k)      /* 100^k, or UINT64_MAX where that is too much */
{
    uint64_t x = 1;
    while (k--)
        if (__builtin_mul_overflow(x, 100u, &x))
            return UINT64_MAX;
    return x;
}

/* May digit v come next: is there a number in [lo, hi] that goes on like this? */
static bool digit_fits(const struct expect *e, uint64_t v)
{
    uint64_t low, high, scale = power(e->digits - 1u);
    if (__builtin_mul_overflow(e->value, 100u, &low) || __builtin_add_overflow(low, v, &low) ||
        __builtin_mul_overflow(low, scale, &low))
        return false;
    high = low + (scale - 1) < low ? UINT64_MAX : low + (scale - 1);
    return low <= e->hi && high >= e->lo;
}

static bool magnitude_fits(const struct expect *e, unsigned k)
{
    uint64_t high = power(k);
    return power(k - 1) <= e->hi && (high == UINT64_MAX || high - 1 >= e->lo);
}

static void expect_number(const struct compact_grammar *g, const struct compact_state *s,
                          enum compact_slot slot, struct expect *e)
{
    if (s->digits) {
        e->classes |= BIT(WORD_NUMBER);
        e->digits = s->digits;
        e->value = s->value;
        e->lo = s->lo;
        e->hi = s->hi;
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

static enum compact_slot slot_after_marks(const struct compact_state *s)
{
    if (s->timed && s->level)
        return SLOT_GAP;
    return s->timed && s->latency < 0 ? SLOT_DURATION : SLOT_DONE;
}

/* Marks still open for the call in hand: in order, the last two for the root alone. */
static uint32_t marks_left(const struct compact_grammar *g, const struct compact_state *s)
{
    uint32_t after = s->mark ? ~(BIT(s->mark + 1) - 1) : ~(uint32_t)0;
    uint32_t any = BIT(WORD_INTERFACE) | BIT(WORD_KIND) | BIT(WORD_STATUS) | BIT(WORD_ASYNC);
    uint32_t root = BIT(WORD_SOURCE) | (s->timed ? BIT(WORD_START) : 0);
    return g->limits.marks & after & (any | (s->level ? BIT(WORD_ID) : root));
}

static void expect_level(const struct compact_grammar *g, const struct compact_state *s,
                         struct expect *e)
{
    uint64_t most = s->level + (s->path[s->level].leaf ? 0u : 1u);
    if (most > most_depth(g, s) - 1)
        most = most_depth(g, s) - 1;
    e->classes = BIT(WORD_LEVEL);
    for (uint64_t l = 1; l <= most; l++)
        if (reachable(g, s, l, false))
            e->levels |= BIT(l);
}

static void expect_type(const struct compact_grammar *g, const struct compact_state *s,
                        struct expect *e)
{
    e->classes |= BIT(WORD_TYPE);
    for (unsigned t = 0; t < CALL_TYPES; t++)
        if (g->types & BIT(t) && reachable(g, s, s->level, is_leaf(g, t)))
            e->types |= (uint8_t)BIT(t);
}

static struct compact_state call_done(const struct compact_grammar *g,
                                      const struct compact_state *s);

static struct expect expect_next(const struct compact_grammar *g, const struct compact_state *s)
{
    struct expect e = { .lo = 1, .hi = 0, .digits = 0 };
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
            e.classes |= g->limits.marks & BIT(WORD_UNTIMED);
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
        enum compact_slot after = slot_after_marks(s);
        if (after == SLOT_DONE) {
            struct compact_state done = call_done(g, s);
            e = expect_next(g, &done);
        } else
            expect_number(g, s, after, &e);
        e.classes |= marks_left(g, s);
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

static bool fits(const struct expect *e, const struct compact_word *w)
{
    if (!(e->classes & BIT(w->class)))
        return false;
    switch ((enum compact_class)w->class) {
    case WORD_NUMBER:
        return e->digits ? digit_fits(e, w->value) : w->value >= e->lo && w->value <= e->hi;
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

size_t compact_allowed(const struct compact_grammar *g, const struct compact_state *s,
                       uint8_t *mask)
{
    struct expect e = expect_next(g, s);
    if (!g->limits.draw_open)
        e.classes &= ~BIT(WORD_OPEN);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        n += mask[i] = fits(&e, &g->words[i]);
    return n;
}

/* ---- steps ---- */

struct compact_state compact_start(const struct compact_grammar *g)
{
    (void)g;
    struct compact_state s;
    memset(&s, 0, sizeof s);
    s.slot = SLOT_SERVICE;
    s.latency = -1;
    s.timed = true;
    return s;
}

/* The call in hand is complete: where does that leave the line? */
static void complete_call(const struct compact_grammar *g, struct compact_state *s)
{
    s->calls++;
    if (s->level + 1u > s->deepest)
        s->deepest = s->level + 1u;
    bool alone = s->path[0].leaf || most_depth(g, s) == 1;
    s->may_end =
        (s->edges == 0 || s->calls == s->edges) && (s->depth == 0 || s->deepest == s->depth);
    s->finished = s->calls == most_calls(g, s) || alone;
    s->mark = 0;
    s->async = false;
    s->slot = s->finished ? SLOT_DONE : s->calls == 1 ? SLOT_TYPE : SLOT_LEVEL;
    if (s->calls == 1 && !s->finished)
        s->level = 1;
}

static void place_call(struct compact_state *s, int64_t start, int64_t rt)
{
    struct compact_open *o = &s->path[s->level];
    bool leaf = o->leaf;
    *o = (struct compact_open){ .start = start, .finish = start + rt, .next_id = 1, .leaf = leaf };
    if (s->level) {
        struct compact_open *p = o - 1;
        p->first = p->has_child ? p->first : start;
        p->base = o->finish;
        p->next_id = s->id + 1;
        p->has_child = true;
    }
}

/* The marks are over and no number follows: an untimed call, or the root under a given latency. */
static struct compact_state call_done(const struct compact_grammar *g,
                                      const struct compact_state *s)
{
    struct compact_state t = *s;
    place_call(&t, t.start, t.timed && t.latency > 0 ? t.latency : 0);
    complete_call(g, &t);
    return t;
}

static void enter_marks(const struct compact_grammar *g, struct compact_state *s)
{
    if (marks_left(g, s)) {
        s->slot = SLOT_MARKS;
        /* The marks are optional: where nothing must follow them, the line may end here. */
        if (slot_after_marks(s) == SLOT_DONE) {
            struct compact_state done = call_done(g, s);
            s->may_end = done.may_end;
        }
        return;
    }
    s->slot = (uint8_t)slot_after_marks(s);
    if (s->slot == SLOT_DONE)
        *s = call_done(g, s);
}

static void number_complete(const struct compact_grammar *g, struct compact_state *s, uint64_t x)
{
    const struct compact_open *p = s->level ? &s->path[s->level - 1] : NULL;
    bool negative = s->negative;
    s->digits = 0;
    s->negative = false;
    switch ((enum compact_slot)s->slot) {
    case SLOT_EDGES:
        s->edges = x;
        s->slot = SLOT_DEPTH;
        break;
    case SLOT_DEPTH:
        s->depth = x;
        s->slot = SLOT_LATENCY;
        break;
    case SLOT_LATENCY:
        s->latency = (int64_t)x;
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
        break;
    case SLOT_ID:
        s->id = x;
        enter_marks(g, s);
        break;
    case SLOT_START:
        s->start = (int64_t)x;
        enter_marks(g, s);
        break;
    case SLOT_GAP:
        s->start = (p->has_child ? p->base : p->start) + (negative ? -(int64_t)x : (int64_t)x);
        s->slot = SLOT_DURATION;
        break;
    case SLOT_DURATION:
        place_call(s, s->start, (int64_t)x);
        complete_call(g, s);
        break;
    default:
        REQUIRE(!"a number in a slot without one");
    }
}

/* A mark changes the call in hand; "=" and "^" announce a number. */
static void take_mark(const struct compact_grammar *g, struct compact_state *s, uint8_t class)
{
    s->mark = class;
    s->may_end = false;
    s->async |= class == WORD_ASYNC;
    if (class == WORD_ID || class == WORD_START)
        s->slot = class == WORD_ID ? SLOT_ID : SLOT_START;
    else
        enter_marks(g, s);
}

static void take_name(const struct compact_grammar *g, struct compact_state *s)
{
    if (s->slot == SLOT_SERVICE)
        s->slot = SLOT_EDGES;
    else if (s->slot == SLOT_BODY_SERVICE)
        s->slot = SLOT_TYPE;
    else {
        s->id = s->level ? s->path[s->level - 1].has_child ? s->path[s->level - 1].next_id : 1 : 0;
        s->start = 0;
        enter_marks(g, s);
    }
}

static void take_open(struct compact_state *s)
{
    if (s->slot == SLOT_SERVICE)
        s->open_service = true;
    if (s->slot == SLOT_LATENCY)
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
    else
        s->slot++;
}

bool compact_step(const struct compact_grammar *g, struct compact_state *s, size_t word)
{
    const struct compact_word *w = &g->words[word];
    struct expect e = expect_next(g, s);
    if (!fits(&e, w))
        return false;
    if (s->slot == SLOT_MARKS && w->class < WORD_INTERFACE) {    /* no further mark */
        s->slot = (uint8_t)slot_after_marks(s);
        if (s->slot == SLOT_DONE)
            *s = call_done(g, s);
    }
    s->may_end = false;
    switch ((enum compact_class)w->class) {
    case WORD_OPEN:
        take_open(s);
        break;
    case WORD_UNTIMED:
        s->timed = false;
        s->slot = s->open_service ? SLOT_BODY_SERVICE : SLOT_TYPE;
        break;
    case WORD_NAME:
        take_name(g, s);
        break;
    case WORD_TYPE:
        s->type = w->value;
        s->path[s->level].leaf = is_leaf(g, w->value);
        s->slot = SLOT_CALLEE;
        break;
    case WORD_LEVEL:
        s->level = w->value;
        s->slot = SLOT_TYPE;
        break;
    case WORD_MINUS:
        s->negative = true;
        break;
    case WORD_MAGNITUDE:
        s->lo = e.lo > power(w->value - 1u) ? e.lo : power(w->value - 1u);
        s->hi = e.hi;
        s->digits = w->value;
        s->value = 0;
        break;
    case WORD_NUMBER:
        s->value = s->digits ? s->value * 100 + w->value : w->value;
        s->digits = s->digits ? s->digits - 1 : 0;
        if (s->digits == 0)
            number_complete(g, s, s->value);
        break;
    default:
        take_mark(g, s, w->class);
    }
    return true;
}
