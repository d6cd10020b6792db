/* lines.c: read about PIECE_BYTES, give out what ends in whole lines, keep the rest. A line that is
 * not whole after PIECE_LINE_MAX is no row: its start is given out for the account, the rest is
 * skipped, however far, without being kept. */
#include "trace/lines_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LONG_SHOWN = 40 };

struct lines {
    struct input *in;
    lines_header header;
    void *ctx;
    char *rest;            /* rest[0..n) was read and not yet given out */
    size_t n, cap;
    bool open, ended;      /* a stream is open; all of it has been read */
    bool in_long;          /* skipping to the end of a long line */
    uint32_t streams;
    uint64_t skipped, bytes;   /* skipped: lines that no piece holds, before rest */
};

struct lines *lines_open(char *const *paths, size_t n, lines_header header, void *ctx,
                         struct err *err)
{
    struct input *in = input_open(paths, n, err);
    if (!in)
        return NULL;
    struct lines *l = mem_alloc(sizeof *l);
    *l = (struct lines){ .in = in, .header = header, .ctx = ctx };
    return l;
}

void lines_close(struct lines *l)
{
    if (!l)
        return;
    input_close(l->in);
    free(l->rest);
    free(l);
}

uint32_t lines_streams(const struct lines *l)
{
    return l->streams;
}

uint64_t lines_bytes(const struct lines *l)
{
    return l->bytes;
}

struct input *lines_input(struct lines *l)
{
    return l->in;
}

/* Read until rest holds `want` bytes or the stream ends; a last line gets its LF. */
static bool fill(struct lines *l, size_t want, struct err *err)
{
    MEM_RESERVE(l->rest, want + PIECE_SLACK, l->cap);
    while (l->n < want && !l->ended) {
        size_t got = 0;
        if (!input_read(l->in, l->rest + l->n, want - l->n, &got, err))
            return false;
        l->ended = got == 0;
        l->n += got;
        l->bytes += got;
    }
    if (l->ended && l->n && l->rest[l->n - 1] != '\n') {
        MEM_RESERVE(l->rest, l->n + 1 + PIECE_SLACK, l->cap);
        l->rest[l->n++] = '\n';
    }
    return true;
}

static size_t last_end(const char *p, size_t n)
{
    while (n && p[n - 1] != '\n')
        n--;
    return n;
}

static void drop(struct lines *l, size_t n)
{
    memmove(l->rest, l->rest + n, l->n - n);
    l->n -= n;
}

static bool take_header(struct lines *l, struct err *err)
{
    const char *name = input_name(l->in);
    char *lf;
    for (size_t want = PIECE_BYTES;; want *= 2) {
        if (!fill(l, want, err))
            return false;
        lf = memchr(l->rest, '\n', l->n);
        if (lf || l->ended || want >= PIECE_LINE_MAX)
            break;
    }
    if (!lf)
        return err_set(err, EXIT_DATA, "%s: %s", name,
                       l->n ? "the first line does not end within a megabyte" : "is empty");
    struct str line = { l->rest, (size_t)(lf - l->rest) };
    size_t used = line.n + 1;
    if (str_starts(line, "\xEF\xBB\xBF"))
        line = (struct str){ line.p + 3, line.n - 3 };
    line.n -= line.n && line.p[line.n - 1] == '\r';
    if (!l->header(l->ctx, l->streams - 1, name, line, err))
        return false;
    drop(l, used);
    l->skipped = 1;
    return true;
}

/* Hand out rest[0..n): the buffers change places; only what follows is copied. */
static void give(struct lines *l, struct piece *out, size_t n)
{
    char *p = l->rest;
    size_t cap = l->cap;
    l->rest = out->p;
    l->cap = out->cap;
    l->n -= n;
    MEM_RESERVE(l->rest, l->n + PIECE_SLACK, l->cap);
    memcpy(l->rest, p + n, l->n);
    memset(p + n, 0, PIECE_SLACK);
    *out = (struct piece){ p, n, cap, l->streams - 1, l->skipped, false };
    l->skipped = 0;
}

static void give_long(struct lines *l, struct piece *out)
{
    MEM_RESERVE(out->p, LONG_SHOWN + 1 + PIECE_SLACK, out->cap);
    memset(out->p, 0, LONG_SHOWN + 1 + PIECE_SLACK);
    memcpy(out->p, l->rest, LONG_SHOWN);
    out->p[LONG_SHOWN] = '\n';
    out->n = LONG_SHOWN + 1;
    out->stream = l->streams - 1;
    out->skipped = l->skipped;
    l->skipped = 0;
    out->too_long = true;
    l->n = 0;
    l->in_long = true;
}

/* Forget the bytes of a long line. */
static void skip_long(struct lines *l)
{
    char *lf = memchr(l->rest, '\n', l->n);
    drop(l, lf ? (size_t)(lf - l->rest) + 1 : l->n);
    l->in_long = !lf && !l->ended;
}

/* Rows of the open stream; false when it has no more or breaks off. */
static bool take_rows(struct lines *l, struct piece *out, struct err *err)
{
    for (size_t want = PIECE_BYTES;; want *= 2) {
        if (!fill(l, want, err))
            return false;
        if (l->in_long) {
            skip_long(l);
            want = PIECE_BYTES / 2;
            continue;
        }
        size_t end = last_end(l->rest, l->n);
        if (end)
            give(l, out, end);
        else if (l->n >= PIECE_LINE_MAX)
            give_long(l, out);
        else if (l->ended)
            return false;
        else
            continue;
        return true;
    }
}

bool lines_next(struct lines *l, struct piece *out, struct err *err)
{
    *err = (struct err){ 0 };
    for (;;) {
        if (l->open && take_rows(l, out, err))
            return true;
        l->open = false;
        if (err->status || !input_next(l->in, err))
            return false;
        l->n = 0;
        l->ended = l->in_long = false;
        l->streams++;
        if (!take_header(l, err))
            return false;
        l->open = true;
    }
}
