/* vocabulary.h: what each token may stand for in a compact line.
 *
 * The grammar must know which names may be a service and which may be the callee of which type.
 * That is learnt from the training graphs and travels with the checkpoint as text: two
 * hexadecimal digits a token, bits 0..5 the types, bit 6 the service.
 *
 * A word is a token with its leading blank (" MS_1"), but for the first of a line, which has none.
 */
#ifndef GEN_VOCABULARY_H
#define GEN_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>

#include "llm/tokenizer.h"
#include "text/compact_words.h"
#include "trace/callgraph.h"

/* The words of a tokenizer, (tokenizer_size), free() it. Classes come from spelling; no name may
 * stand anywhere yet. */
struct compact_word *vocabulary_words(const struct tokenizer *t);

/* Let every name stand where the graphs have it. */
void vocabulary_learn(struct compact_word *words, const struct tokenizer *t,
                      const struct graphset *graphs);

/* Let every name that is a whole word stand anywhere: for checkpoints that say nothing. */
void vocabulary_open(struct compact_word *words, const struct tokenizer *t);

void vocabulary_write(const struct compact_word *words, size_t n, struct buf *out);

/* False, changing nothing, if the text does not have two digits for each of n words. */
bool vocabulary_read(struct compact_word *words, size_t n, struct str text);

/* The token of a word, as the first of a line or after a blank; TOKENIZER_NONE if it has none. */
uint32_t vocabulary_find(const struct tokenizer *t, struct str word, bool first);

/* Does the token begin with the blank that parts words? */
bool vocabulary_blank(const struct tokenizer *t, uint32_t id);

#endif
