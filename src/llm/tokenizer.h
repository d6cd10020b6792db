/* tokenizer.h: text to tokens and back, losslessly, for any bytes.
 *
 * Text is cut into pre-tokens by a fixed rule (below), and a pre-token into tokens: it is one if
 * it is in the vocabulary (TOKENIZER_WORDS, TOKENIZER_TEXT), else its characters are joined by
 * merges, lowest rank first, leftmost first. The 256 bytes are always in the vocabulary, so
 * tokenizer_decode(tokenizer_encode(x)) == x for every x (one exception below).
 *
 * The rules, as the regular expression written to tokenizer.json:
 *   TOKENIZER_WORDS  " ?[^ \n]+|[ \n]"        a word carries the blank before it
 *   TOKENIZER_TEXT   phrases, then names whole, then digits, punctuation and blanks one by one
 *                    (phrases are literal strings of the caller's, tried first, longest first)
 *   TOKENIZER_GPT2   contractions, letters, numbers, others, each with a blank before it;
 *                    whitespace
 *   TOKENIZER_LLAMA  no cut: a text is one piece that begins with a blank of its own, blanks are
 *                    U+2581, and a character without a token is its bytes, <0xHH>
 * In TOKENIZER_WORDS the text "S_1 12\n" is the tokens "S_1", " 12", "\n".
 * Letters and numbers of TOKENIZER_GPT2 are Unicode's L and N as GLib knows them, whitespace is
 * White_Space; bytes that are no UTF-8 are "others".
 *
 * Ids are those of Hugging Face's readers, but for U+2581 in a text of TOKENIZER_LLAMA: they take
 * it for a blank, and here it is its three bytes, so that it comes back (they decode it too).
 * The exception to losslessness is Llama's newer form (Metaspace), which adds no blank to a text
 * that begins with one: there one leading blank is lost, as it is to every reader.
 *
 * Ids given in training: 0 begin, 1 end, 2 pad (Llama: 0 unknown, 1 begin, 2 end), 3..258 the bytes
 * (Llama: by value; else in the order of GPT-2's byte alphabet), then words by falling count, or
 * (Llama: the characters by falling count, then) what the merges make, in their order.
 * Special tokens are never made from text, but by tokenizer_encode_line.
 *
 * Saved and read as Hugging Face tokenizer.json, model BPE; merges are read as "a b" and as
 * ["a", "b"] and written as "a b", which older readers know too (no token here has a blank there).
 * Added tokens are matched before all else, the longest first.
 */
#ifndef LLM_TOKENIZER_H
#define LLM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { TOKENIZER_NONE = 0xFFFFFFFFu };   /* no such token */

enum tokenizer_rule { TOKENIZER_WORDS, TOKENIZER_TEXT, TOKENIZER_GPT2, TOKENIZER_LLAMA };

struct tokenizer_options {
    enum tokenizer_rule rule;
    bool merges;                 /* learn merges; TOKENIZER_GPT2 and _LLAMA always do */
    size_t min_count;            /* words: one seen less often falls to bytes; 0 counts as 1.
                                  * merges: a pair seen less often stays two; 0 counts as 2 */
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

/* The vocabulary of samples[0..n). o NULL: TOKENIZER_WORDS, every word. Merges join the most
 * frequent pair first; of equal ones that of the lower left id, then of the lower right. */
struct tokenizer *tokenizer_train(const struct str *samples, size_t n,
                                  const struct tokenizer_options *o);
void tokenizer_free(struct tokenizer *t);   /* NULL is fine */

/* Appends. Special tokens in the text are text like any other. */
void tokenizer_encode(const struct tokenizer *t, struct str text, struct tokens *out);

/* Appends the bytes of a whole text; special tokens stand for none. */
void tokenizer_decode(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out);

/* The same with special tokens, as Hugging Face's encode: found in the text, and set around it
 * where the file's template says so. Back again what the template set is dropped and the others are
 * their names, so that tokenizer_decode_line(tokenizer_encode_line(x)) == x as well. */
void tokenizer_encode_line(const struct tokenizer *t, struct str text, struct tokens *out);
void tokenizer_decode_line(const struct tokenizer *t, const uint32_t *id, size_t n,
                           struct buf *out);

size_t tokenizer_size(const struct tokenizer *t);
uint32_t tokenizer_bos(const struct tokenizer *t);   /* or TOKENIZER_NONE, as the next two */
uint32_t tokenizer_eos(const struct tokenizer *t);
uint32_t tokenizer_pad(const struct tokenizer *t);

/* The raw bytes a token stands for, its leading blank included; empty for special tokens.
 * Borrowed from the tokenizer. */
struct str tokenizer_bytes(const struct tokenizer *t, uint32_t id);

/* The token that stands for exactly these bytes, or TOKENIZER_NONE. Added tokens are not found, nor
 * are <0xHH>. */
uint32_t tokenizer_find(const struct tokenizer *t, struct str bytes);

/* What writers of other formats ask: the kind of a token, its spelling in tokenizer.json (appended
 * to out), the merges by rank, and whether the bytes are <0xHH> (TOKENIZER_LLAMA). */
enum token_kind { TOKEN_TEXT, TOKEN_BYTE, TOKEN_ADDED, TOKEN_SPECIAL };
enum token_kind tokenizer_kind(const struct tokenizer *t, uint32_t id);
void tokenizer_spell(const struct tokenizer *t, uint32_t id, struct buf *out);
size_t tokenizer_merges(const struct tokenizer *t);
void tokenizer_merge(const struct tokenizer *t, size_t rank, uint32_t *left, uint32_t *right);
enum tokenizer_rule tokenizer_rule(const struct tokenizer *t);
uint32_t tokenizer_unk(const struct tokenizer *t);   /* or TOKENIZER_NONE */

/* tokenizer.json. Saving needs nothing but the folder; reading refuses what it would not
 * reproduce exactly (other models, normalizers, pre-tokenizers) and names it. */
bool tokenizer_save(const struct tokenizer *t, const char *path, struct err *err);
struct tokenizer *tokenizer_load(const char *path, struct err *err);   /* NULL on failure */

/* The same from memory; `name` stands for the file in messages. */
struct tokenizer *tokenizer_parse(struct str json, const char *name, struct err *err);

#endif
