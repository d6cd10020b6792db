/* layer_tokens.c: the pieces a text is chosen from, as sequences of tokens.
 *
 * At each step the candidates are the pieces that go on as the tokens drawn so far do. Where one of
 * them is already whole while others are longer ("12" of 12 and 1234), the first token of what
 * would follow it stands for the end: the grammar is stepped on a copy to see it. What follows a
 * number or a name begins with a byte that neither has, so the two never meet.
 */
#include "gen/layer_tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

enum { MOST_DIGITS = 3 };
static const int64_t power[] = { 1, 10, 100, 1000 };

struct piece {
    uint32_t from, n;
};

struct layer_tokens {
    const struct layer_grammar *grammar;
    const struct tokenizer *tokenizer;
    size_t V;
    unsigned digits;                         /* in a whole group */
    struct tokens ids;                       /* of all pieces */
    struct piece word[LAYER_WORDS], *name;   /* name: (n) */
    struct piece *group[MOST_DIGITS + 1];    /* [l]: (10^l) of l digits */
    uint32_t *sorted;                        /* names by their tokens */
    uint8_t *first;                          /* (V) types of the names that begin so */
};

/* As the tokens within a text: some tokenizers put a blank before the first. */
static void encode_inside(const struct tokenizer *t, struct str text, struct tokens *out)
{
    if (tokenizer_rule(t) == TOKENIZER_TEXT || tokenizer_rule(t) == TOKENIZER_WORDS) {
        tokenizer_encode(t, text, out);
        return;
    }
    struct buf b = { 0 };
    struct tokens line = { 0 }, both = { 0 };
    buf_char(&b, '\n');
    tokenizer_encode(t, buf_view(&b), &line);
    buf_add(&b, text.p, text.n);
    tokenizer_encode(t, buf_view(&b), &both);
    bool inside = both.n > line.n && memcmp(both.id, line.id, line.n * sizeof *line.id) == 0;
    for (size_t i = line.n; inside && i < both.n; i++)
        tokens_add(out, both.id[i]);
    if (!inside)
        tokenizer_encode(t, text, out);
    tokens_free(&line);
    tokens_free(&both);
    buf_free(&b);
}

static struct piece add_piece(struct layer_tokens *t, struct str text)
{
    struct piece p = { (uint32_t)t->ids.n, 0 };
    encode_inside(t->tokenizer, text, &t->ids);
    p.n = (uint32_t)t->ids.n - p.from;
    return p;
}

static const uint32_t *ids_of(const struct layer_tokens *t, struct piece p)
{
    return t->ids.id + p.from;
}

/* ---- numbers ---- */

/* Is a run of digits the tokens of its groups of k? */
static bool cuts_by(const struct tokenizer *t, unsigned k, struct str digits)
{
    struct tokens whole = { 0 }, groups = { 0 };
    encode_inside(t, digits, &whole);
    for (size_t i = 0; i < digits.n; i += k)
        encode_inside(t, (struct str){ digits.p + i, digits.n - i < k ? digits.n - i : k },
                      &groups);
    bool same = whole.n == groups.n && memcmp(whole.id, groups.id, whole.n * sizeof *whole.id) == 0;
    tokens_free(&whole);
    tokens_free(&groups);
    return same;
}

/* The fewest digits by whose groups every run is cut; 1 where there are none such. */
static unsigned digits_together(const struct tokenizer *t)
{
    struct buf pairs = { 0 }, triples = { 0 };
    for (int i = 0; i < 100; i++)
        buf_printf(&pairs, "%02d", i);
    for (int i = 0; i < 1000; i++)
        buf_printf(&triples, "%03d", i);
    unsigned k = 1;
    while (k <= MOST_DIGITS &&
           !(cuts_by(t, k, buf_view(&pairs)) && cuts_by(t, k, buf_view(&triples))))
        k++;
    buf_free(&pairs);
    buf_free(&triples);
    return k > MOST_DIGITS ? 1 : k;
}

static void add_groups(struct layer_tokens *t)
{
    t->digits = digits_together(t->tokenizer);
    for (unsigned l = 1; l <= t->digits; l++) {
        t->group[l] = mem_array((size_t)power[l], sizeof *t->group[l]);
        for (int64_t v = 0; v < power[l]; v++) {
            char s[8];
            snprintf(s, sizeof s, "%0*d", (int)l, (int)v);
            t->group[l][v] = add_piece(t, str_of(s));
        }
    }
}

/* ---- names ---- */

static int cmp_pieces(const struct layer_tokens *t, struct piece a, struct piece b)
{
    for (uint32_t i = 0; i < a.n && i < b.n; i++) {
        uint32_t x = ids_of(t, a)[i], y = ids_of(t, b)[i];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a.n > b.n) - (a.n < b.n);
}

/* Merge sort of the indices: qsort has no context. */
static void sort_names(const struct layer_tokens *t, uint32_t *v, uint32_t *aside, size_t n)
{
    if (n < 2)
        return;
    size_t half = n / 2, i = 0, j = half, k = 0;
    sort_names(t, v, aside, half);
    sort_names(t, v + half, aside, n - half);
    while (i < half && j < n)
        aside[k++] = cmp_pieces(t, t->name[v[i]], t->name[v[j]]) <= 0 ? v[i++] : v[j++];
    while (i < half)
        aside[k++] = v[i++];
    memcpy(v, aside, k * sizeof *v);
}

static void add_names(struct layer_tokens *t)
{
    size_t n = t->grammar->n;
    uint32_t *aside = mem_array(n + 1, sizeof *aside);
    t->name = mem_array(n + 1, sizeof *t->name);
    t->sorted = mem_array(n + 1, sizeof *t->sorted);
    t->first = mem_array(t->V, 1);
    for (size_t i = 0; i < n; i++) {
        t->name[i] = add_piece(t, t->grammar->names[i].text);
        t->sorted[i] = (uint32_t)i;
        t->first[t->ids.id[t->name[i].from]] |= t->grammar->names[i].types;
    }
    sort_names(t, t->sorted, aside, n);
    free(aside);
}

struct layer_tokens *layer_tokens_new(const struct layer_grammar *g, const struct tokenizer *tok,
                                      size_t vocab)
{
    REQUIRE(vocab >= tokenizer_size(tok));
    struct layer_tokens *t = mem_alloc(sizeof *t);
    *t = (struct layer_tokens){ .grammar = g, .tokenizer = tok, .V = vocab };
    for (int w = 0; w < LAYER_WORDS; w++)
        t->word[w] = add_piece(t, layer_word_spelling((enum layer_word)w));
    add_groups(t);
    add_names(t);
    return t;
}

void layer_tokens_free(struct layer_tokens *t)
{
    if (!t)
        return;
    for (unsigned l = 0; l <= MOST_DIGITS; l++)
        free(t->group[l]);
    free(t->name);
    free(t->sorted);
    free(t->first);
    tokens_free(&t->ids);
    free(t);
}

size_t layer_tokens_most(const struct layer_tokens *t, int64_t edges, size_t service)
{
    return layer_graph_most(t->grammar, edges, service);
}

void layer_walk_free(struct layer_walk *w)
{
    buf_free(&w->state.text);
    tokens_free(&w->piece);
    tokens_free(&w->run);
    free(w->mask);
    *w = (struct layer_walk){ 0 };
}

/* ---- what may come ---- */

static void allow(struct layer_walk *w, uint32_t id)
{
    w->allowed += !w->mask[id];
    w->mask[id] = 1;
}

/* Does the piece go on as the tokens in hand do? Then its next token may come, or it is whole. */
static bool consider(const struct layer_tokens *t, struct layer_walk *w, struct piece p)
{
    const uint32_t *id = ids_of(t, p);
    if (p.n < w->piece.n || (w->piece.n && memcmp(id, w->piece.id, w->piece.n * sizeof *id)))
        return false;
    if (p.n == w->piece.n)
        return true;
    allow(w, id[w->piece.n]);
    return false;
}

static void may_end(struct layer_walk *w, int64_t what)
{
    w->ends = true;
    w->what = what;
}

static void mask_words(const struct layer_tokens *t, struct layer_walk *w)
{
    for (uint64_t left = w->state.want.words; left; left &= left - 1) {
        int k = __builtin_ctzll(left);
        if (consider(t, w, t->word[k]))
            may_end(w, k);
    }
}

/* Names that agree with the tokens in hand lie side by side. */
static void mask_more_of_names(const struct layer_tokens *t, struct layer_walk *w)
{
    const struct layer_grammar *g = t->grammar;
    size_t lo = 0, hi = g->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        struct piece p = t->name[t->sorted[mid]];
        p.n = p.n < w->piece.n ? p.n : (uint32_t)w->piece.n;
        int order = 0;
        for (uint32_t i = 0; i < p.n && !order; i++)
            order = (ids_of(t, p)[i] > w->piece.id[i]) - (ids_of(t, p)[i] < w->piece.id[i]);
        if (order < 0 || (order == 0 && p.n < w->piece.n))
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < g->n; lo++) {
        struct piece p = t->name[t->sorted[lo]];
        if (p.n < w->piece.n ||
            memcmp(ids_of(t, p), w->piece.id, w->piece.n * sizeof *w->piece.id) != 0)
            return;
        if (g->names[t->sorted[lo]].types & w->state.want.types && consider(t, w, p))
            may_end(w, t->sorted[lo]);
    }
}

static void mask_names(const struct layer_tokens *t, struct layer_walk *w)
{
    uint8_t types = w->state.want.types;
    if (w->piece.n) {
        mask_more_of_names(t, w);
        return;
    }
    for (size_t v = 0; v < t->V; v++) {
        w->mask[v] = (t->first[v] & types) != 0;
        w->allowed += w->mask[v];
    }
}

static void mask_sources(const struct layer_tokens *t, struct layer_walk *w)
{
    for (size_t i = 0; i < w->state.want.n_sources; i++)
        if (consider(t, w, t->name[w->state.want.source[i]]))
            may_end(w, w->state.want.source[i]);
}

/* Groups of l digits after the value: a short one ends the number, a whole one may. */
static void mask_groups(const struct layer_tokens *t, struct layer_walk *w, unsigned l)
{
    const struct ranges *r = &w->state.want.numbers;
    bool whole = l == t->digits;
    if (w->value > INT64_MAX / power[l] - 1)
        return;
    for (int64_t v = w->groups || l == 1 ? 0 : power[l - 1]; v < power[l]; v++) {
        int64_t x = w->value * power[l] + v;
        bool have = ranges_have(r, x);
        if (!have && !(whole && x && ranges_go_on(r, x)))
            continue;
        if (consider(t, w, t->group[l][v]) && have)
            may_end(w, x);
    }
}

static void mask_digits(const struct layer_tokens *t, struct layer_walk *w)
{
    if (w->groups && w->piece.n == 0 && ranges_have(&w->state.want.numbers, w->value))
        may_end(w, w->value);
    if (w->groups && w->value == 0)
        return;                     /* nothing follows a 0 */
    for (unsigned l = 1; l <= t->digits; l++)
        mask_groups(t, w, l);
}

/* ---- stepping ---- */

static void step_grammar(const struct layer_tokens *t, struct layer_state *s, int64_t what)
{
    if (s->want.kind == WANT_WORD)
        layer_take_word(t->grammar, s, (enum layer_word)what);
    else if (s->want.kind == WANT_NUMBER)
        layer_take_number(t->grammar, s, what);
    else
        layer_take_name(t->grammar, s, (uint32_t)what);
}

static size_t spelled(const struct layer_tokens *t, const struct layer_state *s, int64_t what)
{
    size_t n = 1;
    if (s->want.kind == WANT_WORD)
        return layer_word_spelling((enum layer_word)what).n;
    if (s->want.kind != WANT_NUMBER)
        return t->grammar->names[what].text.n;
    for (; what >= 10; what /= 10)
        n++;
    return n;
}

/* The tokens of the text that were not given yet. */
static void tell(const struct layer_tokens *t, struct layer_walk *w, struct tokens *out)
{
    const struct buf *text = &w->state.text;
    if (w->told < text->n)
        encode_inside(t->tokenizer, (struct str){ text->p + w->told, text->n - w->told }, out);
    w->told = text->n;
}

/* What is in hand is `what`: the grammar goes on. */
static void finish_piece(const struct layer_tokens *t, struct layer_walk *w, int64_t what,
                         struct tokens *out)
{
    w->told += spelled(t, &w->state, what);
    step_grammar(t, &w->state, what);
    w->piece.n = w->groups = 0;
    w->value = 0;
    tell(t, w, out);
}

/* The first token after the piece, if it ended here. */
static uint32_t token_after(const struct layer_tokens *t, struct layer_walk *w)
{
    struct layer_state before = w->state;
    size_t from = w->told + spelled(t, &before, w->what);
    step_grammar(t, &w->state, w->what);
    REQUIRE(w->state.text.n > from);
    w->run.n = 0;
    encode_inside(t->tokenizer,
                  (struct str){ w->state.text.p + from, w->state.text.n - from }, &w->run);
    struct buf text = w->state.text;
    text.n = before.text.n;
    w->state = before;
    w->state.text = text;
    return w->run.id[0];
}

static void find_allowed(const struct layer_tokens *t, struct layer_walk *w)
{
    w->allowed = 0;
    w->ends = false;
    memset(w->mask, 0, t->V);
    switch (w->state.want.kind) {
    case WANT_WORD:
        mask_words(t, w);
        break;
    case WANT_NUMBER:
        mask_digits(t, w);
        break;
    case WANT_NAME:
        mask_names(t, w);
        break;
    default:
        mask_sources(t, w);
    }
    REQUIRE(w->allowed || w->ends);
}

/* A whole group of digits joins the value. */
static void close_group(const struct layer_tokens *t, struct layer_walk *w)
{
    unsigned l = t->digits;
    for (int64_t v = 0; v < power[l]; v++) {
        struct piece p = t->group[l][v];
        if (p.n != w->piece.n || memcmp(ids_of(t, p), w->piece.id, p.n * sizeof(uint32_t)) != 0)
            continue;
        w->value = w->value * power[l] + v;
        w->groups++;
        w->piece.n = 0;
        return;
    }
}

/* Up to the next choice of several tokens, or the end. */
static void go_on(const struct layer_tokens *t, struct layer_walk *w, struct tokens *out)
{
    while (w->state.want.kind != WANT_END) {
        find_allowed(t, w);
        if (w->ends && !w->allowed) {
            finish_piece(t, w, w->what, out);
            continue;
        }
        if (w->ends) {
            w->end_token = token_after(t, w);
            REQUIRE(!w->mask[w->end_token]);
            allow(w, w->end_token);
            return;
        }
        if (w->allowed > 1)
            return;
        const unsigned char *only = memchr(w->mask, 1, t->V);
        uint32_t id = (uint32_t)(only - w->mask);
        tokens_add(&w->piece, id);
        tokens_add(out, id);
        if (w->state.want.kind == WANT_NUMBER)
            close_group(t, w);
    }
    w->allowed = 0;
}

bool layer_walk_start(const struct layer_tokens *t, struct layer_walk *w,
                      const struct layer_ask *ask, struct tokens *out)
{
    if (!w->mask)
        w->mask = mem_array(t->V, 1);
    w->told = w->piece.n = w->groups = w->allowed = 0;
    w->value = 0;
    if (!layer_start(t->grammar, &w->state, ask))
        return false;
    tell(t, w, out);
    go_on(t, w, out);
    return true;
}

void layer_walk_take(const struct layer_tokens *t, struct layer_walk *w, uint32_t token,
                     struct tokens *out)
{
    REQUIRE(token < t->V && w->mask[token] && w->allowed);
    if (w->ends && token == w->end_token)
        finish_piece(t, w, w->what, out);     /* what follows begins with this token */
    else {
        tokens_add(&w->piece, token);
        tokens_add(out, token);
        if (w->state.want.kind == WANT_NUMBER)
            close_group(t, w);
    }
    go_on(t, w, out);
}
