/* header.h: the "key:value/key:value" line that opens a graph or a layer in TraceLLM's texts.
 *
 *     id:S_000000001/num_edges:4/start_node:MS_00001/...        (spec: 2.1 and 2.2 of tracellm.md)
 *
 * Values are integers, but for id, start_node and caller. A tabular header says "depth", a layer's
 * "remaining_depth": one key here.
 */
#ifndef TEXT_HEADER_H
#define TEXT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum header_key {
    HEAD_ID, HEAD_NUM_EDGES, HEAD_START_NODE, HEAD_CALLER, HEAD_START_EDGE_ID, HEAD_START_AT,
    HEAD_LATENCY, HEAD_NUM_SUBGRAPHS, HEAD_DEPTH, HEAD_NUM_CURRENT, HEAD_KEYS
};

enum { HEAD_ALL = (1 << HEAD_KEYS) - 1 };

struct header {
    uint32_t keys;                  /* bit per key that is there */
    struct str text[HEAD_KEYS];     /* of id, start_node and caller; views, escaped (escape.h) */
    int64_t number[HEAD_KEYS];      /* of the others; -1 where absent */
};

static inline bool header_has(const struct header *h, enum header_key k)
{
    return h->keys >> k & 1;
}

static inline bool header_key_is_text(enum header_key k)
{
    return k == HEAD_ID || k == HEAD_START_NODE || k == HEAD_CALLER;
}

/* Append the keys order[0..n), apart by '/'. tabular: depth is spelled "depth". */
void header_put(const struct header *h, const enum header_key *order, size_t n, bool tabular,
                struct buf *out);

/* Read a line as the original does: pairs split on '/' and ':', aliases understood, unknown keys
 * ignored, the last of equal keys wins, integers as Python's int(). Views point into the line. A
 * pair without exactly one colon and a number that is none make it false. */
bool header_parse(struct str line, struct header *h);

/* False for what header_parse forgives: an unknown or repeated key, an alias, an odd integer. */
bool header_is_plain(struct str line);

/* Python's int() of a text: blanks around, a sign, digits with single underscores between; false
 * for anything else. Beyond int64 the nearest one stands for it. */
bool header_int(struct str s, int64_t *x);

#endif
