/* fuzz_tokenizer.c: a tokenizer.json and a text, parted by NUL; or NUL first: a text to learn from.
 *
 * What is accepted is lossless on the text, with and without special tokens (but for the blank that
 * Llama's newer form loses), and its merges and spellings can be asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "llm/tokenizer_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does this form give back every text? */
static bool lossless(const struct tokenizer *t, struct str text)
{
    if (t->rule.kind != TOKENIZER_LLAMA || t->blank == BLANK_SECTION || !text.n)
        return true;
    return t->blank == BLANK_FIRST ? text.p[0] != ' ' : !memchr(text.p, ' ', text.n);
}

static void come_back(const struct tokenizer *t, struct str text, bool line)
{
    struct tokens ids = { 0 };
    struct buf back = { 0 };
    (line ? tokenizer_encode_line : tokenizer_encode)(t, text, &ids);
    (line ? tokenizer_decode_line : tokenizer_decode)(t, ids.id, ids.n, &back);
    REQUIRE(!lossless(t, text) || str_eq(buf_view(&back), text));
    for (size_t i = 0; i < ids.n; i++)
        REQUIRE(line || tokenizer_kind(t, ids.id[i]) != TOKEN_SPECIAL);
    tokens_free(&ids);
    buf_free(&back);
}

static void hold(const struct tokenizer *t, struct str text)
{
    struct buf b = { 0 };
    come_back(t, text, false);
    come_back(t, text, true);
    for (size_t i = 0; i < tokenizer_merges(t); i++) {
        uint32_t left, right;
        tokenizer_merge(t, i, &left, &right);
        tokenizer_spell(t, left, &b);
        tokenizer_spell(t, right, &b);
    }
    buf_free(&b);
}

static void learn(struct str text)
{
    static const enum tokenizer_rule rule[] = { TOKENIZER_WORDS, TOKENIZER_GPT2, TOKENIZER_LLAMA };
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++) {
        struct tokenizer_options o = { .rule = rule[k], .max_vocab = text.n % 2 ? 300 : 0 };
        struct tokenizer *t = tokenizer_train(&text, 1, &o);
        hold(t, text);
        tokenizer_free(t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = { 0 };
    const char *p = (const char *)data, *nul = size ? memchr(p, 0, size) : NULL;
    struct str json = { p, nul ? (size_t)(nul - p) : size };
    struct str text = { nul ? nul + 1 : p, nul ? size - json.n - 1 : size };
    if (nul == p && size) {
        learn(text);
        return 0;
    }
    struct tokenizer *t = tokenizer_parse(json, "tokenizer.json", &err);
    REQUIRE(t ? err.status == 0 : err.status == EXIT_DATA && err.msg[0] && !strchr(err.msg, '\n'));
    if (t)
        hold(t, text);
    tokenizer_free(t);
    return 0;
}
