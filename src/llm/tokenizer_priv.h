/* tokenizer_priv.h: what a tokenizer is made of, for tokenizer.c and tokenizer_json.c. */
#ifndef LLM_TOKENIZER_PRIV_H
#define LLM_TOKENIZER_PRIV_H

#include "llm/pretoken.h"
#include "llm/tokenizer.h"

struct token {
    char *bytes;             /* what it stands for; NULL for a special token */
    size_t n;
    char *special;           /* its name, such as "<|begin|>"; NULL otherwise */
};

struct merge {
    uint32_t left, right, made;   /* rank is the place in the list */
};

struct tokenizer {
    struct pretoken_rule rule;
    bool ignore_merges;      /* a piece in the vocabulary is one token, whatever the merges say */
    struct token *token;
    size_t n, cap;
    uint32_t *table;         /* open addressing over the bytes: id + 1, or 0 */
    size_t table_size;
    uint32_t byte[256];      /* the token of a single byte */
    uint32_t bos, eos, pad;
    struct merge *merge;
    size_t n_merges, cap_merges;
    uint32_t *merge_table;   /* open addressing over (left, right): rank + 1, or 0 */
    size_t merge_table_size;
};

struct tokenizer *tokenizer_new(void);   /* empty */
uint32_t tokenizer_add(struct tokenizer *t, struct str bytes);            /* copies */
uint32_t tokenizer_add_special(struct tokenizer *t, struct str name);     /* copies */
/* All tokens and merges are in: build the tables. False: a byte has no token, two tokens stand
 * for the same bytes, or two merges join the same pair. */
bool tokenizer_index(struct tokenizer *t, const char *name, struct err *err);

/* GPT-2's byte alphabet: the code point that stands for a byte, and the nth byte in its order. */
uint32_t byte_alphabet_code(unsigned char b);
unsigned char byte_alphabet_nth(size_t i);

#endif
