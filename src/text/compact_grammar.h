/* compact_grammar.h: which word may come next in a compact line, so that every line ends well.
 *
 * A generator walks a vocabulary: at each step it asks which words are allowed, draws one of them
 * and steps. The walk can never get stuck, and where it may end the line is a graph that
 * compact_parse accepts, whose header holds, which callgraph_check accepts, and which is right by
 * the strict oracle: children start no earlier than their parent or the sibling before, finish no
 * later than their parent, callees of leaf types call nothing, the depth is reached.
 *
 *     struct compact_grammar g;                       one per vocabulary, shared by all threads
 *     compact_grammar_init(&g, words, n, &limits, &err)
 *     struct compact_state s = compact_start(&g);     plain data: copy it, one per line
 *     compact_step(&g, &s, word)                      false: not allowed, nothing changed
 *     compact_allowed(&g, &s, mask)                   mask[i] = 1 for every word allowed next
 *     s.finished, s.may_end
 *
 * Conditions: step the words of a header ("S_1", "5", "3", "?", each "?" where open), then draw.
 * Service only: "S_1 ? ? ?". No header: "? ? ? ?", the body's first word is then the service; or
 * step nothing and draw the header itself from the model, fields in order, "?" among its choices
 * unless limits.draw_open is false. A step that returns false in a header says that this header
 * cannot be met (depth 3 with 2 calls, a service that is not in the vocabulary, past the limits).
 *
 * Wishes: what the header cannot say may be set in the state before the first step: a call that
 * must occur, a least latency. The walk then keeps them too. A header that leaves no room for them
 * is one that cannot be met.
 *
 * Untimed lines (n/a) and the marks for rare facts are allowed only where limits.marks has
 * their class; among these "&" lifts the bound of the parent's finish for its call (the strict
 * oracle, which knows no asynchronous calls, then no longer applies).
 *
 * Words may come from any tokenizer: classify their bytes without the leading blank; a token that
 * is not a whole word of the alphabet is WORD_FOREIGN or a name that no type admits: never allowed.
 */
#ifndef TEXT_COMPACT_GRAMMAR_H
#define TEXT_COMPACT_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "text/compact_words.h"

enum { COMPACT_DEPTH_MAX = 32 };    /* levels a walk can hold */

struct compact_limits {
    uint64_t max_edges;       /* 1 .. 2^20; also the bound of a graph whose calls are open */
    uint64_t max_depth;       /* 1 .. COMPACT_DEPTH_MAX */
    int64_t max_latency;      /* ticks, 0 .. INT64_MAX / 64; of roots and asynchronous calls */
    uint32_t marks;           /* bit 1 << class: WORD_UNTIMED, WORD_INTERFACE .. WORD_START */
    uint8_t leaf_types;       /* bit 1 << type: such callees call nothing */
    bool draw_open;           /* a drawn header may have "?" (a stepped one always may) */
};

/* 10,000 calls, 32 levels, a day in ms, no marks, db mc mq are leaves, "?" not drawn. */
extern const struct compact_limits compact_limits_standard;

enum { COMPACT_RUNS = 64 };

struct compact_grammar {
    const struct compact_word *words;   /* (n), borrowed */
    size_t n;
    /* Stretches of words of one class, so that a step looks only at classes that may come. In a
     * vocabulary with more stretches the last one is mixed. */
    size_t n_runs;
    struct compact_run {
        size_t end;                     /* it begins where the one before ends */
        uint32_t classes;               /* bit per class in it */
    } run[COMPACT_RUNS];
    struct compact_limits limits;
    uint8_t types;            /* types that some name is a callee of */
    bool services;            /* some name may be a service */
};

/* False if a fixed word is missing from the vocabulary, or no name is the callee of any type. */
bool compact_grammar_init(struct compact_grammar *g, const struct compact_word *words, size_t n,
                          const struct compact_limits *limits, struct err *err);

enum compact_slot {
    SLOT_SERVICE, SLOT_EDGES, SLOT_DEPTH, SLOT_LATENCY, SLOT_BODY_SERVICE,     /* header */
    SLOT_LEVEL, SLOT_TYPE, SLOT_CALLEE, SLOT_MARKS, SLOT_ID, SLOT_START, SLOT_GAP, SLOT_DURATION,
    SLOT_DONE
};

/* Set the first fields; `met` is the walk's. */
struct compact_wish {
    int64_t least_latency;    /* ticks the root's duration has at least; 0: any. Timed lines only */
    bool include;             /* a call src>type>dst must occur; words of the vocabulary */
    bool from_user;           /* its src is USER: it is the root; src is then not read */
    uint8_t type;
    size_t src, dst;
    bool met;
    uint64_t by;              /* the call must occur among the first `by`; 0: not hurried */
};

/* Can this vocabulary say it at all? */
bool compact_wish_check(const struct compact_grammar *g, const struct compact_wish *w,
                        struct err *err);

/* The latest call of one level on the path to the call in hand. */
struct compact_open {
    int64_t start, finish;    /* of this call */
    int64_t latest, base;     /* with has_child: start and finish of its latest child */
    uint64_t next_id;         /* usual id of its next child */
    bool has_child, leaf;
    bool src;                 /* the wished call may stand below it */
};

struct compact_state {
    uint8_t slot;             /* enum compact_slot: what the next word is for */
    bool may_end;             /* the line is complete as it stands */
    bool finished;            /* and nothing can follow */

    struct compact_wish wish;
    bool open_service, timed;
    uint64_t edges, depth;    /* asked for; 0: open */
    int64_t latency;          /* asked for; -1: open */

    uint64_t calls, deepest;  /* calls complete; levels they reach */
    uint8_t level, type;      /* of the call in hand */
    uint8_t mark;             /* class of its latest mark: they come in order */
    bool async;
    uint64_t id;
    int64_t start;

    /* The number in hand: sign, digits to come (0: not begun), what they make so far, range. */
    bool negative;
    uint8_t digits;
    uint64_t value, lo, hi;

    struct compact_open path[COMPACT_DEPTH_MAX];
};

struct compact_state compact_start(const struct compact_grammar *g);

/* Where the calls are open a line would go on until its last call is forced. So a walker may let
 * the model end here although the wished call has not occurred: true where all but that is
 * complete. compact_hurry then makes the line take the shortest way to it. */
bool compact_may_hurry(const struct compact_state *s);
void compact_hurry(const struct compact_grammar *g, struct compact_state *s);

/* Take a word. False if it is not allowed here: the state is then as before. */
bool compact_step(const struct compact_grammar *g, struct compact_state *s, size_t word);

/* mask[0..g->n) = 1 where the word is allowed next, else 0; returns how many are: 0 only when
 * finished. */
size_t compact_allowed(const struct compact_grammar *g, const struct compact_state *s,
                       uint8_t *mask);

#endif
