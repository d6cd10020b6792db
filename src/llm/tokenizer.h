/* tokenizer.h: text to tokens and back, losslessly, for any bytes.
 *
 * Text is cut into pre-tokens by a fixed rule (below). A pre-token that is in the vocabulary
 * is one token; any other falls to smaller ones: its bytes, joined by merges if the vocabulary
 * was read from a file that has some. The 256 bytes are always in the vocabulary, so
 * tokenizer_decode(tokenizer_encode(x)) == x for every x.
 *
 * The two rules, as the regular expression written to tokenizer.json:
 *   TOKENIZER_WORDS  " ?[^ \n]+|[ \n]"        a word carries the blank before it
 *   TOKENIZER_TEXT   phrases, then names whole, then digits, punctuation and blanks one by one
 *                    (phrases are literal strings of the caller's, tried first, longest first)
 * In TOKENIZER_WORDS the text "S_1 12\n" is the tokens "S_1", " 12", "\n".
 *
 * Ids: 0 begin, 1 end, 2 pad, 3..258 the bytes in the order of GPT-2's byte alphabet, then
 * words by falling count. Special tokens are never made from text.
 *
 * Saved and read as Hugging Face tokenizer.json: model BPE with ignore_merges, byte-level
 * alphabet, pre_tokenizer Sequence[Split, ByteLevel]; merges in either encoding.
 */
#ifndef LLM_TOKENIZER_H
#define LLM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { TOKENIZER_NONE = 0xFFFFFFFFu };   /* no such token */

enum tokenizer_rule { TOKENIZER_WORDS, TOKENIZER_TEXT };

struct tokenizer_options {
    enum tokenizer_rule rule;
    size_t min_count;            /* a word seen less often falls to bytes; 0 counts as 1 */
    size_t max_vocab;            /* all tokens together; 0: no limit */
    unsigned digits;             /* TOKENIZER_TEXT: most digits a token has, 1 to 3; 0 is 1 */
    const struct str *phrases;   /* TOKENIZER_TEXT: literal strings that are one pre-token */
    size_t n_phrases;
};

struct tokens {                  /* owned, grows */
    uint32_t *id;
    size_t n, cap;
};

void tokens_add(struct tokens *t, uint32_t id);
void tokens_free(struct tokens *t);

struct tokenizer;

/* The vocabulary of samples[0..n). o NULL: TOKENIZER_WORDS, every word. */
struct tokenizer *tokenizer_train(const struct str *samples, size_t n,
                                  const struct tokenizer_options *o);
void tokenizer_free(struct tokenizer *t);   /* NULL is fine */

/* Appends. */
void tokenizer_encode(const struct tokenizer *t, struct str text, struct tokens *out);

/* Appends the bytes; special tokens stand for none. */
void tokenizer_decode(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out);

/* The same with special tokens: found in the text, and set around it where the file's template
 * says so. Back again what the template set is dropped and special tokens are their names, so that
 * tokenizer_decode_line(tokenizer_encode_line(x)) == x as well. */
void tokenizer_encode_line(const struct tokenizer *t, struct str text, struct tokens *out);
void tokenizer_decode_line(const struct tokenizer *t, const uint32_t *id, size_t n,
                           struct buf *out);

size_t tokenizer_size(const struct tokenizer *t);
uint32_t tokenizer_bos(const struct tokenizer *t);
uint32_t tokenizer_eos(const struct tokenizer *t);
uint32_t tokenizer_pad(const struct tokenizer *t);

/* The raw bytes a token stands for, its leading blank included; empty for special tokens.
 * Borrowed from the tokenizer. */
struct str tokenizer_bytes(const struct tokenizer *t, uint32_t id);

/* The token that stands for exactly these bytes, or TOKENIZER_NONE. */
uint32_t tokenizer_find(const struct tokenizer *t, struct str bytes);

/* tokenizer.json. Saving needs nothing but the folder; reading refuses what it would not
 * reproduce exactly (other models, normalizers, pre-tokenizers) and names it. */
bool tokenizer_save(const struct tokenizer *t, const char *path, struct err *err);
struct tokenizer *tokenizer_load(const char *path, struct err *err);   /* NULL on failure */

/* The same from memory; `name` stands for the file in messages. */
struct tokenizer *tokenizer_parse(struct str json, const char *name, struct err *err);

#endif
