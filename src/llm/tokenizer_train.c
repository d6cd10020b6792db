/* tokenizer_train.c: count pre-tokens, keep those seen often enough, most frequent first. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "llm/tokenizer_priv.h"

struct word {
    struct str s;
    size_t count;
};

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

struct tokenizer *tokenizer_train(const struct str *samples, size_t n,
                                  const struct tokenizer_options *o)
{
    static const struct tokenizer_options standard = { .rule = TOKENIZER_WORDS };
    if (!o)
        o = &standard;
    struct tokenizer *t = tokenizer_new();
    pretoken_rule_set(&t->rule, o->rule, o->digits, o->phrases, o->n_phrases);
    t->bos = tokenizer_add_special(t, STR("<|begin|>"));
    t->eos = tokenizer_add_special(t, STR("<|end|>"));
    t->pad = tokenizer_add_special(t, STR("<|pad|>"));
    for (size_t i = 0; i < 256; i++) {
        char c = (char)byte_alphabet_nth(i);
        tokenizer_add(t, (struct str){ &c, 1 });
    }
    struct words w = { 0 };
    for (size_t i = 0; i < n; i++)
        for (struct str rest = samples[i]; rest.n;) {
            struct str piece = { rest.p, pretoken_length(&t->rule, rest) };
            rest = (struct str){ rest.p + piece.n, rest.n - piece.n };
            if (piece.n > 1)
                words_count(&w, piece);
        }
    if (w.n)
        qsort(w.at, w.n, sizeof *w.at, by_count);
    for (size_t i = 0; i < w.n && w.at[i].count >= o->min_count; i++)
        if (!o->max_vocab || t->n < o->max_vocab)
            tokenizer_add(t, w.at[i].s);
    free(w.at);
    free(w.table);
    REQUIRE(tokenizer_index(t, "trained", NULL));
    return t;
}
