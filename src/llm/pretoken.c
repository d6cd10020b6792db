/* pretoken.c: the expressions and the machines that do the same.
 *
 * TEXT is   phrases | name | digits | punctuation | blank or control, one by one
 * with      name  = " "? [letter_] [letter digit _]* ([-.] [letter digit _]+)*
 * where a letter is A-Z, a-z or anything outside ASCII. No alternative ever needs to give back
 * what it took, so a greedy walk equals the expression.
 */
#include "llm/pretoken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define WORDS_REGEX " ?[^ \\n]+|[ \\n]"
#define LETTER "(?:[A-Za-z_]|[^\\x00-\\x7F])"
#define INNER "(?:[A-Za-z0-9_]|[^\\x00-\\x7F])"
#define TEXT_REGEX                                                                                 \
    " ?" LETTER INNER "*(?:[-.]" INNER                                                            \
    "+)*| ?[0-9]{1,%u}| ?[!-/:-@\\[-\\^`\\{-~]|[\\x00-\\x20\\x7F]"

static int by_length(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : str_cmp(*x, *y);
}

void pretoken_rule_set(struct pretoken_rule *r, enum tokenizer_rule kind, unsigned digits,
                       const struct str *phrases, size_t n)
{
    *r = (struct pretoken_rule){ .kind = kind, .digits = digits < 1 ? 1 : digits > 3 ? 3 : digits };
    if (kind != TOKENIZER_TEXT)
        return;
    struct str *sorted = mem_array(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = phrases[i];
    if (n)
        qsort(sorted, n, sizeof *sorted, by_length);
    r->phrase = mem_array(n, sizeof *r->phrase);
    r->phrase_len = mem_array(n, sizeof *r->phrase_len);
    for (size_t i = 0; i < n; i++)
        if (sorted[i].n && (i == 0 || !str_eq(sorted[i], sorted[i - 1]))) {
            r->phrase[r->n_phrases] = mem_strndup(sorted[i].p, sorted[i].n);
            r->phrase_len[r->n_phrases++] = sorted[i].n;
        }
    free(sorted);
}

void pretoken_rule_free(struct pretoken_rule *r)
{
    for (size_t i = 0; i < r->n_phrases; i++)
        free(r->phrase[i]);
    free(r->phrase);
    free(r->phrase_len);
    *r = (struct pretoken_rule){ 0 };
}

static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
static bool is_letter(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
}
static bool is_inner(unsigned char c) { return is_letter(c) || is_digit(c); }
static bool is_blank(unsigned char c) { return c <= ' ' || c == 0x7F; }

static size_t words_length(const unsigned char *p, size_t n)
{
    size_t i = p[0] == ' ';
    size_t start = i;
    while (i < n && p[i] != ' ' && p[i] != '\n')
        i++;
    return i > start ? i : 1;
}

static size_t name_length(const unsigned char *p, size_t i, size_t n)
{
    while (i < n && is_inner(p[i]))
        i++;
    while (i + 1 < n && (p[i] == '-' || p[i] == '.') && is_inner(p[i + 1]))
        for (i++; i < n && is_inner(p[i]);)
            i++;
    return i;
}

static size_t text_length(const struct pretoken_rule *r, const unsigned char *p, size_t n)
{
    for (size_t k = 0; k < r->n_phrases; k++)
        if (r->phrase_len[k] <= n && memcmp(p, r->phrase[k], r->phrase_len[k]) == 0)
            return r->phrase_len[k];
    size_t i = p[0] == ' ';
    if (i == n || is_blank(p[i]))
        return 1;
    if (is_letter(p[i]))
        return name_length(p, i, n);
    if (!is_digit(p[i]))
        return i + 1;
    size_t end = i;
    while (end < n && end < i + r->digits && is_digit(p[end]))
        end++;
    return end;
}

size_t pretoken_length(const struct pretoken_rule *r, struct str text)
{
    REQUIRE(text.n > 0);
    const unsigned char *p = (const unsigned char *)text.p;
    switch (r->kind) {
    case TOKENIZER_WORDS: return words_length(p, text.n);
    case TOKENIZER_TEXT: return text_length(r, p, text.n);
    case TOKENIZER_GPT2: return pretoken_gpt2_length(text);
    case TOKENIZER_LLAMA: break;
    }
    return text.n;
}

void pretoken_regex(const struct pretoken_rule *r, struct buf *out)
{
    if (r->kind == TOKENIZER_WORDS) {
        buf_str(out, WORDS_REGEX);
        return;
    }
    if (r->kind == TOKENIZER_GPT2) {
        buf_str(out, pretoken_gpt2_regex);
        return;
    }
    REQUIRE(r->kind == TOKENIZER_TEXT);
    for (size_t k = 0; k < r->n_phrases; k++) {
        for (size_t i = 0; i < r->phrase_len[k]; i++) {
            char c = r->phrase[k][i];
            if (strchr("\\^$.|?*+()[]{}/", c) && c)
                buf_char(out, '\\');
            buf_char(out, c);
        }
        buf_char(out, '|');
    }
    buf_printf(out, TEXT_REGEX, r->digits);
}

/* The phrases of "p1|p2|...|": unescaped, each ended by a bar. */
static bool phrases_of(struct pretoken_rule *r, struct str s, unsigned digits)
{
    struct str *at = mem_array(s.n + 1, sizeof *at);
    char *text = mem_alloc(s.n + 1);
    size_t n = 0, len = 0, from = 0;
    bool good = true;
    for (size_t i = 0; i < s.n && good; i++) {
        if (s.p[i] == '|') {
            at[n++] = (struct str){ text + from, len - from };
            from = len;
        } else if (s.p[i] == '\\') {
            good = ++i < s.n;
            text[len++] = good ? s.p[i] : 0;
        } else if (strchr("^$.?*+()[]{}/", s.p[i]))
            good = false;   /* a live operator: not one of ours */
        else
            text[len++] = s.p[i];
    }
    good = good && from == len;
    if (good)
        pretoken_rule_set(r, TOKENIZER_TEXT, digits, at, n);
    free(at);
    free(text);
    return good;
}

/* Is this what we would write? Not if phrases stand in another order, or an escape means a
 * class. */
static bool writes(const struct pretoken_rule *r, struct str regex)
{
    struct buf b = { 0 };
    pretoken_regex(r, &b);
    bool same = str_eq(buf_view(&b), regex);
    buf_free(&b);
    return same;
}

bool pretoken_from_regex(struct pretoken_rule *r, struct str regex)
{
    if (str_is(regex, WORDS_REGEX)) {
        pretoken_rule_set(r, TOKENIZER_WORDS, 1, NULL, 0);
        return true;
    }
    if (str_is(regex, pretoken_gpt2_regex)) {
        pretoken_rule_set(r, TOKENIZER_GPT2, 1, NULL, 0);
        return true;
    }
    for (unsigned digits = 1; digits <= 3; digits++) {
        char tail[256];
        int n = snprintf(tail, sizeof tail, TEXT_REGEX, digits);
        REQUIRE(n > 0 && (size_t)n < sizeof tail);
        if (str_ends(regex, tail))
            return phrases_of(r, (struct str){ regex.p, regex.n - (size_t)n }, digits) &&
                   writes(r, regex);
    }
    return false;
}
