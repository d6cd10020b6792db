/* fold.h: call graphs in fewer words, for a model that learns who calls whom.
 *
 *     frontend                     frontend#4
 *      |- search  (client)          |- search#7        a word: the call with all below it
 *      |   `- search (server)       `- profile#5       a word: one call
 *      |       |- geo
 *      |       `- rate
 *      `- profile
 *
 * A call's callee, type, kind and status become one name, and so does a call with everything below
 * it where that very tree occurs in many graphs. What a folded graph has left are the decisions:
 * which of the usual parts, how often, in what order. Times are not kept, and with them what
 * outlasted its parent.
 *
 * What folds is what at least `least` graphs share, so that a word tells nothing of any one of
 * them. A graph of which there are so many is itself one word.
 */
#ifndef GEN_FOLD_H
#define GEN_FOLD_H

#include "trace/callgraph.h"

struct fold;

/* Interfaces must be none. s must outlive what is returned. */
struct fold *fold_learn(const struct graphset *s, size_t least);
void fold_free(struct fold *f);           /* NULL is fine */
size_t fold_trees(const struct fold *f);  /* words that stand for more than one call */

/* The learned graphs, folded: untimed, kinds client; words that call others are of type rpc, words
 * that never do, trees among them, of type db: nothing is written below those (compact_grammar.h).
 */
struct graphset *fold_apply(const struct fold *f);

/* Graphs of such words as calls again, untimed, siblings numbered from 1. */
struct graphset *fold_undo(const struct fold *f, const struct graphset *folded);

#endif
