/* tokenizer_priv.h: what a tokenizer is made of, for the files tokenizer*.c.
 *
 * Within, a blank of TOKENIZER_LLAMA is a blank: U+2581 is only how the file spells it.
 */
#ifndef LLM_TOKENIZER_PRIV_H
#define LLM_TOKENIZER_PRIV_H

#include "llm/pretoken.h"
#include "llm/tokenizer.h"

struct token {
    char *bytes;             /* what it stands for; NULL for a special token */
    size_t n;
    enum token_kind kind;
    char *content;           /* TOKEN_ADDED, TOKEN_SPECIAL: as the file spells it; NULL otherwise */
    bool normalized;         /* of those: looked for in the text with its blank set before it */
};

struct merge {
    uint32_t left, right, made;   /* rank is the place in the list */
};

/* TOKENIZER_LLAMA: where a blank is set before the text. */
enum blank_before {
    BLANK_SECTION,           /* before every part between added tokens (normalizer Prepend) */
    BLANK_FIRST,             /* Metaspace: before a text that begins with no blank */
    BLANK_ALWAYS             /* Metaspace: before every part that begins with no blank */
};

struct added {               /* what is looked for in the text, and the token it is; owned */
    char *key;
    size_t n;
    uint32_t id;
};

struct added_set {           /* by key, bytewise: what shares a prefix lies together */
    struct added *at;
    size_t n;
};

struct tokenizer {
    struct pretoken_rule rule;
    enum blank_before blank;
    bool ignore_merges;      /* a piece in the vocabulary is one token, whatever the merges say */
    struct token *token;
    size_t n, cap;
    uint32_t *table;         /* open addressing over the bytes of TOKEN_TEXT: id + 1, or 0 */
    size_t table_size;
    uint32_t byte[256];      /* the token of a single byte */
    uint32_t bos, eos, pad, unk;
    struct tokens before, after;   /* what the template sets around a text */
    struct added_set raw, normalized;
    struct merge *merge;
    size_t n_merges, cap_merges;
    uint32_t *merge_table;   /* open addressing over (left, right): rank + 1, or 0 */
    size_t merge_table_size;
};

struct tokenizer *tokenizer_new(void);   /* empty */

/* Add the next token; what is given is copied. tokenizer_add: false in *fresh when these bytes
 * have a token already, which is returned. */
uint32_t tokenizer_add(struct tokenizer *t, struct str bytes, bool *fresh);
uint32_t tokenizer_add_byte(struct tokenizer *t, unsigned char b);        /* <0xHH> */
uint32_t tokenizer_add_special(struct tokenizer *t, struct str name);
uint32_t tokenizer_add_added(struct tokenizer *t, struct str content);    /* stands for itself */
void tokenizer_add_merge(struct tokenizer *t, struct merge m);

/* All tokens are in: the tables of bytes and of added tokens. False: a byte has no token, or an
 * added token is empty or there twice. */
bool tokenizer_index(struct tokenizer *t, const char *name, struct err *err);
/* All merges are in. False: two of them join the same pair. */
bool tokenizer_index_merges(struct tokenizer *t, const char *name, struct err *err);

/* The rank of the merge of a pair, or SIZE_MAX. */
size_t tokenizer_rank(const struct tokenizer *t, uint32_t left, uint32_t right);

/* Append the tokens that a piece begins as: characters (TOKENIZER_LLAMA) or bytes. */
void tokenizer_characters(const struct tokenizer *t, struct str piece, struct tokens *out);

/* tokenizer_join.c: join id[from..out->n) by the merges. */
void tokenizer_join(const struct tokenizer *t, struct tokens *out, size_t from);

/* Length of the first UTF-8 character of s (n >= 1), or 1 with *u = UINT32_MAX if there is none. */
size_t utf8_first(struct str s, uint32_t *u);

/* GPT-2's byte alphabet: the code point that stands for a byte, and the nth byte in its order. */
uint32_t byte_alphabet_code(unsigned char b);
unsigned char byte_alphabet_nth(size_t i);

/* tokenizer_spell.c: how tokenizer.json writes bytes, and back; out is emptied first. False: the
 * text is not of the byte alphabet, or holds a blank where U+2581 should stand. */
void spell_bytes(enum tokenizer_rule rule, struct str bytes, struct buf *out);
bool unspell_bytes(enum tokenizer_rule rule, struct str text, struct buf *out);
bool unspell_byte(struct str text, unsigned char *b);   /* <0xHH>, upper case */

#define BLANK_MARK "\xE2\x96\x81"   /* U+2581 */

#endif
