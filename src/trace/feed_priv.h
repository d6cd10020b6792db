/* feed_priv.h: one stream of bytes in pieces of exact length. Within trace/ only. */
#ifndef TRACE_FEED_PRIV_H
#define TRACE_FEED_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "trace/input.h"

struct feed {
    struct input *in;          /* at a stream */
    struct sha256 *sum;        /* of the bytes given out, if not NULL */
    uint64_t at;               /* bytes given out */
    char buf[1 << 16];
    size_t n, used;
};

/* Exactly n bytes to p. False: the stream ends before (EXIT_DATA, with its name and the place). */
bool feed_get(struct feed *f, void *p, size_t n, struct err *err);

/* The same, malloc'd, in steps: a length that lies costs no more memory than the stream has bytes.
 * n 0 gives a pointer too. NULL on failure. */
void *feed_take(struct feed *f, uint64_t n, struct err *err);

bool feed_ended(struct feed *f);      /* no byte follows */

/* "NAME: byte 123: " and the message; returns false. */
bool feed_fail(const struct feed *f, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
