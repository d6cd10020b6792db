/* tokenizer_encode.c: text to tokens and back.
 *
 *     text | added tokens, as they stand | sections
 *     TOKENIZER_LLAMA: section with a blank before it | added tokens, normalized | pieces
 *     the others:      section | pieces, by the rule
 *     piece | tokens of its characters, joined by the merges
 *
 * Backwards, the blank that was set before a section is taken away where a section begins.
 */
#include <stdlib.h>
#include <string.h>

#include "llm/tokenizer_priv.h"

/* ---- added tokens ---- */

/* Keys of [lo, hi) share their first k bytes; keep those whose byte k is c. */
static void narrow(const struct added_set *s, size_t k, unsigned char c, size_t *lo, size_t *hi)
{
    size_t bound[2];
    for (size_t side = 0; side < 2; side++) {
        size_t a = *lo, b = *hi;
        while (a < b) {
            size_t mid = a + (b - a) / 2;
            int byte = k < s->at[mid].n ? (unsigned char)s->at[mid].key[k] : -1;
            if (byte < (int)c + (int)side)
                a = mid + 1;
            else
                b = mid;
        }
        bound[side] = a;
    }
    *lo = bound[0];
    *hi = bound[1];
}

/* The longest added token that text begins with; NULL if none. */
static const struct added *longest(const struct tokenizer *t, const struct added_set *s,
                                   struct str text, bool special)
{
    const struct added *best = NULL;
    size_t lo = 0, hi = s->n;
    for (size_t k = 0; k < text.n; k++) {
        narrow(s, k, (unsigned char)text.p[k], &lo, &hi);
        if (lo == hi)
            break;
        if (s->at[lo].n == k + 1 && (special || t->token[s->at[lo].id].kind != TOKEN_SPECIAL))
            best = &s->at[lo];
    }
    return best;
}

/* Cut what precedes the first added token off *text; *found is that token, cut off as well, or
 * NULL. */
static struct str cut(const struct tokenizer *t, const struct added_set *s, struct str *text,
                      bool special, const struct added **found)
{
    struct str head = *text;
    *found = NULL;
    for (size_t i = 0; s->n && i < text->n && !*found; i++) {
        struct str rest = { text->p + i, text->n - i };
        if ((*found = longest(t, s, rest, special)))
            head.n = i;
    }
    size_t used = head.n + (*found ? (*found)->n : 0);
    *text = (struct str){ text->p + used, text->n - used };
    return head;
}

/* ---- pieces ---- */

void tokenizer_characters(const struct tokenizer *t, struct str piece, struct tokens *out)
{
    while (piece.n) {
        uint32_t u;
        size_t n = t->rule.kind == TOKENIZER_LLAMA ? utf8_first(piece, &u) : 1;
        uint32_t id = tokenizer_find(t, (struct str){ piece.p, n });
        if (id != TOKENIZER_NONE)
            tokens_add(out, id);
        else
            for (size_t i = 0; i < n; i++)
                tokens_add(out, t->byte[(unsigned char)piece.p[i]]);
        piece = (struct str){ piece.p + n, piece.n - n };
    }
}

static void put_piece(const struct tokenizer *t, struct str piece, struct tokens *out)
{
    uint32_t id = t->ignore_merges ? tokenizer_find(t, piece) : TOKENIZER_NONE;
    if (id != TOKENIZER_NONE) {
        tokens_add(out, id);
        return;
    }
    size_t from = out->n;
    tokenizer_characters(t, piece, out);
    tokenizer_join(t, out, from);
}

static void put_pieces(const struct tokenizer *t, struct str text, struct tokens *out)
{
    while (text.n) {
        struct str piece = { text.p, pretoken_length(&t->rule, text) };
        put_piece(t, piece, out);
        text = (struct str){ text.p + piece.n, text.n - piece.n };
    }
}

static void put_llama(const struct tokenizer *t, struct str section, bool first, bool special,
                      struct tokens *out)
{
    struct buf b = { 0 };
    if (t->blank == BLANK_SECTION || (section.p[0] != ' ' && (first || t->blank == BLANK_ALWAYS)))
        buf_char(&b, ' ');
    buf_add(&b, section.p, section.n);
    for (struct str rest = buf_view(&b); rest.n;) {
        const struct added *found;
        put_pieces(t, cut(t, &t->normalized, &rest, special, &found), out);
        if (found)
            tokens_add(out, found->id);
    }
    buf_free(&b);
}

static void encode(const struct tokenizer *t, struct str text, bool special, struct tokens *out)
{
    for (bool first = true; text.n; first = false) {
        const struct added *found;
        struct str section = cut(t, &t->raw, &text, special, &found);
        if (section.n && t->rule.kind == TOKENIZER_LLAMA)
            put_llama(t, section, first, special, out);
        else
            put_pieces(t, section, out);
        if (found)
            tokens_add(out, found->id);
    }
}

void tokenizer_encode(const struct tokenizer *t, struct str text, struct tokens *out)
{
    encode(t, text, false, out);
}

static void add_all(const struct tokens *from, struct tokens *out)
{
    for (size_t i = 0; i < from->n; i++)
        tokens_add(out, from->id[i]);
}

void tokenizer_encode_line(const struct tokenizer *t, struct str text, struct tokens *out)
{
    add_all(&t->before, out);
    encode(t, text, true, out);
    add_all(&t->after, out);
}

/* ---- and back ---- */

static void decode(const struct tokenizer *t, const uint32_t *id, size_t n, bool special,
                   struct buf *out)
{
    bool llama = t->rule.kind == TOKENIZER_LLAMA, begins = llama;
    for (size_t i = 0; i < n; i++) {
        REQUIRE(id[i] < t->n);
        const struct token *k = &t->token[id[i]];
        struct str s = { k->bytes, k->n };
        if (k->kind == TOKEN_SPECIAL) {
            if (!special)
                continue;
            s = str_of(k->content);
            if (k->normalized && !begins)   /* the blank before it was part of the match */
                buf_char(out, ' ');
        } else if (begins && k->kind != TOKEN_BYTE && s.p[0] == ' ' &&
                   (k->kind == TOKEN_TEXT || k->normalized))
            s = (struct str){ s.p + 1, s.n - 1 };
        if (s.n)
            buf_add(out, s.p, s.n);
        begins = llama && k->content && !k->normalized && t->blank != BLANK_FIRST;
    }
}

void tokenizer_decode(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out)
{
    decode(t, id, n, false, out);
}

void tokenizer_decode_line(const struct tokenizer *t, const uint32_t *id, size_t n, struct buf *out)
{
    const struct tokens *a = &t->before, *z = &t->after;
    if (a->n && a->n <= n && memcmp(id, a->id, a->n * sizeof *id) == 0) {
        id += a->n;
        n -= a->n;
    }
    if (z->n && z->n <= n && memcmp(id + n - z->n, z->id, z->n * sizeof *id) == 0)
        n -= z->n;
    decode(t, id, n, true, out);
}
