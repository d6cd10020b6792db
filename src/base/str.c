/* str.c: see the header. Decimal output is by hand because it is hot in every writer. */
#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct str str_of(const char *s)
{
    return (struct str){ s, strlen(s) };
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *s)
{
    return str_eq(a, str_of(s));
}

bool str_starts(struct str a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

bool str_ends(struct str a, const char *suffix)
{
    size_t n = strlen(suffix);
    return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str a)
{
    while (a.n && blank(a.p[a.n - 1]))
        a.n--;
    while (a.n && blank(a.p[0]))
        a.p++, a.n--;
    return a;
}

/* A separator at the very end leaves one empty piece to give: rest then points here. */
static const char last_empty[1] = "";

bool str_next(struct str *rest, char sep, struct str *piece)
{
    if (rest->n == 0 && rest->p != last_empty)
        return false;
    const char *cut = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (!cut) {
        *piece = *rest;
        *rest = (struct str){ NULL, 0 };
        return true;
    }
    *piece = (struct str){ rest->p, (size_t)(cut - rest->p) };
    rest->n -= piece->n + 1;
    rest->p = rest->n ? cut + 1 : last_empty;
    return true;
}

bool str_u64(struct str a, uint64_t *x)
{
    if (a.n == 0)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < a.n; i++) {
        unsigned d = (unsigned char)a.p[i] - (unsigned)'0';
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *x = v;
    return true;
}

bool str_i64(struct str a, int64_t *x)
{
    bool minus = a.n && a.p[0] == '-';
    uint64_t v;
    if (!str_u64(minus ? (struct str){ a.p + 1, a.n - 1 } : a, &v))
        return false;
    if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return false;
    *x = minus && v ? -(int64_t)(v - 1) - 1 : (int64_t)v;   /* -v would overflow at INT64_MIN */
    return true;
}

bool str_f64(struct str a, double *x)
{
    char s[64];
    if (a.n == 0 || a.n >= sizeof s || isspace((unsigned char)a.p[0]))
        return false;   /* strtod would skip the blanks */
    memcpy(s, a.p, a.n);
    s[a.n] = '\0';
    char *end;
    *x = strtod(s, &end);   /* LC_ALL is C: no program of ours calls setlocale */
    return end == s + a.n && strpbrk(s, "xX") == NULL;
}

bool str_utf8(struct str a)
{
    for (size_t i = 0; i < a.n;) {
        unsigned char c = (unsigned char)a.p[i];
        size_t more = c < 0x80 ? 0 : c < 0xC2 ? 9 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : c < 0xF5 ? 3 : 9;
        if (c == 0 || more == 9 || a.n - i <= more)
            return false;
        uint32_t u = more ? c & (0x3Fu >> more) : c;
        for (size_t k = 1; k <= more; k++) {
            unsigned char d = (unsigned char)a.p[i + k];
            if ((d & 0xC0) != 0x80)
                return false;
            u = u << 6 | (d & 0x3F);
        }
        if ((more == 2 && (u < 0x800 || (u >= 0xD800 && u < 0xE000))) ||
            (more == 3 && (u < 0x10000 || u > 0x10FFFF)))
            return false;
        i += more + 1;
    }
    return true;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ 0 };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

void buf_drop(struct buf *b, size_t n)
{
    REQUIRE(n <= b->n);
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
    b->p[b->n] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    MEM_RESERVE(b->p, b->n + n + 1, b->cap);
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_u64(struct buf *b, uint64_t x)
{
    char s[20];
    size_t i = sizeof s;
    do {
        s[--i] = (char)('0' + x % 10);
        x /= 10;
    } while (x);
    buf_add(b, s + i, sizeof s - i);
}

void buf_i64(struct buf *b, int64_t x)
{
    if (x < 0)
        buf_char(b, '-');
    buf_u64(b, x < 0 ? -(uint64_t)x : (uint64_t)x);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    REQUIRE(n >= 0);
    MEM_RESERVE(b->p, b->n + (size_t)n + 1, b->cap);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    va_end(again);
    b->n += (size_t)n;
}

struct str buf_view(const struct buf *b)
{
    return (struct str){ b->p ? b->p : "", b->n };
}

void buf_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80)
        buf_char(b, (char)c);
    else if (c < 0x800) {
        buf_char(b, (char)(0xC0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xE0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 63)));
        buf_char(b, (char)(0x80 | (c & 63)));
    } else {
        buf_char(b, (char)(0xF0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 63)));
        buf_char(b, (char)(0x80 | (c >> 6 & 63)));
        buf_char(b, (char)(0x80 | (c & 63)));
    }
}

void buf_csv(struct buf *b, struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.n && plain; i++)
        plain = s.p[i] != ',' && s.p[i] != '"' && s.p[i] != '\n' && s.p[i] != '\r';
    if (plain) {
        buf_add(b, s.p, s.n);
        return;
    }
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.p[i]);
    }
    buf_char(b, '"');
}

void str_put_csv(FILE *f, const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        fputs(s, f);
        return;
    }
    putc('"', f);
    for (; *s; s++) {
        if (*s == '"')
            putc('"', f);
        putc(*s, f);
    }
    putc('"', f);
}

void buf_xml(struct buf *b, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '<': buf_str(b, "&lt;"); break;
        case '>': buf_str(b, "&gt;"); break;
        case '&': buf_str(b, "&amp;"); break;
        case '"': buf_str(b, "&quot;"); break;
        default: buf_char(b, *s);
        }
}

void str_printable(char *b, size_t cap, struct str s)
{
    size_t n = strlen(b);
    for (size_t i = 0; i < s.n; i++) {
        if (n + 9 > cap) {
            memcpy(b + n, "...", 4);
            return;
        }
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7F || c == '\\' || c == '"' || c >= 0x80)
            n += (size_t)snprintf(b + n, cap - n, "\\x%02x", c);
        else
            b[n++] = (char)c;
        b[n] = '\0';
    }
}
