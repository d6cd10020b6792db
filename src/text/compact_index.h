/* compact_index.h: the words allowed next as a list, at the cost of the list.
 *
 * compact_allowed looks at a mask as long as the vocabulary; in a batch of many lines that is a
 * share of the time worth saving, since most of a vocabulary is names and most steps ask for
 * something else. Here words are grouped by what may be asked for: the callees of each type, the
 * services, each class. The answer is the same.
 */
#ifndef TEXT_COMPACT_INDEX_H
#define TEXT_COMPACT_INDEX_H

#include "text/compact_grammar.h"

struct compact_index;

/* Of g's words those with usable[i] != 0 (g->n) are listed; NULL: all. g must stay. */
struct compact_index *compact_index_new(const struct compact_grammar *g, const uint8_t *usable);
void compact_index_free(struct compact_index *x);   /* NULL is fine */

/* The words allowed next, ascending, to words[0 .. returned), room for g->n. */
size_t compact_index_allowed(const struct compact_index *x, const struct compact_state *s,
                             uint32_t *words);

#endif
