/* feed.c: a buffer before input_read; long pieces go past it. */
#include "trace/feed_priv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEP = 1 << 20 };

bool feed_fail(const struct feed *f, struct err *err, const char *fmt, ...)
{
    char what[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(err, EXIT_DATA, "%s: byte %" PRIu64 ": %s", input_name(f->in), f->at, what);
}

bool feed_get(struct feed *f, void *p, size_t n, struct err *err)
{
    char *to = p;
    for (size_t left = n; left > 0;) {
        size_t k = f->n - f->used < left ? f->n - f->used : left;
        if (k) {
            memcpy(to, f->buf + f->used, k);
            f->used += k;
        } else if (left >= sizeof f->buf) {
            if (!input_read(f->in, to, left, &k, err))
                return false;
        } else {
            f->used = 0;
            if (!input_read(f->in, f->buf, sizeof f->buf, &f->n, err))
                return false;
            if (f->n)
                continue;
        }
        if (k == 0)
            return feed_fail(f, err, "the file ends too early");
        to += k;
        left -= k;
        f->at += k;
    }
    if (f->sum)
        sha256_add(f->sum, p, n);
    return true;
}

void *feed_take(struct feed *f, uint64_t n, struct err *err)
{
    char *p = mem_alloc(1);
    size_t have = 0, cap = 1;
    while (have < n) {
        size_t step = n - have < STEP ? (size_t)(n - have) : STEP;
        if (have + step > cap) {
            cap = cap * 2 > have + step ? cap * 2 : have + step;
            cap = cap > n ? (size_t)n : cap;
            p = mem_resize(p, cap, 1);
        }
        if (!feed_get(f, p + have, step, err)) {
            free(p);
            return NULL;
        }
        have += step;
    }
    return p;
}

bool feed_ended(struct feed *f)
{
    char c;
    struct sha256 *sum = f->sum;
    f->sum = NULL;
    struct err none;
    bool more = feed_get(f, &c, 1, &none);
    f->sum = sum;
    return !more;
}
