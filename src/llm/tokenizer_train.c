/* tokenizer_train.c: count pre-tokens; keep those seen often enough, or learn merges from them.
 *
 * Names in traces are identities, not morphology: pieces of a name say nothing, and a model that
 * must spell names miscopies them. So the rules of our own take whole words by default.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "llm/tokenizer_train_priv.h"

struct words {                 /* open addressing: index + 1, or 0 */
    struct word *at;
    size_t n, cap, size;
    uint32_t *table;
};

static uint32_t *words_place(const struct words *w, struct str s)
{
    size_t k = hash64(s.p, s.n, 0) & (w->size - 1);
    while (w->table[k] && !str_eq(w->at[w->table[k] - 1].s, s))
        k = (k + 1) & (w->size - 1);
    return &w->table[k];
}

static void words_grow(struct words *w)
{
    w->size = w->size ? 2 * w->size : 1024;
    free(w->table);
    w->table = mem_array(w->size, sizeof *w->table);
    for (size_t i = 0; i < w->n; i++)
        *words_place(w, w->at[i].s) = (uint32_t)i + 1;
}

static void words_count(struct words *w, struct str s)
{
    if (2 * w->n >= w->size)
        words_grow(w);
    uint32_t *at = words_place(w, s);
    if (!*at) {
        MEM_GROW(w->at, w->n, w->cap);
        w->at[w->n] = (struct word){ s, 0 };
        *at = (uint32_t)++w->n;
    }
    w->at[*at - 1].count++;
}

static int by_count(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count ? 1 : -1) : str_cmp(x->s, y->s);
}

/* What a word of Llama's text is: what stands between blanks, with the one before it. Of a run of
 * blanks the last is the next word's. */
static size_t llama_word(struct str text)
{
    size_t i = 0;
    while (i < text.n && text.p[i] == ' ')
        i++;
    if (i > 1)
        return i < text.n ? i - 1 : i;
    if (i < text.n && text.p[i] == '\n')
        return i + 1;
    while (i < text.n && text.p[i] != ' ' && text.p[i] != '\n')
        i++;
    return i;
}

static void count_text(const struct tokenizer *t, struct words *w, struct str text)
{
    bool llama = t->rule.kind == TOKENIZER_LLAMA;
    while (text.n) {
        struct str piece = { text.p, llama ? llama_word(text) : pretoken_length(&t->rule, text) };
        text = (struct str){ text.p + piece.n, text.n - piece.n };
        if (piece.n > 1 || llama)
            words_count(w, piece);
    }
}

/* The characters of the words, most frequent first, and a blank whatever they say. */
static void add_characters(struct tokenizer *t, const struct words *w, size_t max_vocab)
{
    struct words seen = { 0 };
    words_count(&seen, STR(" "));
    for (size_t i = 0; i < w->n; i++)
        for (struct str s = w->at[i].s; s.n;) {
            uint32_t u;
            struct str c = { s.p, utf8_first(s, &u) };
            s = (struct str){ s.p + c.n, s.n - c.n };
            if (u == UINT32_MAX || u == 0 || str_is(c, BLANK_MARK))
                continue;   /* <0xHH>: JSON has no such character, or it would be a blank */
            words_count(&seen, c);
            seen.at[*words_place(&seen, c) - 1].count += w->at[i].count - 1;
        }
    qsort(seen.at, seen.n, sizeof *seen.at, by_count);
    tokenizer_add(t, STR(" "), NULL);
    for (size_t i = 0; i < seen.n && (!max_vocab || t->n < max_vocab); i++)
        tokenizer_add(t, seen.at[i].s, NULL);
    free(seen.at);
    free(seen.table);
}

static void add_base(struct tokenizer *t)
{
    bool llama = t->rule.kind == TOKENIZER_LLAMA;
    if (llama)
        t->unk = tokenizer_add_special(t, STR("<unk>"));
    t->bos = tokenizer_add_special(t, llama ? STR("<s>") : STR("<|begin|>"));
    t->eos = tokenizer_add_special(t, llama ? STR("</s>") : STR("<|end|>"));
    if (llama)
        tokens_add(&t->before, t->bos);
    else
        t->pad = tokenizer_add_special(t, STR("<|pad|>"));
    for (unsigned i = 0; i < 256; i++) {
        char c = (char)byte_alphabet_nth(i);
        if (llama)
            tokenizer_add_byte(t, (unsigned char)i);
        else
            tokenizer_add(t, (struct str){ &c, 1 }, NULL);
    }
}

/* Llama's texts begin with a blank of their own. */
static void count_all(const struct tokenizer *t, const struct str *samples, size_t n,
                      struct words *w, struct buf *keep)
{
    bool llama = t->rule.kind == TOKENIZER_LLAMA;
    for (size_t i = 0; llama && i < n; i++) {
        buf_char(keep, ' ');
        buf_add(keep, samples[i].p, samples[i].n);
    }
    for (size_t i = 0, at = 0; i < n; i++) {
        count_text(t, w, llama ? (struct str){ keep->p + at, samples[i].n + 1 } : samples[i]);
        at += samples[i].n + 1;
    }
    if (w->n)
        qsort(w->at, w->n, sizeof *w->at, by_count);
}

struct tokenizer *tokenizer_train(const struct str *samples, size_t n,
                                  const struct tokenizer_options *o)
{
    static const struct tokenizer_options standard = { .rule = TOKENIZER_WORDS };
    struct words w = { 0 };
    struct buf keep = { 0 };
    if (!o)
        o = &standard;
    bool merges = o->merges || o->rule == TOKENIZER_GPT2 || o->rule == TOKENIZER_LLAMA;
    struct tokenizer *t = tokenizer_new();
    pretoken_rule_set(&t->rule, o->rule, o->digits, o->phrases, o->n_phrases);
    t->ignore_merges = !merges;
    add_base(t);
    count_all(t, samples, n, &w, &keep);
    if (o->rule == TOKENIZER_LLAMA)
        add_characters(t, &w, o->max_vocab);
    if (merges)
        learn_merges(t, w.at, w.n, o->min_count ? o->min_count : 2, o->max_vocab);
    for (size_t i = 0; !merges && i < w.n && w.at[i].count >= o->min_count; i++)
        if (!o->max_vocab || t->n < o->max_vocab)
            tokenizer_add(t, w.at[i].s, NULL);
    free(w.at);
    free(w.table);
    buf_free(&keep);
    REQUIRE(tokenizer_index(t, "trained", NULL) && tokenizer_index_merges(t, "trained", NULL));
    return t;
}
