/* rowstore.c: see the header. Layout of a row in its block:
 *
 *     ordinal - first of partition | line - line of the row before | length | code
 *     code: flags, timestamp, rt, service, um, dm, interface + 1, key length, key [, kind, status]
 */
#define _GNU_SOURCE   /* O_TMPFILE: a file that never had a name needs no cleaning up */
#include "trace/rowstore_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 14, READABLE = 8, HEAD_MAX = 20, FLAG_ASYNC = 8, FLAG_EXTRA = 16 };

struct block {
    struct block *next;
    uint8_t *data;             /* NULL: on disk at offset */
    off_t offset;
    uint32_t used;
};

struct partition {
    struct block *first, *last;
    uint64_t line;             /* of the last row */
};

struct rowstore {
    struct partition *part;
    size_t parts, cap;
    size_t limit, in_memory;   /* bytes of blocks that may, and do, lie in memory */
    size_t cursor;             /* partition to look at first for something to spill */
    int fd;                    /* -1: nothing spilled yet */
    off_t end;
    struct arena *arena;       /* the block heads */
};

static inline uint8_t *put(uint8_t *p, uint64_t v)
{
    while (v >= 128) {
        *p++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static inline const uint8_t *get(const uint8_t *p, uint64_t *v)
{
    uint64_t x = *p & 127;
    for (int shift = 7; *p++ & 128; shift += 7)
        x |= (uint64_t)(*p & 127) << shift;
    *v = x;
    return p;
}

size_t rowcode_put(const struct row *r, uint8_t *code)
{
    uint8_t standard = r->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
    bool extra = r->kind != standard || r->status != STATUS_UNSET;
    uint8_t *p = code;
    *p++ = (uint8_t)(r->type | (r->async ? FLAG_ASYNC : 0) | (extra ? FLAG_EXTRA : 0));
    p = put(p, (uint64_t)r->timestamp);
    p = put(p, (uint64_t)r->rt);
    p = put(p, r->service);
    p = put(p, r->um);
    p = put(p, r->dm);
    p = put(p, (uint32_t)(r->interface + 1));
    p = put(p, r->key_n);
    memcpy(p, r->key, r->key_n);
    p += r->key_n;
    if (extra) {
        *p++ = r->kind;
        *p++ = r->status;
    }
    return (size_t)(p - code);
}

static inline void get_code(const uint8_t *p, struct row *r)
{
    uint64_t v;
    uint8_t flags = *p++;
    r->type = flags & 7;
    r->async = flags & FLAG_ASYNC;
    p = get(p, &v), r->timestamp = (int64_t)v;
    p = get(p, &v), r->rt = (int64_t)v;
    p = get(p, &v), r->service = (uint32_t)v;
    p = get(p, &v), r->um = (uint32_t)v;
    p = get(p, &v), r->dm = (uint32_t)v;
    p = get(p, &v), r->interface = (uint32_t)v - 1;
    p = get(p, &v), r->key_n = (uint16_t)v;
    r->key = p;
    r->prefix = row_prefix(p, r->key_n);
    p += r->key_n;
    r->kind = flags & FLAG_EXTRA ? p[0] : r->type == CALL_MQ ? KIND_PRODUCER : KIND_CLIENT;
    r->status = flags & FLAG_EXTRA ? p[1] : STATUS_UNSET;
}

struct rowstore *rowstore_new(size_t limit)
{
    struct rowstore *s = mem_alloc(sizeof *s);
    s->limit = limit;
    s->fd = -1;
    s->arena = arena_new();
    return s;
}

void rowstore_free(struct rowstore *s)
{
    if (!s)
        return;
    for (size_t p = 0; p < s->parts; p++)
        rowstore_forget(s, p);
    if (s->fd >= 0)
        close(s->fd);
    arena_free(s->arena);
    free(s->part);
    free(s);
}

void rowstore_forget(struct rowstore *s, size_t p)
{
    if (p >= s->parts)
        return;
    for (struct block *b = s->part[p].first; b; b = b->next) {
        free(b->data);
        b->data = NULL;
    }
    s->part[p].first = NULL;
}

static bool open_spill(struct rowstore *s, struct err *err)
{
    const char *dir = getenv("TMPDIR");
    if (!dir || !*dir)
        dir = "/tmp";
    s->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0) {           /* a file system without nameless files */
        char path[4096];
        if (snprintf(path, sizeof path, "%s/tracewright-XXXXXX", dir) >= (int)sizeof path)
            return err_set(err, EXIT_IO, "TMPDIR: too long");
        s->fd = mkstemp(path);
        if (s->fd >= 0)
            unlink(path);
    }
    return s->fd >= 0 || err_set(err, EXIT_IO, "%s: no temporary file: %s", dir, strerror(errno));
}

void rowstore_limit(struct rowstore *s, size_t limit)
{
    s->limit = limit;
}

/* A block goes to disk. */
static bool spill_block(struct rowstore *s, struct block *b, struct err *err)
{
    if (s->fd < 0 && !open_spill(s, err))
        return false;
    for (size_t done = 0; done < b->used;) {
        ssize_t k = pwrite(s->fd, b->data + done, b->used - done, s->end + (off_t)done);
        if (k < 0 && errno != EINTR)
            return err_set(err, EXIT_IO, "temporary file: %s", strerror(errno));
        done += k > 0 ? (size_t)k : 0;
    }
    b->offset = s->end;
    s->end += b->used;
    free(b->data);
    b->data = NULL;
    s->in_memory -= BLOCK_BYTES;
    return true;
}

/* All blocks of the next partition that has some in memory: the oldest first, whose traces are over
 * in most files. */
static bool spill_some(struct rowstore *s, struct err *err)
{
    for (size_t tried = 0; tried < s->parts; tried++) {
        size_t before = s->in_memory;
        for (struct block *b = s->part[s->cursor].first; b; b = b->next)
            if (b->data && !spill_block(s, b, err))
                return false;
        s->cursor = (s->cursor + 1) % s->parts;
        if (s->in_memory < before)
            return true;
    }
    REQUIRE(s->in_memory == 0);
    return true;
}

static struct partition *partition_at(struct rowstore *s, size_t p)
{
    while (s->parts <= p) {
        MEM_GROW(s->part, s->parts, s->cap);
        s->part[s->parts++] = (struct partition){ 0 };
    }
    return &s->part[p];
}

static bool add_block(struct rowstore *s, struct partition *q, struct err *err)
{
    while (s->in_memory >= s->limit && s->in_memory > 0)
        if (!spill_some(s, err))
            return false;
    struct block *b = ARENA_NEW(s->arena, struct block);
    b->data = mem_resize(NULL, BLOCK_BYTES + READABLE, 1);
    s->in_memory += BLOCK_BYTES;
    if (q->last)
        q->last->next = b;
    else
        q->first = b;
    q->last = b;
    return true;
}

bool rowstore_add(struct rowstore *s, uint32_t ordinal, uint64_t line, const uint8_t *code,
                  size_t n, struct err *err)
{
    struct partition *q = partition_at(s, ordinal >> PARTITION_BITS);
    if ((!q->last || !q->last->data || q->last->used + HEAD_MAX + n > BLOCK_BYTES) &&
        !add_block(s, q, err))
        return false;
    struct block *b = q->last;
    uint8_t *p = b->data + b->used;
    p = put(p, ordinal & (PARTITION - 1));
    p = put(p, line - q->line);
    p = put(p, n);
    memcpy(p, code, n);
    b->used = (uint32_t)(p + n - b->data);
    q->line = line;
    return true;
}

static bool load(const struct rowstore *s, const struct block *b, uint8_t *data, struct err *err)
{
    for (size_t done = 0; done < b->used;) {
        ssize_t k = pread(s->fd, data + done, b->used - done, b->offset + (off_t)done);
        if (k == 0 || (k < 0 && errno != EINTR))
            return err_set(err, EXIT_IO, "temporary file: %s", k ? strerror(errno) : "too short");
        done += k > 0 ? (size_t)k : 0;
    }
    return true;
}

typedef void taker(void *ctx, uint32_t ordinal, uint64_t line, const uint8_t *code, size_t n);

/* Inlined into its two callers: rows are read in passing, with no call each. */
static inline __attribute__((always_inline)) bool
walk(const struct rowstore *s, size_t p, uint32_t from, uint32_t to, taker *take, void *ctx,
     struct arena *blocks, struct err *err)
{
    uint64_t line = 0;
    bool good = true;
    for (const struct block *b = p < s->parts ? s->part[p].first : NULL; good && b; b = b->next) {
        const uint8_t *at = b->data;
        if (!at) {
            uint8_t *data = arena_alloc(blocks, BLOCK_BYTES + READABLE);
            good = load(s, b, data, err);
            at = data;
        }
        for (const uint8_t *end = at + b->used; good && at < end;) {
            uint64_t ordinal, step, n;
            at = get(get(get(at, &ordinal), &step), &n);
            line += step;
            ordinal += (uint64_t)p << PARTITION_BITS;
            if (ordinal >= from && ordinal < to)
                take(ctx, (uint32_t)ordinal, line, at, n);
            at += n;
        }
    }
    return good;
}

struct rows_place {
    struct row *rows;
    uint32_t *place, from;
};

static inline void take_row(void *ctx, uint32_t ordinal, uint64_t line, const uint8_t *code,
                            size_t n)
{
    struct rows_place *x = ctx;
    (void)n;
    struct row *r = &x->rows[x->place[ordinal - x->from]++];
    r->ordinal = ordinal;
    r->line = line;
    get_code(code, r);
}

bool rowstore_read(const struct rowstore *s, size_t p, uint32_t from, uint32_t to, struct row *rows,
                   uint32_t *place, struct arena *blocks, struct err *err)
{
    struct rows_place x = { rows, place, from };
    return walk(s, p, from, to, take_row, &x, blocks, err);
}

bool rowstore_walk(const struct rowstore *s, size_t p, uint32_t from, uint32_t to,
                   void (*take)(void *ctx, uint32_t ordinal, uint64_t line, const uint8_t *code,
                                size_t n),
                   void *ctx, struct arena *blocks, struct err *err)
{
    return walk(s, p, from, to, take, ctx, blocks, err);
}

uint64_t rowstore_spilled(const struct rowstore *s)
{
    return (uint64_t)s->end;
}
