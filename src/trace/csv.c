/* csv.c: byte by byte. The importer comes here for headers and for text with quotes; text without
 * goes through csv_scan.c. Unquoted bytes are copied to `own` in a row, 16 NULs between them. */
#include "trace/csv_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SLACK = 16 };

void csv_free(struct csv *c)
{
    free(c->field);
    free(c->quoted);
    buf_free(&c->own);
    *c = (struct csv){ 0 };
}

static void add_field(struct csv *c, const char *p, size_t n, bool quoted)
{
    MEM_GROW(c->field, c->n, c->cap);
    MEM_GROW(c->quoted, c->n, c->quoted_cap);
    c->field[c->n] = (struct str){ p, n };
    c->quoted[c->n++] = quoted;
}

static bool ends_line(char c, bool cr)
{
    return c == '\n' || (cr && c == '\r');
}

/* One field from p; returns its end (a comma, a line end or `end`), or NULL when quotes stay open.
 * A field with quotes is put into own and marked by a NULL pointer until own stops moving. */
static const char *take_field(struct csv *c, const char *p, const char *end, bool cr)
{
    const char *start = p;
    if (p == end || *p != '"') {
        while (p < end && *p != ',' && !ends_line(*p, cr))
            p++;
        size_t n = (size_t)(p - start);
        if (n && !cr && (p == end || *p == '\n') && start[n - 1] == '\r')
            n--;
        add_field(c, start, n, false);
        return p;
    }
    size_t from = c->own.n;
    for (p++;; p++) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        if (!q)
            return NULL;
        buf_add(&c->own, p, (size_t)(q - p));
        p = q + 1;
        if (p == end || *p != '"')
            break;
        buf_char(&c->own, '"');
    }
    start = p;
    while (p < end && *p != ',' && !ends_line(*p, cr))
        p++;
    size_t n = (size_t)(p - start);
    if (n && !cr && (p == end || *p == '\n') && start[n - 1] == '\r')
        n--;
    buf_add(&c->own, start, n);
    add_field(c, NULL, c->own.n - from, true);
    buf_add(&c->own, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", SLACK);
    return p;
}

static void place_own(struct csv *c)
{
    size_t at = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->quoted[i]) {
            c->field[i].p = c->own.p + at;
            at += c->field[i].n + SLACK;
        }
}

enum csv_end csv_record(struct csv *c, const char *p, const char *end, bool last, bool cr,
                        const char **next)
{
    c->n = 0;
    buf_clear(&c->own);
    for (;;) {
        p = take_field(c, p, end, cr);
        if (!p)
            return CSV_OPEN;
        if (p == end || *p != ',')
            break;
        p++;
    }
    if (p == end && !last)
        return CSV_MORE;
    place_own(c);
    if (p < end)
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    *next = p;
    return CSV_RECORD;
}
