/* chunks.c: read about CHUNK_BYTES, give out what ends in whole records, keep the rest.
 *
 * Without a quote in sight the last LF is the last record's end; with one, the text is walked field
 * by field, because an LF may be part of a name. A record that is not whole after LINE_BYTES_MAX is
 * not a record: with a quote open, its first line alone is given out (the parser will count it);
 * else it is skipped to its end, however far, without being kept.
 */
#include "trace/chunks_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/csv_priv.h"

enum { SOURCE_BLOCK = 256, SOURCE_BLOCKS = 1 << 16 };

struct chunks {
    struct input *in;
    struct source *block[SOURCE_BLOCKS];   /* streams, in blocks that do not move */
    uint32_t sources;
    char *rest;            /* rest[0..n) was read and not yet given out */
    size_t n, cap;
    bool open, ended;      /* a stream is open; all of it has been read */
    bool in_long;          /* skipping to the end of a long line */
    bool service;          /* is a column that must be there */
    bool header;           /* the header is still to come */
    struct err broken;     /* status not 0: the stream broke off */
    uint64_t bytes, skipped;
};

struct chunks *chunks_open(char *const *paths, size_t n, bool service, struct err *err)
{
    struct input *in = input_open(paths, n, err);
    if (!in)
        return NULL;
    struct chunks *c = mem_alloc(sizeof *c);
    c->in = in;
    c->service = service;
    return c;
}

void chunks_close(struct chunks *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->sources; i++)
        free(c->block[i / SOURCE_BLOCK][i % SOURCE_BLOCK].name);
    for (uint32_t i = 0; i < SOURCE_BLOCKS; i++)
        free(c->block[i]);
    input_close(c->in);
    free(c->rest);
    free(c);
}

const struct source *chunks_source(const struct chunks *c, uint32_t i)
{
    return &c->block[i / SOURCE_BLOCK][i % SOURCE_BLOCK];
}

uint32_t chunks_sources(const struct chunks *c)
{
    return c->sources;
}

uint64_t chunks_bytes(const struct chunks *c)
{
    return c->bytes;
}

struct input *chunks_input(struct chunks *c)
{
    return c->in;
}

static struct source *last_source(struct chunks *c)
{
    return &c->block[(c->sources - 1) / SOURCE_BLOCK][(c->sources - 1) % SOURCE_BLOCK];
}

static void add_source(struct chunks *c)
{
    REQUIRE(c->sources < SOURCE_BLOCK * SOURCE_BLOCKS);
    struct source **block = &c->block[c->sources / SOURCE_BLOCK];
    if (!*block)
        *block = mem_array(SOURCE_BLOCK, sizeof **block);
    (*block)[c->sources % SOURCE_BLOCK] = (struct source){ .name = mem_strdup(input_name(c->in)) };
    c->sources++;
}

static void event(struct chunks *c, struct chunk *out, enum import_cause cause, struct str value)
{
    out->cause = cause;
    out->n = 0;
    out->source = c->sources - 1;
    out->skipped = c->skipped;
    c->skipped = 0;
    size_t n = value.n < sizeof out->value ? value.n : sizeof out->value;
    memcpy(out->value, value.p, n);
    out->value_n = (uint32_t)n;
}

/* Read until rest holds `want` bytes or the stream ends. */
static void fill(struct chunks *c, size_t want)
{
    MEM_RESERVE(c->rest, want + CHUNK_SLACK, c->cap);
    while (c->n < want && !c->ended) {
        size_t got = 0;
        if (!input_read(c->in, c->rest + c->n, want - c->n, &got, &c->broken) || got == 0)
            c->ended = true;
        c->n += got;
        c->bytes += got;
    }
    memset(c->rest + c->n, 0, CHUNK_SLACK);
    if (c->ended && c->n && c->rest[c->n - 1] != '\n') {
        MEM_RESERVE(c->rest, c->n + 1 + CHUNK_SLACK, c->cap);
        c->rest[c->n++] = '\n';
        memset(c->rest + c->n, 0, CHUNK_SLACK);
    }
}

/* End of the last whole record in p[0..n), 0 if there is none. */
static size_t last_end(const char *p, size_t n, bool quotes)
{
    size_t end = 0;
    if (!quotes) {
        for (end = n; end && p[end - 1] != '\n';)
            end--;
        return end;
    }
    bool start = true;         /* a field begins here */
    for (size_t i = 0; i < n; i++) {
        if (start && p[i] == '"') {
            for (i++; i < n && (p[i] != '"' || (i + 1 < n && p[i + 1] == '"')); i++)
                i += p[i] == '"';
            start = false;     /* after the closing quote letters follow until a comma */
            continue;
        }
        start = p[i] == ',' || p[i] == '\n';
        if (p[i] == '\n')
            end = i + 1;
    }
    return end;
}

static void give(struct chunks *c, struct chunk *out, size_t n, bool quotes)
{
    char *p = c->rest; /* the buffers change places; only what follows the chunk is copied */
    size_t cap = c->cap;
    c->rest = out->p;
    c->cap = out->cap;
    c->n -= n;
    MEM_RESERVE(c->rest, c->n + CHUNK_SLACK, c->cap);
    memcpy(c->rest, p + n, c->n);
    out->p = p;
    out->cap = cap;
    out->n = n;
    out->quotes = quotes;
    out->cause = IMPORT_CAUSES;
    out->source = c->sources - 1;
    out->skipped = c->skipped;
    c->skipped = 0;
}

/* Forget the long line's bytes; true when its end was reached. */
static bool skip_long(struct chunks *c)
{
    char *lf = memchr(c->rest, '\n', c->n);
    size_t used = lf ? (size_t)(lf - c->rest) + 1 : c->n;
    memmove(c->rest, c->rest + used, c->n - used);
    c->n -= used;
    c->in_long = !lf && !c->ended;
    return !c->in_long;
}

/* The header of the stream just opened. False: an event says why there is none. */
static bool take_header(struct chunks *c, struct chunk *out)
{
    c->header = false;
    fill(c, CHUNK_BYTES);
    size_t bom = c->n >= 3 && memcmp(c->rest, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (c->n <= bom || (c->n == bom + 1 && c->rest[bom] == '\n')) {
        c->n = 0;
        if (c->broken.status)
            return true;
        event(c, out, CAUSE_EMPTY, STR("no bytes"));
        c->open = false;
        return false;
    }
    struct csv csv = { 0 };
    const char *next, *missing = "line end";
    bool good =
        csv_record(&csv, c->rest + bom, c->rest + c->n, false, false, &next) == CSV_RECORD &&
        layout_read(&last_source(c)->layout, csv.field, csv.n, c->service,
                    &missing);
    if (good) {
        for (const char *p = c->rest; p < next; p++)
            c->skipped += *p == '\n';
        size_t used = (size_t)(next - c->rest);
        memmove(c->rest, next, c->n - used);
        c->n -= used;
        if (c->n == 0 && c->ended && !c->broken.status) {
            event(c, out, CAUSE_EMPTY, STR("no rows"));
            c->open = good = false;
        }
    } else {
        char why[160];
        snprintf(why, sizeof why, "no column %s in: %.*s", missing, c->n < 100 ? (int)c->n : 100,
                 c->rest);
        event(c, out, CAUSE_COLUMNS, str_of(why));
        c->open = false;
    }
    csv_free(&csv);
    return good;
}

/* Rows of the open stream; false when it has no more. */
static bool take_rows(struct chunks *c, struct chunk *out)
{
    for (size_t want = CHUNK_BYTES;; want *= 2) {
        fill(c, want);
        if (c->in_long) {
            c->skipped += skip_long(c);
            want = CHUNK_BYTES / 2;
            continue;
        }
        if (c->n == 0)
            return false;
        bool quotes = memchr(c->rest, '"', c->n) != NULL;
        size_t end = c->ended ? c->n : last_end(c->rest, c->n, quotes);
        const char *lf = end ? NULL : memchr(c->rest, '\n', c->n);
        if (end || (lf && c->n >= LINE_BYTES_MAX)) {
            give(c, out, end ? end : (size_t)(lf - c->rest) + 1, quotes);
            return true;
        }
        if (c->n >= LINE_BYTES_MAX) {
            event(c, out, CAUSE_LONG, (struct str){ c->rest, 40 });
            c->in_long = true;
            c->n = 0;
            return true;
        }
    }
}

bool chunks_next(struct chunks *c, struct chunk *out)
{
    for (;;) {
        if (c->open) {
            if ((c->header && !take_header(c, out)) || take_rows(c, out))
                return true;
            c->open = false;
            if (c->broken.status) {
                event(c, out, CAUSE_BROKEN, str_of(c->broken.msg));
                c->broken.status = 0;
                return true;
            }
        }
        struct err err;
        bool there = input_next(c->in, &err);
        if (!there && !err.status)
            return false;
        c->n = c->skipped = 0;
        c->in_long = false;
        c->ended = !there;
        c->broken = err;
        add_source(c);
        if (!there) {
            event(c, out, CAUSE_BROKEN, str_of(err.msg));
            return true;
        }
        c->open = c->header = true;
    }
}
