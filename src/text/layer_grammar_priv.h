/* layer_grammar_priv.h: the parts of the layer grammar. Within text/ only.
 *
 *     layer_grammar.c   starts, settles what is determined, takes what was chosen
 *     layer_rows.c      the attributes of a call; calls of a layer
 *     layer_table.c     calls of a table: levels, callers, ids
 *     layer_subs.c      sub-headers
 *     layer_pad.c       the arithmetic of the instruction format
 *     layer_budget.c    numbers of a sub-header that leave a way on
 *     layer_wish.c      a call that must occur
 *
 * A phase is what comes next. For each there is a function that says what is wanted and one that
 * takes it, writes what follows by force, and moves on.
 */
#ifndef TEXT_LAYER_GRAMMAR_PRIV_H
#define TEXT_LAYER_GRAMMAR_PRIV_H

#include "text/layer_grammar.h"

enum layer_phase {
    PHASE_OPEN,          /* layer or split? */
    PHASE_ROW,           /* table: another row? */
    PHASE_ATTRIBUTE, PHASE_VALUE,
    PHASE_TOTAL,         /* "n edges generated out of num_edges:" */
    PHASE_LIST,          /* "generate subgraphs of edge:" */
    PHASE_SUB,           /* another sub-header? */
    PHASE_LINE,          /* a line of its constraints */
    PHASE_LINE_DEPTH,    /* the depth in one of them */
    PHASE_INDEX, PHASE_KEY, PHASE_KEY_VALUE,
    PHASE_DONE
};

enum { LINE_NONE, LINE_SAID, LINE_LEFT_OUT };    /* depth_line */

static inline uint64_t bit(unsigned k)
{
    return (uint64_t)1 << k;
}

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline bool is_table(const struct layer_grammar *g)
{
    return g->limits.task == TASK_TABULAR;
}

static inline bool has_pad(const struct layer_grammar *g)
{
    return g->limits.task == TASK_INSTRUCTION && !g->limits.no_scratchpad;
}

/* Of the bits of `left`, all, or where the order is fixed the lowest; as words from `base`. */
uint64_t layer_choice(const struct layer_grammar *g, uint32_t left, unsigned base);

/* layer_rows.c */
void rows_begin(const struct layer_grammar *g, struct layer_state *s);
void rows_want(const struct layer_grammar *g, struct layer_state *s);
void rows_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w);
void rows_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x);
void rows_take_name(const struct layer_grammar *g, struct layer_state *s, uint32_t name);

/* layer_table.c: what may stand in a row of a table, after what stands there already. */
void table_want_ids(const struct layer_grammar *g, struct layer_state *s);
void table_want_sources(const struct layer_grammar *g, struct layer_state *s);
void table_want_times(const struct layer_grammar *g, struct layer_state *s, bool finish);
bool table_take_id(const struct layer_grammar *g, struct layer_state *s, int64_t x);  /* whole? */
void table_end_row(const struct layer_grammar *g, struct layer_state *s);
void table_want_row(const struct layer_grammar *g, struct layer_state *s);
bool table_can_start(const struct layer_grammar *g, const struct layer_state *s);
int64_t table_most_depth(const struct layer_grammar *g, const struct layer_state *s);
unsigned table_kinds(const struct layer_grammar *g, const struct layer_state *s);

/* layer_subs.c */
void subs_begin(const struct layer_grammar *g, struct layer_state *s);
void subs_want(const struct layer_grammar *g, struct layer_state *s);
void subs_want_place(const struct layer_grammar *g, struct layer_state *s);
void subs_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w);
void subs_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x);
void subs_take_place(struct layer_state *s, int64_t id);
void subs_open(struct layer_state *s);       /* "<subgraph of edge_id " stands */
const struct layer_call *subs_call(const struct layer_state *s);    /* that the sub extends */
void layer_end(struct layer_state *s);

/* layer_pad.c */
void pad_count(struct layer_state *s);       /* the lines up to num_edges */
void pad_lines_begin(struct layer_state *s);
void pad_want(const struct layer_grammar *g, struct layer_state *s);
void pad_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w);
void pad_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x);

/* layer_budget.c: which num_edges, num_current_edges, num_subgraphs, remaining_depth the sub-header
 * in hand may still have. */
void budget_ranges(const struct layer_grammar *g, const struct layer_state *s, enum header_key key,
                   struct ranges *out);
bool budget_possible(const struct layer_grammar *g, const struct layer_state *s, unsigned line);

/* Can a layer, or a split one, have these four numbers (-1: any)? part: it may be a part. */
bool budget_fits(const struct layer_grammar *g, int64_t edges, int64_t calls, int64_t subs,
                 int64_t depth, bool split, bool part);

/* layer_wish.c: what the row in hand may be, as bits. Where it may be plain it may also be the
 * others by chance; where not, its name and type are theirs. */
enum { ROW_PLAIN = 1, ROW_SRC = 2, ROW_DST = 4 };
bool wish_begin(const struct layer_grammar *g, struct layer_state *s);    /* can it be met? */
bool wish_is_open(const struct layer_state *s);
unsigned wish_kinds(const struct layer_grammar *g, const struct layer_state *s);
unsigned wish_kinds_at(const struct layer_grammar *g, const struct layer_state *s, int64_t level);
uint8_t wish_types(const struct layer_state *s, unsigned kinds);
void wish_want_name(struct layer_state *s, unsigned kinds);
void wish_end_row(struct layer_state *s);
bool wish_place_fits(const struct layer_grammar *g, const struct layer_state *s, int64_t place);
bool wish_needs_depth(const struct layer_state *s);    /* the sub-header in hand, below it */

/* Of a finished layer: is it sub-header i whose layer shall hold the wished call? */
bool layer_wish_goes_to(const struct layer_ask *above, const struct layer_text *t, size_t i);

#endif
