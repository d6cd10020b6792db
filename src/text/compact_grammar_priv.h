/* compact_grammar_priv.h: what stands between "what may come" and "step". Within text/ only. */
#ifndef TEXT_COMPACT_GRAMMAR_PRIV_H
#define TEXT_COMPACT_GRAMMAR_PRIV_H

#include "text/compact_grammar.h"
#include "trace/callgraph.h"

#define BIT(x) ((uint32_t)1 << (x))

struct expect {
    uint32_t classes;      /* bit per class that may come */
    uint32_t levels;       /* bit per level */
    uint8_t types;         /* bit per type word */
    uint8_t callee;        /* bit of the type whose callee is wanted; 0 with service */
    bool service;
    uint64_t lo, hi;       /* range of the number, or of the digit that goes on; lo > hi: none */
};

/* compact_expect.c */
struct expect expect_next(const struct compact_grammar *g, const struct compact_state *s);
/* What may be drawn: "?" only where the limits let it. */
struct expect expect_allowed(const struct compact_grammar *g, const struct compact_state *s);
bool expect_fits(const struct expect *e, const struct compact_word *w);
uint64_t expect_power(unsigned k);     /* 100^k, or UINT64_MAX where that is too much */

/* The slot of what must follow the callee and its marks; SLOT_DONE: the call is complete. */
enum compact_slot expect_after_marks(const struct compact_state *s);

/* Bit per class of the marks that the call in hand may still have. */
uint32_t expect_marks(const struct compact_grammar *g, const struct compact_state *s);

uint64_t expect_most_calls(const struct compact_grammar *g, const struct compact_state *s);
uint64_t expect_most_depth(const struct compact_grammar *g, const struct compact_state *s);

static inline bool expect_is_leaf(const struct compact_grammar *g, unsigned type)
{
    return g->limits.leaf_types & BIT(type);
}

/* compact_include.c: does the wished call still fit if the call in hand has this level, this type
 * (at that level), this callee? Always, where none is wished for or it has occurred. */
bool include_level_fits(const struct compact_grammar *g, const struct compact_state *s,
                        unsigned level);
bool include_type_fits(const struct compact_grammar *g, const struct compact_state *s,
                       unsigned level, unsigned type);
bool include_callee_fits(const struct compact_grammar *g, const struct compact_state *s,
                         size_t word);
void include_take_callee(const struct compact_grammar *g, struct compact_state *s, size_t word);
uint64_t include_least_calls(const struct compact_state *s);   /* and levels, before the root */
bool include_root_is_leaf(const struct compact_grammar *g, const struct compact_state *s);

/* compact_grammar.c: the state once the call in hand is complete as it stands. */
struct compact_state grammar_call_done(const struct compact_grammar *g,
                                       const struct compact_state *s);

#endif
