/* layer_grammar.h: what may come next in a text of TraceLLM's three formats, so that every text
 * ends well.
 *
 * The walk has only real choices: a word of a few, a number of some ranges, a name of a class. What
 * is determined is written by the grammar itself.
 *
 *     (edge_id is 3,type is rpc,destination is MS_7,communication starts at 2 milliseconds,...
 *      \_ word _/    \_ word _/ |               |                           |
 *              forced      a word of six     a name that rpc calls     a number >= the header's
 *
 * A walk can never get stuck: budgets are looked at before a choice is offered (edges left for the
 * calls and sub-headers to come, one child of depth one less, room for ids, times within the
 * caller's). Where it ends, the strict oracle accepts the text; and the layers that its sub-headers
 * ask for, walked in turn, make a graph with the edges and the depth of the first header.
 *
 *     struct layer_grammar g;                        one per vocabulary, shared by all threads
 *     layer_grammar_init(&g, names, n, &limits, &err)
 *     layer_start(&g, &s, &ask)                      false: this header cannot be met
 *     s.text                                         written so far, what is forced included
 *     s.want                                         the choice that comes then, or WANT_END
 *     layer_take_word / _number / _name(&g, &s, x)   x must be wanted
 *
 * After a number and a name the text always goes on with something that neither could.
 *
 * Freedom is that of the encoder (render.c, recursive.c, ...): with limits.fixed attributes and
 * keys stand in the order of the spec, otherwise in any, each once. Wide layers (over 15 calls) are
 * split in 2 to 5 parts, all but the last of at least 13 calls; a part of 14 or 15 may be split
 * again. A root header is USER's and has one call, of id 0, unless it says otherwise. Refused
 * though written by some encoder: a call that starts before its caller (so does the strict oracle).
 */
#ifndef TEXT_LAYER_GRAMMAR_H
#define TEXT_LAYER_GRAMMAR_H

#include "base/err.h"
#include "base/str.h"
#include "text/layer_text.h"
#include "text/ranges.h"
#include "trace/callgraph.h"

enum { LAYER_DEPTH_MAX = 64, LAYER_PARTS = 5, LAYER_PART_LEAST = 13, LAYER_CALLS = 15 };

/* The words that are chosen among. */
enum layer_word {
    SAY_EDGE_ID, SAY_TYPE, SAY_SOURCE, SAY_DESTINATION, SAY_START, SAY_FINISH,   /* edge_field */
    SAY_HTTP, SAY_TYPE_LAST = SAY_HTTP + CALL_TYPES - 1,                         /* call_type */
    SAY_KEY, SAY_KEY_LAST = SAY_KEY + HEAD_KEYS - 1,                             /* header_key */
    SAY_ROW, SAY_ROWS_END,              /* one more call of a table, or no more */
    SAY_LAYER, SAY_SPLIT,
    SAY_SUBGRAPH, SAY_LAYER_END,
    SAY_EDGES_LINE, SAY_DEPTH_LINE, SAY_COPY_DEPTH_LINE, SAY_START_NODE_LINE,    /* scratchpad */
    LAYER_WORDS
};

/* A callee, escaped as in the texts (LAYER_ESCAPES); types: bit 1 << enum call_type. */
struct layer_name {
    struct str text;
    uint8_t types;
};

struct layer_limits {
    enum text_task task;
    bool fixed;               /* order of the spec */
    bool no_scratchpad;       /* instruction without its arithmetic */
    int64_t max_edges;        /* 1 .. 2^20, also where edges are open */
    int64_t max_depth;        /* levels, 1 .. LAYER_DEPTH_MAX */
    int64_t max_latency;      /* ms, 0 .. INT64_MAX / 4; 0: a text without times */
    int64_t max_id;           /* components of ids, max_edges .. UINT32_MAX */
};

/* recursive, any order, 1000 edges, 64 levels, a day, ids below 10^6. */
extern const struct layer_limits layer_limits_standard;

struct layer_grammar {
    struct layer_limits limits;
    const struct layer_name *names;    /* (n), borrowed */
    size_t n;
    size_t count[1 << CALL_TYPES];     /* names that some type of this set calls */
    uint32_t first[1 << CALL_TYPES];   /* the first of them */
    size_t longest;                    /* bytes of the longest name */
    uint8_t types;                     /* types that some name is a callee of */
};

/* False if no name is the callee of any type. */
bool layer_grammar_init(struct layer_grammar *g, const struct layer_name *names, size_t n,
                        const struct layer_limits *limits, struct err *err);

/* How a word is spelled. */
struct str layer_word_spelling(enum layer_word w);

/* A call src>type>dst that must occur. */
struct layer_wish {
    bool include;             /* there is a wish at all */
    bool from_user;           /* its src is USER: it is the root */
    uint8_t type;
    uint8_t src_types;        /* that let src call; bit 1 << enum call_type */
    uint32_t src, dst;        /* names of the vocabulary */
    struct str src_text;
};

/* Names as users write them. False (EXIT_DATA): this vocabulary cannot say it. */
bool layer_wish_find(const struct layer_grammar *g, const char *src, enum call_type type,
                     const char *dst, struct layer_wish *w, struct err *err);

/* What is asked: the header, with what is known though it is not shown. */
struct layer_ask {
    struct header head;       /* -1: open, as header_parse leaves it; texts are borrowed */
    int64_t least_latency;    /* ms that a USER's call takes at least; 0: any */
    struct layer_wish wish;   /* kept where layer_start says that the ask can be met */
    struct str caller;        /* table: who calls the root; empty: USER */
    bool whole;               /* known to be no part of a split layer: split only if wide */
    int64_t index;            /* a part: id of the call whose layer it is; -1: open */
    int64_t last_id;          /* greatest id of a call here; -1: limits.max_id */
    enum layer_begin {
        BEGIN_AT_LAYER,       /* after a header or a question: "<layer>" comes */
        BEGIN_AT_ROWS,        /* the prompt ends with "<edges>\n" */
        BEGIN_AT_EDGES        /* the prompt ends with "<edges>" */
    } begin;
};

/* An open ask of this header line (views into it). False: not a header. */
bool layer_ask_of(struct str header_line, struct layer_ask *ask);

/* The ask of a prompt of text_prompt_root: its header, and that USER's call starts at 0. */
bool layer_ask_root(enum text_task task, struct str prompt, struct layer_ask *ask);

/* The ask for sub-header i of a finished layer, whose own ask was `above`. Views into t's text. */
struct layer_ask layer_ask_below(const struct layer_ask *above, const struct layer_text *t,
                                 size_t i);

/* source: a name out of a list. */
enum layer_wanted { WANT_END, WANT_WORD, WANT_NUMBER, WANT_NAME, WANT_SOURCE };

struct layer_want {
    enum layer_wanted kind;
    uint64_t words;                   /* WORD: bit per enum layer_word, at least two */
    struct ranges numbers;            /* NUMBER: at least two */
    uint8_t types;                    /* NAME: names with one of these types, at least two */
    uint32_t source[LAYER_DEPTH_MAX]; /* SOURCE: these names, at least two, distinct */
    size_t n_sources;
};

struct layer_call {
    int64_t id, start, finish;        /* -1: not written yet */
    uint32_t name;                    /* index of the callee; NAMES_NONE: not yet */
    int type;                         /* -1: not yet */
};

struct layer_state {
    struct buf text;                  /* owned */
    struct layer_want want;

    /* What follows is the grammar's own. */
    struct layer_ask ask;
    uint8_t phase;
    bool user;                        /* a root layer of USER's, or a table */
    bool split;
    int64_t total, depth, subs, calls;    /* asked for or decided; -1: open */
    int64_t earliest, latest;         /* bounds of all times here */
    int64_t last_id;
    bool here, met;                   /* the wished call: of this layer's caller; it stands */

    struct layer_call row;            /* in hand */
    uint32_t row_source;              /* table: name of its caller; NAMES_NONE: not yet */
    uint32_t left;                    /* attributes, keys or lines to come, as bits */
    uint8_t now;                      /* the one whose value comes */
    int64_t level, at;                /* table: level of the row, 0: not yet; components written */

    int64_t written;                  /* calls */
    struct layer_call call[LAYER_DEPTH_MAX];   /* of the layer; of a table, the path to the last */
    int64_t length, deepest;          /* table: of the path; of all rows */

    struct header sub;                /* in hand */
    int64_t subs_written, rest, rest_calls;    /* edges and (split) calls to give out; -1: open */
    bool deep;                        /* a sub-header has the depth that one must have */
    uint8_t depth_line;               /* of the sub-header in hand: 0 none to say, 1 said, 2 not */
    int64_t listed[LAYER_CALLS], n_listed;     /* calls with sub-headers, by place in call[] */
    int64_t next_id;                  /* split: least start_edge_id of the next part */
};

/* Begin a text in s, whose buffer is reused. Zero a struct before its first use; free s->text. */
bool layer_start(const struct layer_grammar *g, struct layer_state *s, const struct layer_ask *ask);

void layer_take_word(const struct layer_grammar *g, struct layer_state *s, enum layer_word w);
void layer_take_number(const struct layer_grammar *g, struct layer_state *s, int64_t x);
void layer_take_name(const struct layer_grammar *g, struct layer_state *s, uint32_t name);

/* No text that answers an ask of so many calls (-1: open) in so many levels is longer, in bytes
 * and so in tokens; nor are all texts of a graph together. service: bytes of its longest name. */
size_t layer_text_most(const struct layer_grammar *g, int64_t edges, size_t service);
size_t layer_graph_most(const struct layer_grammar *g, int64_t edges, size_t service);

#endif
