/* layer_pad.c: the scratchpad of the instruction format. Its numbers follow from the calls and the
 * header; what is chosen is the order of lines, whether a sub-header will have a depth one less (a
 * line says so before it is written), and numbers that the header leaves open.
 */
#include "text/layer_grammar_priv.h"

#include <inttypes.h>

void pad_count(struct layer_state *s)
{
    buf_printf(&s->text,
               "num generated edges = the last edge id - the first edge id + 1 = %" PRId64
               " - %" PRId64 " + 1 = %" PRId64 "\n",
               s->call[s->calls - 1].id, s->call[0].id, s->calls);
    buf_printf(&s->text, "%" PRId64 " edges generated out of num_edges:", s->calls);
}

static void take_total(const struct layer_grammar *g, struct layer_state *s, int64_t total)
{
    s->total = total;
    s->rest = total - s->calls;
    buf_printf(&s->text,
               "\nnum_remaining_edges = num_edges:%" PRId64 " - generated:%" PRId64 " = %" PRId64
               "\n",
               total, s->calls, s->rest);
    if (s->rest == 0) {
        buf_str(&s->text, "finish generation\n");
        s->subs = 0;
        subs_begin(g, s);
        return;
    }
    if (s->subs < 0)
        s->subs = 1;
    buf_str(&s->text, "\ngenerate subgraphs of edge:");
    s->phase = PHASE_LIST;
}

void pad_lines_begin(struct layer_state *s)
{
    buf_str(&s->text, "Subgraph constraints:\n");
    s->left = 1u << (SAY_EDGES_LINE - SAY_EDGES_LINE);
    s->left |= 1u << ((s->split ? SAY_COPY_DEPTH_LINE : SAY_DEPTH_LINE) - SAY_EDGES_LINE);
    if (!s->split)
        s->left |= 1u << (SAY_START_NODE_LINE - SAY_EDGES_LINE);
    s->phase = PHASE_LINE;
}

/* The optional line is there to be said, or left out for good by what is written after it. */
static void want_line(const struct layer_grammar *g, struct layer_state *s)
{
    const uint32_t optional = 1u << (SAY_DEPTH_LINE - SAY_EDGES_LINE) |
                              1u << (SAY_COPY_DEPTH_LINE - SAY_EDGES_LINE);
    bool undecided = s->left & optional, open = s->depth < 0;
    bool say = undecided && (open || budget_possible(g, s, LINE_SAID));
    bool omit = !undecided || (!open && budget_possible(g, s, LINE_LEFT_OUT));
    uint32_t must = s->left & ~optional, words = must | (say ? s->left & optional : 0);
    s->want.kind = WANT_WORD;
    if (g->limits.fixed && must & 1)
        words = 1;
    else if (g->limits.fixed && !omit)
        words &= optional;
    s->want.words = (uint64_t)words << SAY_EDGES_LINE;
    if (!must && omit)
        s->want.words |= bit(SAY_SUBGRAPH);
}

static void want_total(const struct layer_grammar *g, struct layer_state *s)
{
    int64_t lo = s->depth > 0 ? s->depth + 1 : s->subs > 0 ? 2 : 1;
    int64_t hi = s->depth == 0 || s->subs == 0 ? 1 : g->limits.max_edges;
    if (s->depth < 0 && s->subs < 0 && g->limits.max_depth == 1)
        hi = 1;
    if (wish_needs_depth(s))
        lo = greatest(lo, 3);
    if (s->total >= 0)
        lo = hi = s->total;
    ranges_add(&s->want.numbers, lo, hi);
}

static void want_depth(const struct layer_grammar *g, struct layer_state *s)
{
    int64_t most = least(s->rest, g->limits.max_depth - 1);
    int64_t lo = wish_needs_depth(s) ? 2 : 1;
    ranges_add(&s->want.numbers, s->depth >= 0 ? s->depth : lo, s->depth >= 0 ? s->depth : most);
}

void pad_want(const struct layer_grammar *g, struct layer_state *s)
{
    if (s->phase == PHASE_LINE) {
        want_line(g, s);
        return;
    }
    s->want.kind = WANT_NUMBER;
    if (s->phase == PHASE_TOTAL)
        want_total(g, s);
    else if (s->phase == PHASE_LINE_DEPTH)
        want_depth(g, s);
    else
        subs_want_place(g, s);
}

static void take_depth(struct layer_state *s, int64_t depth)
{
    if (s->depth < 0)
        s->deep = false;
    s->depth = depth;
    buf_printf(&s->text, " - 1 = %" PRId64 "\n", depth - 1);
    s->phase = PHASE_LINE;
}

void pad_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x)
{
    if (s->phase == PHASE_TOTAL)
        take_total(g, s, x);
    else if (s->phase == PHASE_LINE_DEPTH)
        take_depth(s, x);
    else {
        subs_take_place(s, x);
        bool more = s->n_listed < s->subs;
        buf_str(&s->text, more ? ",edge_id:" : "\n");
        if (!more)
            subs_begin(g, s);
    }
}

void pad_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w)
{
    const uint32_t optional = 1u << (SAY_DEPTH_LINE - SAY_EDGES_LINE) |
                              1u << (SAY_COPY_DEPTH_LINE - SAY_EDGES_LINE);
    struct buf *t = &s->text;
    bool fixed = g->limits.fixed && w == SAY_START_NODE_LINE;
    if (s->left & optional && (fixed || w == SAY_SUBGRAPH)) {
        s->left &= ~optional;
        s->depth_line = LINE_LEFT_OUT;
    }
    if (w == SAY_SUBGRAPH) {
        subs_open(s);
        return;
    }
    s->left &= ~(1u << (w - SAY_EDGES_LINE));
    if (w == SAY_EDGES_LINE)
        buf_printf(t, "%" PRId64 "\n", s->rest);
    else if (w == SAY_START_NODE_LINE) {
        struct str name = g->names[subs_call(s)->name].text;
        buf_printf(t, "%" PRId64 " destination: %.*s\n", subs_call(s)->id, (int)name.n, name.p);
    } else {
        s->depth_line = LINE_SAID;
        if (w == SAY_COPY_DEPTH_LINE)
            buf_printf(t, "%" PRId64 "' from the requirement\n", s->depth);
        else
            s->phase = PHASE_LINE_DEPTH;
    }
}
