/* oracle.h: is what a model wrote right? Two judges, for texts of one layer and for whole graphs.
 *
 * original  the checks of TraceLLM's released code with its codes 0 to 19 and its defects (spec 4.2
 *           to 4.4): what a header lacks is not checked, a missing attribute is the previous
 *           edge's, and so on. A text on which its parser throws has the code 14 alone.
 *           Otherwise each code appears once, in the order in which spec 4.3 lists the checks; of
 *           a table in the order 15, 3, 17.
 * strict    the same codes where the same rule is broken (19 stays 19), and codes from 20 for all
 *           that the original does not look at: Appendix C of the paper and the list in spec 4.3.
 *           It accepts every layer that is right.
 *
 * A text is the prompt followed by the output; an output that repeats its prompt stands alone.
 */
#ifndef TEXT_ORACLE_H
#define TEXT_ORACLE_H

#include "text/flat.h"
#include "text/layer_text.h"

enum oracle_code {
    /* the original's; 1, 2, 5 and 10 are declared there and never used */
    CODE_SUB_INCOMPLETE = 0,      /* a sub-header lacks start_node, num_edges, depth or start */
    CODE_NUM_EDGES = 3,           /* num_edges is not edges + sum of the sub-headers' */
    CODE_SUB_INDEX = 4,           /* a sub-header of an edge that is not there */
    CODE_SUB_START_NODE = 6,      /* its start_node is not that edge's destination */
    CODE_SUB_START = 7,           /* it starts after its latency */
    CODE_SUB_LATENCY = 8,         /* its latency is above the header's or the edge's finish */
    CODE_SUB_DEPTH = 9,           /* its depth is above the header's */
    CODE_NO_SUB = 11,             /* nothing below, though depth and edges remain */
    CODE_FINISH = 12,             /* an edge finishes after the header's latency */
    CODE_CHAIN = 13,              /* a chain is forced, but there is not exactly one edge */
    CODE_PARSE = 14,              /* the parser throws */
    CODE_GRAPH = 15,              /* table: not a valid graph */
    CODE_LAYER_DEPTH = 16,        /* sub depths not all below the header's, or none by one */
    CODE_TABLE_DEPTH = 17,        /* table: wrong depth */
    CODE_SPLIT_DEPTH = 18,        /* no part keeps the header's depth */
    CODE_SPLIT_EDGES = 19,        /* a part has no fewer edges than the whole */

    /* ours */
    CODE_BACKWARD = 20,           /* an edge finishes before it starts */
    CODE_EARLY = 21,              /* an edge starts before the header's start, its caller */
    CODE_FIRST_ID = 22,           /* the first id is not start_edge_id */
    CODE_NUM_CURRENT = 23,        /* num_current_edges is not the number of edges */
    CODE_NUM_SUBGRAPHS = 24,      /* num_subgraphs is not the number of sub-headers */
    CODE_CALLER = 25,             /* a sub-header's caller is not the start_node, a part's */
    CODE_SUB_EARLY = 26,          /* a sub-header starts before its edge; a part before the whole */
    CODE_FIELDS = 27,             /* an edge lacks a field, repeats one or says something else */
    CODE_HEADER = 28,             /* a header key is missing, repeated, unknown or odd */
    CODE_ORDER = 29,              /* ids repeat or descend, or sub-headers do */
    CODE_SUB_HEADER = 30,         /* the same for a sub-header, or it is not closed */
    CODE_SERVICE = 31,            /* a sub-header's id is not the header's */
    CODE_SUB_COUNTS = 32,         /* a sub-header's own numbers contradict each other */
    CODE_SHAPE = 33,              /* no edges nor parts, or both; lines that are no edge */
    CODE_NAMES = 34,              /* an unknown type or name, a negative number */
    CODE_SCRATCHPAD = 35,         /* arithmetic in the answer is wrong */
    CODE_FIRST_START = 36,        /* the first edge does not start at the header's start */
    CODE_ORPHAN = 37,             /* table: a call without its caller, a second root */
    CODE_REPEATED = 38,           /* table: an id twice */
    CODE_LATENCY = 39,            /* table: latency is not the root's; root layer: its finish */
    CODE_PART_GAP = 40,           /* parts do not follow one another; start_edge_id */
    CODE_LEAF_HEADER = 41,        /* a layer without sub-headers whose header asks for depth */
    ORACLE_CODES
};

const char *oracle_code_words(unsigned code);   /* a phrase as above; "unused" for 1 2 5 10 */

struct verdict {
    bool valid;
    size_t n;
    uint8_t codes[ORACLE_CODES];   /* (n) */
};

struct oracle {
    const char *name, *prose;
    /* t was parsed; parsed says whether without a throw. Adds codes to v. */
    void (*layer)(enum text_task task, const struct layer_text *t, struct verdict *v);
    void (*table)(const struct layer_text *t, struct flat *calls, struct verdict *v);
};

extern const struct oracle oracle_original, oracle_strict;
extern const struct oracle *const oracles[];         /* ends with NULL */
const struct oracle *oracle_find(const char *name);  /* NULL: no such */

struct verdict oracle_judge(const struct oracle *o, enum text_task task, struct str prompt,
                            struct str output);

/* For a text that is already parsed (parsed: what layer_text_parse returned). */
struct verdict oracle_judge_parsed(const struct oracle *o, enum text_task task,
                                   const struct layer_text *t, bool parsed, struct arena *arena);

void verdict_add(struct verdict *v, enum oracle_code code);    /* once each */
bool verdict_has(const struct verdict *v, enum oracle_code code);

/* The calls of a table, or false where an id is not made of integers. */
bool oracle_table_calls(const struct layer_text *t, struct flat *calls);

#endif
