/* tokenizer_train_priv.h: pre-tokens and how often they were seen. */
#ifndef LLM_TOKENIZER_TRAIN_PRIV_H
#define LLM_TOKENIZER_TRAIN_PRIV_H

#include "llm/tokenizer_priv.h"

struct word {
    struct str s;
    size_t count;
};

/* Join the most frequent neighbours, again and again, until none is seen min_count times or the
 * vocabulary has max_vocab tokens (0: no limit). The words' characters must be in it. */
void learn_merges(struct tokenizer *t, const struct word *word, size_t n, size_t min_count,
                  size_t max_vocab);

#endif
