/* pretoken.h: where one pre-token ends and the next begins.
 *
 * A rule is a regular expression that tokenizer.json can state and a state machine that cuts
 * the same pieces. Every byte belongs to exactly one piece, pieces never cut a UTF-8 character, and
 * what is not UTF-8 is cut all the same. In TOKENIZER_WORDS and _TEXT bytes from 0x80 up count as
 * letters; TOKENIZER_LLAMA has one piece and no expression.
 */
#ifndef LLM_PRETOKEN_H
#define LLM_PRETOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "llm/tokenizer.h"

struct pretoken_rule {
    enum tokenizer_rule kind;
    unsigned digits;          /* most digits in a piece (TOKENIZER_TEXT) */
    char **phrase;            /* longest first, then bytewise; owned */
    size_t *phrase_len, n_phrases;
};

void pretoken_rule_set(struct pretoken_rule *r, enum tokenizer_rule kind, unsigned digits,
                       const struct str *phrases, size_t n);
void pretoken_rule_free(struct pretoken_rule *r);

/* Length of the first piece of text (n >= 1). */
size_t pretoken_length(const struct pretoken_rule *r, struct str text);

/* The rule as a regular expression, and back. Reading knows only what is written here. */
void pretoken_regex(const struct pretoken_rule *r, struct buf *out);
bool pretoken_from_regex(struct pretoken_rule *r, struct str regex);

/* pretoken_gpt2.c: the first piece of GPT-2's expression, and that expression. */
size_t pretoken_gpt2_length(struct str text);
extern const char pretoken_gpt2_regex[];

#endif
