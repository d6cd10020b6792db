/* load_write.c: what a target's line looks like is made once; a call is then a copy of bytes and a
 * few digits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/load_priv.h"

#define INDENT "         "       /* three times three: in a list of a unit of the file */

struct load_writer {
    enum load_format format;
    size_t n;
    struct str *line;            /* (n) an endpoint's text in the format */
    struct str *name;            /* (2n) endpoint and function, plain */
    struct arena *mem;
    size_t longest;
};

static void json_code(struct buf *b, unsigned c)
{
    if (c >= 0x10000) {
        c -= 0x10000;
        buf_printf(b, "\\u%04x\\u%04x", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF));
    } else {
        buf_printf(b, "\\u%04x", c);
    }
}

/* A string as Python's json writes it. */
static void json_string(struct buf *b, const char *s)
{
    static const char from[] = "\"\\\n\r\t\f\b", to[] = "\"\\nrtfb";
    buf_char(b, '"');
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        const char *at = strchr(from, *p);
        int more = *p < 0x80 ? 0 : *p < 0xE0 ? 1 : *p < 0xF0 ? 2 : 3;
        unsigned c = more == 0 ? *p : *p & (0x3Fu >> more);
        for (p++; more > 0 && (*p & 0xC0) == 0x80; more--, p++)
            c = c << 6 | (*p & 0x3F);
        if (at) {
            buf_char(b, '\\');
            buf_char(b, to[at - from]);
        } else if (c < ' ' || c > '~') {
            json_code(b, c);
        } else {
            buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}

static void make_line(enum load_format format, const struct load_target *t, struct buf *b)
{
    buf_clear(b);
    if (format == LOAD_JSON) {
        buf_str(b, ",\n" INDENT);
        json_string(b, t->endpoint);
    } else {
        buf_char(b, ',');
        buf_csv(b, str_of(t->endpoint));
        buf_char(b, ',');
        buf_csv(b, str_of(t->function));
        buf_char(b, '\n');
    }
}

struct load_writer *load_writer_new(enum load_format format, const struct load_target *targets,
                                    size_t n)
{
    struct load_writer *w = mem_alloc(sizeof *w);
    *w = (struct load_writer){ .format = format, .n = n, .mem = arena_new() };
    w->line = ARENA_ARRAY(w->mem, n, struct str);
    w->name = ARENA_ARRAY(w->mem, 2 * n, struct str);
    struct buf b = { 0 };
    for (size_t i = 0; i < n; i++) {
        make_line(format, &targets[i], &b);
        w->line[i] = (struct str){ arena_strndup(w->mem, b.p, b.n), b.n };
        w->name[2 * i] = str_of(arena_printf(w->mem, "%s", targets[i].endpoint));
        w->name[2 * i + 1] = str_of(arena_printf(w->mem, "%s", targets[i].function));
        w->longest = b.n > w->longest ? b.n : w->longest;
    }
    buf_free(&b);
    return w;
}

void load_writer_free(struct load_writer *w)
{
    if (!w)
        return;
    arena_free(w->mem);
    free(w);
}

static void add_number(struct buf *b, size_t bytes, uint64_t x)
{
    for (size_t i = 0; i < bytes; i++, x >>= 8)
        buf_char(b, (char)(x & 0xFF));
}

void load_write_begin(const struct load_writer *w, struct buf *out)
{
    if (w->format == LOAD_JSON)
        buf_char(out, '[');
    else if (w->format == LOAD_CSV)
        buf_str(out, "unit,at_us,endpoint,function\n");
    else {
        buf_str(out, LOAD_MAGIC);
        add_number(out, 4, w->n);
        for (size_t i = 0; i < 2 * w->n; i++) {
            add_number(out, 4, w->name[i].n);
            buf_add(out, w->name[i].p, w->name[i].n);
        }
    }
}

/* Digits of x at p; returns their end. */
static char *put_u32(char *p, uint32_t x)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char digits[10];
    int at = 10;
    for (; x >= 100; x /= 100)
        memcpy(digits + (at -= 2), pairs + 2 * (x % 100), 2);
    if (x >= 10)
        memcpy(digits + (at -= 2), pairs + 2 * x, 2);
    else
        digits[--at] = (char)('0' + x);
    memcpy(p, digits + at, (size_t)(10 - at));
    return p + (10 - at);
}

/* Room for at least `more` bytes after out's end. */
static char *reserve(struct buf *out, size_t more)
{
    MEM_RESERVE(out->p, out->n + more + 1, out->cap);
    return out->p + out->n;
}

static void finish(struct buf *out, char *end)
{
    out->n = (size_t)(end - out->p);
    *end = 0;
}

static void write_json(const struct load_writer *w, const struct load_call *calls, size_t n,
                       struct buf *out)
{
    static const char between[] = "\n      ],\n      \"endpoint\": [", comma[] = ",\n" INDENT;
    buf_str(out, "\n   {\n      \"timestamp\": [");
    char *p = reserve(out, n * (sizeof comma + 10 + w->longest) + sizeof between);
    for (size_t i = 0; i < n; i++) {
        memcpy(p, comma + (i == 0), sizeof comma - 1);     /* the first has no comma */
        p = put_u32(p + sizeof comma - 1 - (i == 0), calls[i].at_us);
    }
    memcpy(p, between, sizeof between - 1);
    p += sizeof between - 1;
    for (size_t i = 0; i < n; i++) {
        struct str line = w->line[calls[i].target];
        memcpy(p, line.p + (i == 0), line.n - (i == 0));
        p += line.n - (i == 0);
    }
    finish(out, p);
    buf_str(out, "\n      ]\n   }");
}

static void write_csv(const struct load_writer *w, size_t unit, const struct load_call *calls,
                      size_t n, struct buf *out)
{
    char *p = reserve(out, n * (w->longest + 32));
    for (size_t i = 0; i < n; i++) {
        p = put_u32(p, (uint32_t)unit);
        *p++ = ',';
        p = put_u32(p, calls[i].at_us);
        struct str line = w->line[calls[i].target];
        memcpy(p, line.p, line.n);
        p += line.n;
    }
    finish(out, p);
}

static char *put_le32(char *p, uint32_t x)
{
    for (int i = 0; i < 4; i++, x >>= 8)
        *p++ = (char)(x & 0xFF);
    return p;
}

static void write_binary(const struct load_call *calls, size_t n, struct buf *out)
{
    add_number(out, 8, n);
    char *p = reserve(out, 8 * n);
    for (size_t i = 0; i < n; i++)
        p = put_le32(p, calls[i].at_us);
    for (size_t i = 0; i < n; i++)
        p = put_le32(p, calls[i].target);
    finish(out, p);
}

void load_write_unit(const struct load_writer *w, size_t unit, const struct load_call *calls,
                     size_t n, struct buf *out)
{
    if (w->format == LOAD_JSON) {
        if (unit)
            buf_char(out, ',');
        if (n)
            write_json(w, calls, n, out);
        else
            buf_str(out, "\n   {\n      \"timestamp\": [],\n      \"endpoint\": []\n   }");
    } else if (w->format == LOAD_CSV) {
        write_csv(w, unit, calls, n, out);
    } else {
        write_binary(calls, n, out);
    }
}

void load_write_end(const struct load_writer *w, size_t units, uint64_t calls, struct buf *out)
{
    if (w->format == LOAD_JSON)
        buf_str(out, units ? "\n]" : "]");
    else if (w->format == LOAD_BINARY) {
        add_number(out, 8, LOAD_LAST);
        add_number(out, 8, calls);
    }
}
