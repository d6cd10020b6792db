/* invocations_cache.c: a trace as it lies in memory.
 *
 *     "TWINVOC1"  u32 0x01020304   u32 kind   u32 tokens?   u32 n_days   f64 origin   u64 n
 *     n times     three names (u32 length, bytes), u64 codes or times
 *                 counts: that many (u32 day, u32 bytes, code)
 *                 times:  that many f64, and as many (u32 context, u32 generated) if there are
 *     SHA-256 of all that, 64 hex digits
 *
 * Numbers are in this machine's order, which the second word tells. Nothing is believed: lengths
 * are met by bytes before memory is taken, codes are checked, times sorted if they are not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trace/feed_priv.h"
#include "trace/invocations_priv.h"

const char cache_magic[CACHE_MAGIC] = "TWINVOC1";
enum { ORDER = 0x01020304, NAME_MAX_BYTES = 1 << 16 };

struct head {
    uint32_t order, kind, tokens, n_days;
    double origin;
    uint64_t n;
};

/* ---- writing ---- */

struct out {
    FILE *f;
    struct sha256 *sum;
};

static void put(struct out *o, const void *p, size_t n)
{
    if (n == 0)
        return;
    fwrite(p, 1, n, o->f);
    sha256_add(o->sum, p, n);
}

static void put_name(struct out *o, const char *s)
{
    uint32_t n = (uint32_t)strlen(s);
    put(o, &n, sizeof n);
    put(o, s, n);
}

static void put_function(struct out *o, const struct invocations *v, size_t f)
{
    const struct invocations_store *s = v->store;
    put_name(o, v->key[f].owner);
    put_name(o, v->key[f].app);
    put_name(o, v->key[f].function);
    if (v->kind == INVOCATIONS_TIMES) {
        const struct series *x = &s->series[f];
        uint64_t n = x->n;
        put(o, &n, sizeof n);
        put(o, x->t, x->n * sizeof *x->t);
        if (x->tokens)
            put(o, x->tokens, x->n * sizeof *x->tokens);
        return;
    }
    uint64_t n = s->first[f + 1] - s->first[f];
    put(o, &n, sizeof n);
    for (size_t i = s->first[f]; i < s->first[f + 1]; i++) {
        put(o, &s->day[i].day, sizeof s->day[i].day);
        put(o, &s->day[i].bytes, sizeof s->day[i].bytes);
        put(o, s->day[i].code, s->day[i].bytes);
    }
}

static bool has_tokens(const struct invocations *v)
{
    for (size_t f = 0; v->store->series && f < v->n; f++)
        if (v->store->series[f].tokens)
            return true;
    return false;
}

bool invocations_cache_write(const struct invocations *v, const char *path, struct err *err)
{
    struct outfile file;
    if (!outfile_open(&file, path, err))
        return false;
    struct out o = { file.f, sha256_new() };
    struct head h;
    memset(&h, 0, sizeof h);
    h = (struct head){ ORDER, (uint32_t)v->kind, has_tokens(v), v->n_days, v->origin_unix_s, v->n };
    char hex[SHA256_HEX];
    put(&o, cache_magic, sizeof cache_magic);
    put(&o, &h, sizeof h);
    for (size_t f = 0; f < v->n; f++)
        put_function(&o, v, f);
    sha256_end(o.sum, hex);
    fputs(hex, o.f);
    bool good = outfile_commit(&file, err);
    if (!good)
        outfile_abandon(&file);
    return good;
}

/* ---- reading ---- */

static bool get_u32(struct feed *f, uint32_t *x, struct err *err)
{
    return feed_get(f, x, sizeof *x, err);
}

static char *get_name(struct feed *f, uint32_t *n, struct err *err)
{
    if (!get_u32(f, n, err))
        return NULL;
    if (*n <= NAME_MAX_BYTES)
        return feed_take(f, *n, err);
    feed_fail(f, err, "a name of %u bytes", *n);
    return NULL;
}

static bool get_key(struct feed *f, struct builder *b, size_t *function, struct err *err)
{
    char *name[3] = { NULL };
    struct str s[3];
    bool good = true;
    for (int i = 0; good && i < 3; i++) {
        uint32_t n;
        good = (name[i] = get_name(f, &n, err)) != NULL;
        s[i] = (struct str){ name[i], good ? n : 0 };
    }
    if (good) {
        struct row_key k = { .owner = s[0], .app = s[1], .function = s[2] };
        size_t known = builder_functions(b);
        good = k.function.n == 0 || row_key_good(&k) || feed_fail(f, err, "a name that is no text");
        *function = good ? builder_function(b, s[0], s[1], s[2]) : 0;
        good = good && (*function == known || feed_fail(f, err, "a function that comes twice"));
    }
    for (int i = 0; i < 3; i++)
        free(name[i]);
    return good;
}

static bool get_days(struct feed *f, const struct head *h, uint32_t limit, struct builder *b,
                     size_t function, uint64_t n, struct err *err)
{
    uint32_t last = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t day, bytes;
        if (!get_u32(f, &day, err) || !get_u32(f, &bytes, err))
            return false;
        if (day >= h->n_days || (i && day <= last) || bytes > MINUTES_CODE_MAX)
            return feed_fail(f, err, "day %u with %u bytes of counts", day, bytes);
        last = day;
        uint8_t *code = feed_take(f, bytes, err);
        if (!code)
            return false;
        builder_take_slab(b, code, bytes);
        if (!minutes_check(code, bytes))
            return feed_fail(f, err, "counts of a day that are no code of ours");
        if (limit == 0 || day < limit)
            builder_day(b, function, day, code, bytes);
    }
    return true;
}

static bool get_times(struct feed *f, const struct head *h, struct builder *b, size_t function,
                      uint64_t n, struct err *err)
{
    if (n > SIZE_MAX / 64)
        return feed_fail(f, err, "%llu arrivals", (unsigned long long)n);
    double *t = feed_take(f, n * sizeof *t, err);
    struct invocation_tokens *k = NULL;
    if (t && h->tokens && !(k = feed_take(f, n * sizeof *k, err))) {
        free(t);
        return false;
    }
    if (t)
        builder_take_times(b, function, t, k, (size_t)n);
    return t != NULL;
}

static bool get_body(struct feed *f, const struct head *h, uint32_t limit, struct builder *b,
                     struct err *err)
{
    for (uint64_t i = 0; i < h->n; i++) {
        size_t function;
        uint64_t n;
        if (!get_key(f, b, &function, err) || !feed_get(f, &n, sizeof n, err))
            return false;
        if (!(h->kind == INVOCATIONS_COUNTS ? get_days(f, h, limit, b, function, n, err) :
                                              get_times(f, h, b, function, n, err)))
            return false;
    }
    char hex[SHA256_HEX], there[SHA256_HEX] = { 0 };
    sha256_end(f->sum, hex);
    f->sum = NULL;
    if (!feed_get(f, there, SHA256_HEX - 1, err))
        return false;
    return (strcmp(hex, there) == 0 && feed_ended(f)) ||
           feed_fail(f, err, "the checksum does not fit: the cache is damaged");
}

static bool get_head(struct feed *f, struct head *h, enum invocations_kind kind, struct err *err)
{
    char magic[CACHE_MAGIC];
    if (!feed_get(f, magic, sizeof magic, err) || !feed_get(f, h, sizeof *h, err))
        return false;
    if (memcmp(magic, cache_magic, sizeof magic) != 0 || h->order != ORDER)
        return feed_fail(f, err, "a cache of another version, or of a machine of other byte order");
    if (h->kind != (uint32_t)kind)
        return feed_fail(f, err, "the cache holds %s, which this trace does not have",
                         h->kind == INVOCATIONS_TIMES ? "times of arrivals" :
                                                        "counts by the minute");
    return (h->n_days >= 1 && h->n_days <= INVOCATIONS_DAYS_MAX) ||
           feed_fail(f, err, "%u days", h->n_days);
}

struct invocations *cache_read(struct feed *f, enum invocations_kind kind,
                               const struct invocations_options *o, struct err *err)
{
    struct head h;
    char hex[SHA256_HEX];
    struct builder *b = builder_new(kind);
    f->sum = sha256_new();
    bool good = get_head(f, &h, kind, err);
    if (good && kind == INVOCATIONS_COUNTS && o->days > h.n_days)
        good = feed_fail(f, err, "%u days are asked for, and there are %u", o->days, h.n_days);
    good = good && get_body(f, &h, o->days, b, err) &&
           (builder_functions(b) > 0 || feed_fail(f, err, "the cache has no function"));
    if (f->sum)
        sha256_end(f->sum, hex);
    f->sum = NULL;
    if (good)
        return builder_finish(b, o->days ? o->days : h.n_days, h.origin, o->threads, NULL);
    builder_free(b);
    return NULL;
}
