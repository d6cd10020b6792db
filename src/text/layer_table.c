/* layer_table.c: rows of a table in the order of their ids, which is depth first.
 *
 *     0            a row at level 3 is a child of the latest row at level 2. Its id repeats the
 *     0.1          path to it, component by component, then goes beyond the last sibling's.
 *     0.1.1        Each component written again keeps deeper levels open; a greater one settles
 *     0.2  <- 2    the level.
 *
 * Callers enclose their calls in time, so the windows of the levels are nested: what fits a deep
 * level fits all above, and bounds over several levels are those of the shallowest.
 *
 * Until the id is written a row may be of any level that the budgets, its caller and its times, if
 * they stand already, agree with.
 */
#include "text/layer_grammar_priv.h"

#include "base/names.h"

static int64_t most_edges(const struct layer_grammar *g, const struct layer_state *s)
{
    return s->total >= 0 ? s->total : g->limits.max_edges;
}

int64_t table_most_depth(const struct layer_grammar *g, const struct layer_state *s)
{
    return s->depth >= 0 ? s->depth : g->limits.max_depth;
}

bool table_can_start(const struct layer_grammar *g, const struct layer_state *s)
{
    return s->total != 0 && s->depth != 0 && most_edges(g, s) <= g->limits.max_edges &&
           table_most_depth(g, s) <= g->limits.max_depth &&
           (s->depth < 0 || most_edges(g, s) >= s->depth) && (s->depth != 1 || s->total <= 1);
}

static bool agrees(const struct layer_state *s, int64_t level)
{
    const struct layer_call *up = &s->call[level - 2], *r = &s->row;
    return (s->row_source == NAMES_NONE || s->row_source == up->name) &&
           (r->start < 0 || (up->start <= r->start && r->start <= up->finish)) &&
           (r->finish < 0 || (up->start <= r->finish && r->finish <= up->finish));
}

/* The deepest level that a row could have. */
static int64_t last_level(const struct layer_state *s)
{
    return least(s->length + 1, LAYER_DEPTH_MAX);
}

/* The levels that the row may have: bit per level, 1 at the root. */
static uint64_t levels(const struct layer_grammar *g, const struct layer_state *s)
{
    if (s->level)
        return s->level >= 2 ? bit((unsigned)s->level - 1) : 1;
    if (s->written == 0)
        return 1;
    int64_t after = most_edges(g, s) - s->written - 1, lo = 2;
    int64_t hi = least(table_most_depth(g, s), s->length + 1);
    if (s->depth >= 0 && s->deepest < s->depth)
        lo = greatest(lo, s->depth - after);
    uint64_t set = 0;
    for (int64_t level = greatest(lo, s->at + 1); level <= hi; level++)
        if (agrees(s, level) && wish_kinds_at(g, s, level))
            set |= bit((unsigned)level - 1);
    return set;
}

unsigned table_kinds(const struct layer_grammar *g, const struct layer_state *s)
{
    unsigned kinds = 0;
    for (uint64_t set = levels(g, s); set; set &= set - 1)
        kinds |= wish_kinds_at(g, s, __builtin_ctzll(set) + 1);
    return kinds;
}

void table_want_ids(const struct layer_grammar *g, struct layer_state *s)
{
    struct ranges *r = &s->want.numbers;
    int64_t last = g->limits.max_id - (most_edges(g, s) - s->written - 1), at = s->at;
    if (s->written == 0) {
        ranges_add(r, 0, 0);
        return;
    }
    uint64_t set = levels(g, s);
    int64_t latest = at < s->length ? s->call[at].id : -1;
    if (at < s->length && set >> at >> 1)
        ranges_add(r, latest, latest);
    if (set >> at & 1)
        ranges_add(r, latest + 1, last);
}

bool table_take_id(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    (void)g;
    bool again = s->written && s->at < s->length && x == s->call[s->at].id;
    s->at++;
    if (!again)
        s->level = s->at;
    return !again;
}

void table_want_sources(const struct layer_grammar *g, struct layer_state *s)
{
    uint64_t set = levels(g, s);
    struct layer_want *w = &s->want;
    for (int64_t level = 2; level <= last_level(s); level++) {
        uint32_t name = s->call[level - 2].name;
        bool known = !(set >> (level - 1) & 1);
        for (size_t i = 0; i < w->n_sources; i++)
            known = known || w->source[i] == name;
        if (!known)
            w->source[w->n_sources++] = name;
    }
}

static void want_root_times(struct layer_state *s, bool finish)
{
    const struct layer_call *r = &s->row;
    int64_t rt = s->ask.head.number[HEAD_LATENCY], start = s->ask.head.number[HEAD_START_AT];
    int64_t lo = s->earliest, hi = s->latest;
    if (start >= 0 && !finish)
        lo = hi = start;
    else if (finish && r->start >= 0)
        lo = r->start;
    else if (!finish && r->finish >= 0)
        hi = r->finish;
    if (rt >= 0 && finish)
        lo = r->start >= 0 ? r->start + rt : start >= 0 ? start + rt : rt;
    if (rt >= 0 && finish)
        hi = r->start >= 0 || start >= 0 ? lo : s->latest + rt;
    if (rt >= 0 && !finish && r->finish >= 0)
        lo = hi = r->finish - rt;
    if (finish)
        lo = greatest(lo, (r->start >= 0 ? r->start : s->earliest) + s->ask.least_latency);
    ranges_add(&s->want.numbers, lo, hi);
}

void table_want_times(const struct layer_grammar *g, struct layer_state *s, bool finish)
{
    if (s->written == 0) {
        want_root_times(s, finish);
        return;
    }
    uint64_t set = levels(g, s);
    int64_t lo = INT64_MAX, hi = -1;
    for (int64_t level = 2; level <= last_level(s); level++) {
        if (!(set >> (level - 1) & 1))
            continue;
        lo = least(lo, s->call[level - 2].start);
        hi = greatest(hi, s->call[level - 2].finish);
    }
    if (finish && s->row.start >= 0)
        lo = s->row.start;
    if (!finish && s->row.finish >= 0)
        hi = s->row.finish;
    ranges_add(&s->want.numbers, lo, hi);
}

void table_end_row(const struct layer_grammar *g, struct layer_state *s)
{
    (void)g;
    wish_end_row(s);
    s->call[s->level - 1] = s->row;
    s->length = s->level;
    s->deepest = greatest(s->deepest, s->level);
    s->written++;
    s->phase = PHASE_ROW;
}

void table_want_row(const struct layer_grammar *g, struct layer_state *s)
{
    bool more = s->written < most_edges(g, s) && (s->written == 0 || table_most_depth(g, s) > 1);
    bool end = s->written && (s->total >= 0 ? s->written == s->total
                                            : s->depth < 0 || s->deepest == s->depth);
    end = end && !wish_is_open(s);
    s->want.kind = WANT_WORD;
    s->want.words = (more ? bit(SAY_ROW) : 0) | (end ? bit(SAY_ROWS_END) : 0);
}
