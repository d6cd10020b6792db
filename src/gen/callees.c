/* callees.c: see the header. */
#include "gen/callees.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "text/layers.h"

enum { ALL_TYPES = (1 << CALL_TYPES) - 1 };

static bool usable(struct str name)
{
    return str_utf8(name) && !str_is(name, "UNKNOWN") && !str_is(name, "UNAVAILABLE");
}

void callees_write(const struct graphset *graphs, struct buf *out)
{
    size_t n = names_count(graphs->names), first = out->n;
    uint8_t *types = mem_array(n + 1, 1);
    for (size_t i = 0; i < graphs->n; i++)
        for (size_t k = 0; k < graphs->graphs[i].n; k++) {
            const struct call *c = &graphs->graphs[i].calls[k];
            types[c->dst] |= (uint8_t)(1u << c->type);
        }
    for (size_t i = 0; i < n; i++) {
        struct str name = names_str(graphs->names, (uint32_t)i);
        if (!types[i] || !usable(name))
            continue;
        if (out->n > first)
            buf_char(out, ' ');
        escape_put(name, LAYER_ESCAPES, out);
        buf_printf(out, ":%02x", types[i]);
    }
    free(types);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "NAME:xx" */
static bool read_one(struct str s, struct layer_name *to)
{
    int hi = s.n > 3 && s.p[s.n - 3] == ':' ? hex_digit(s.p[s.n - 2]) : -1;
    int lo = hi < 0 ? -1 : hex_digit(s.p[s.n - 1]);
    *to = (struct layer_name){ { s.p, s.n - 3 }, (uint8_t)(hi * 16 + lo) };
    return lo >= 0 && to->types && to->types <= ALL_TYPES && usable(to->text) &&
           !memchr(s.p, ':', s.n - 3);
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(((const struct layer_name *)a)->text, ((const struct layer_name *)b)->text);
}

static bool distinct(const struct callees *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (str_eq(c->at[i - 1].text, c->at[i].text))
            return false;
    return true;
}

bool callees_read(struct str text, struct callees *c)
{
    *c = (struct callees){ .text = mem_strndup(text.n ? text.p : "", text.n) };
    struct str rest = { c->text, text.n }, piece;
    size_t cap = 0;
    bool good = text.n > 0;
    while (good && str_next(&rest, ' ', &piece)) {
        MEM_GROW(c->at, c->n, cap);
        good = read_one(piece, &c->at[c->n++]);
    }
    if (good) {
        qsort(c->at, c->n, sizeof *c->at, by_text);
        good = distinct(c);
    }
    if (!good)
        callees_free(c);
    return good;
}

/* As the pre-tokens of names: a letter, then letters, digits, '_', '-', '.'. */
static bool is_name(struct str s)
{
    if (s.n < 2 || !usable(s))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
        bool inner = (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!letter && !(inner && i))
            return false;
    }
    return true;
}

struct callees callees_open(const struct tokenizer *t)
{
    struct buf b = { 0 };
    struct callees c = { 0 };
    for (size_t i = 0; i < tokenizer_size(t); i++) {
        struct str s = tokenizer_bytes(t, (uint32_t)i);
        if (!is_name(s))
            continue;
        if (b.n)
            buf_char(&b, ' ');
        buf_add(&b, s.p, s.n);
        buf_printf(&b, ":%02x", ALL_TYPES);
    }
    if (b.n)
        callees_read(buf_view(&b), &c);
    buf_free(&b);
    return c;
}

void callees_free(struct callees *c)
{
    free(c->at);
    free(c->text);
    *c = (struct callees){ 0 };
}
