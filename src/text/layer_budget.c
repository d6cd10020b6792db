/* layer_budget.c: which numbers of a sub-header leave a way on.
 *
 *     n num_edges = c num_current_edges + e edges below,   k num_subgraphs,   d remaining_depth
 *
 *     flat            d = 0, e = 0, k = 0                      (of parts: k = 2..5)
 *     plain, deep     1 <= k <= c <= 15,  e >= k + d - 1       one child needs d edges, others one
 *     split, deep     2 <= k <= 5,  c > 13 (k - 1),  e >= d    all parts but the last hold 13
 *
 * and the budgets of what is around: with m sub-headers still to follow, a layer's children leave
 * each of them an edge, and D to one if none has depth D - 1 yet; parts leave each 13 calls (the
 * last one), and D edges below if none has depth D yet.
 *
 * For each case these are lower bounds of c and e that rise with k and d, and a sum: so tightening
 * bounds until nothing moves is exact, and each number's allowed values are the union of the cases'
 * intervals. (Without the cases they are none: of 5 edges for two children under depth 4, the first
 * takes 1 or 4.)
 */
#include "text/layer_grammar_priv.h"

enum { N, C, E, K, D, NUMBERS };
enum shape { FLAT, FLAT_SPLIT, DEEP, DEEP_SPLIT, SHAPES };

struct box {
    int64_t lo[NUMBERS], hi[NUMBERS];
};

static void at_least(struct box *b, int x, int64_t lo)
{
    b->lo[x] = greatest(b->lo[x], lo);
}

static void at_most(struct box *b, int x, int64_t hi)
{
    b->hi[x] = least(b->hi[x], hi);
}

static void within(struct box *b, int x, int64_t lo, int64_t hi)
{
    at_least(b, x, lo);
    at_most(b, x, hi);
}

static int64_t calls_for(int64_t k, bool split)
{
    return split ? LAYER_PART_LEAST * (k - 1) + 1 : k;
}

static int64_t below_for(int64_t k, int64_t d, bool split)
{
    return split ? d : k + d - 1;
}

/* k in hand with the least of all else: does it fit? */
static bool k_fits(const struct box *b, enum shape shape, int64_t k)
{
    bool split = shape == DEEP_SPLIT || shape == FLAT_SPLIT;
    int64_t c = greatest(b->lo[C], calls_for(k, split)), e = b->lo[E];
    if (shape == DEEP)
        e = greatest(e, below_for(k, b->lo[D], split));
    return c <= b->hi[C] && e <= b->hi[E] && c + e <= b->hi[N];
}

static void tighten(struct box *b, enum shape shape)
{
    bool split = shape == DEEP_SPLIT || shape == FLAT_SPLIT;
    if (shape != FLAT)
        at_least(b, C, calls_for(b->lo[K], split));
    if (shape == DEEP || shape == DEEP_SPLIT)
        at_least(b, E, below_for(b->lo[K], b->lo[D], split));
    at_least(b, C, b->lo[N] - b->hi[E]);
    at_least(b, E, b->lo[N] - b->hi[C]);
    at_most(b, C, b->hi[N] - b->lo[E]);
    at_most(b, E, b->hi[N] - b->lo[C]);
    within(b, N, b->lo[C] + b->lo[E], b->hi[C] + b->hi[E]);
    if (shape == DEEP)
        at_most(b, D, b->hi[E] - b->lo[K] + 1);
    if (shape == DEEP_SPLIT)
        at_most(b, D, b->hi[E]);
    while (shape != FLAT && b->hi[K] >= b->lo[K] && !k_fits(b, shape, b->hi[K]))
        b->hi[K]--;
}

/* False: nothing is left of the case. */
static bool close_box(struct box *b, enum shape shape, bool part)
{
    bool split = shape == DEEP_SPLIT || shape == FLAT_SPLIT;
    if (split) {
        within(b, K, 2, LAYER_PARTS);
        at_least(b, C, part ? LAYER_PART_LEAST + 1 : LAYER_CALLS + 1);
    } else {
        within(b, K, shape == FLAT ? 0 : 1, shape == FLAT ? 0 : LAYER_CALLS);
        at_most(b, C, LAYER_CALLS);
    }
    if (shape == FLAT || shape == FLAT_SPLIT) {
        within(b, D, 0, 0);
        within(b, E, 0, 0);
    } else
        at_least(b, D, 1);
    for (int pass = 0; pass < 4; pass++)     /* two settle it; the others find them settled */
        tighten(b, shape);
    for (int x = 0; x < NUMBERS; x++)
        if (b->lo[x] > b->hi[x])
            return false;
    return true;
}

static struct box open_box(const struct layer_grammar *g)
{
    int64_t most = g->limits.max_edges;
    return (struct box){ .lo = { 1, 1, 0, 0, 0 },
                         .hi = { most, most, most, LAYER_CALLS, g->limits.max_depth - 1 } };
}

static void fix(struct box *b, int x, int64_t v)
{
    if (v >= 0)
        within(b, x, v, v);
}

/* A sub-header either has the depth that one must have, or not: how many edges may it then take? */
static bool budget_child(const struct layer_grammar *g, const struct layer_state *s, bool takes,
                         struct box *b)
{
    int64_t after = s->subs - s->subs_written - 1, rest = s->rest;
    if (s->depth >= 0)
        within(b, D, takes ? s->depth - 1 : 0, takes ? s->depth - 1 : s->depth - 2);
    else
        within(b, D, wish_needs_depth(s) ? 1 : 0, g->limits.max_depth - 2);
    if (rest < 0) {
        at_most(b, N, g->limits.max_edges - s->calls);
        return after == 0 && (takes || s->deep);
    }
    bool satisfied = s->deep || takes;
    if (!satisfied && after == 0)
        return false;
    within(b, N, after ? 1 : rest, rest - (satisfied ? after : after - 1 + s->depth));
    return true;
}

static bool budget_part(const struct layer_state *s, bool takes, struct box *b)
{
    int64_t after = s->subs - s->subs_written - 1;
    within(b, D, takes ? s->depth : 0, takes ? s->depth : s->depth - 1);
    bool satisfied = s->deep || takes;
    int64_t below = s->rest - s->rest_calls;
    if (!satisfied && after == 0)
        return false;
    if (after)
        within(b, C, LAYER_PART_LEAST, s->rest_calls - LAYER_PART_LEAST * (after - 1) - 1);
    else
        within(b, C, s->rest_calls, s->rest_calls);
    within(b, E, after ? 0 : below, satisfied ? below : below - s->depth);
    return true;
}

/* Case number i of the sub-header in hand: regimes times shapes. False: there is nothing in it. */
static bool case_box(const struct layer_grammar *g, const struct layer_state *s, unsigned line,
                     unsigned i, struct box *b)
{
    enum shape shape = (enum shape)(i % SHAPES);
    unsigned regime = i / SHAPES;    /* 0: the depth that one must have; 1, 2: another */
    bool part = s->split, takes = regime == 0;
    *b = open_box(g);
    if (regime == 2 && !part)
        return false;
    if (!(part ? budget_part(s, takes, b) : budget_child(g, s, takes, b)))
        return false;
    /* The line of the scratchpad is about depth - 1, in a split too. */
    int64_t said = s->depth - 1;
    if (part && regime == 1)
        within(b, D, said, said);
    if (part && regime == 2)
        at_most(b, D, said - 1);
    bool says = part ? regime == 1 : regime == 0;
    if (s->depth >= 0 && line != LINE_NONE && says != (line == LINE_SAID))
        return false;
    const int64_t *have = s->sub.number;
    fix(b, N, have[HEAD_NUM_EDGES]);
    fix(b, C, have[HEAD_NUM_CURRENT]);
    fix(b, K, have[HEAD_NUM_SUBGRAPHS]);
    fix(b, D, have[HEAD_DEPTH]);
    return close_box(b, shape, part);
}

void budget_ranges(const struct layer_grammar *g, const struct layer_state *s, enum header_key key,
                   struct ranges *out)
{
    int x = key == HEAD_NUM_EDGES ? N : key == HEAD_NUM_CURRENT ? C : key == HEAD_DEPTH ? D : K;
    struct box b;
    for (unsigned i = 0; i < 3 * SHAPES; i++)
        if (case_box(g, s, s->depth_line, i, &b))
            ranges_add(out, b.lo[x], b.hi[x]);
}

bool budget_possible(const struct layer_grammar *g, const struct layer_state *s, unsigned line)
{
    struct box b;
    for (unsigned i = 0; i < 3 * SHAPES; i++)
        if (case_box(g, s, line, i, &b))
            return true;
    return false;
}

bool budget_fits(const struct layer_grammar *g, int64_t edges, int64_t calls, int64_t subs,
                 int64_t depth, bool split, bool part)
{
    for (unsigned i = 0; i < SHAPES; i++) {
        struct box b = open_box(g);
        fix(&b, N, edges);
        fix(&b, C, calls);
        fix(&b, K, subs);
        fix(&b, D, depth);
        bool is_split = i == FLAT_SPLIT || i == DEEP_SPLIT;
        if (split == is_split && close_box(&b, (enum shape)i, part))
            return true;
    }
    return false;
}
