/* str.h: a view of bytes, a growing buffer of bytes, and numbers read strictly. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct str {               /* borrowed, not NUL-terminated */
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

struct str str_of(const char *s);
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *s);
bool str_starts(struct str a, const char *prefix);
bool str_ends(struct str a, const char *suffix);
int str_cmp(struct str a, struct str b);     /* bytewise, as memcmp; shorter first */
struct str str_trim(struct str a);           /* without blanks, tabs, CR at both ends */

/* Cut the next piece that ends at `sep` (or at the end) off *rest. False when nothing is left:
 * "a,,b" gives "a", "", "b"; "a," gives "a", ""; "" gives nothing. */
bool str_next(struct str *rest, char sep, struct str *piece);

/* The whole view must be the number: no blanks, no sign for u64, no overflow. */
bool str_u64(struct str a, uint64_t *x);
bool str_i64(struct str a, int64_t *x);
bool str_f64(struct str a, double *x);       /* decimal or exponent form, under 64 bytes; "nan" and
                                              * "inf" are read too, and what is too large is inf */

bool str_utf8(struct str a);                 /* well-formed UTF-8, NUL excluded */

struct buf {               /* owned, NUL-terminated once anything was added */
    char *p;
    size_t n, cap;
};

void buf_free(struct buf *b);
void buf_clear(struct buf *b);               /* length 0, memory kept */
void buf_drop(struct buf *b, size_t n);      /* without its first n <= b->n bytes */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t x);
void buf_i64(struct buf *b, int64_t x);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_utf8(struct buf *b, uint32_t code);    /* a code point below 0x110000 */
void buf_csv(struct buf *b, struct str s);      /* a field of CSV, quoted only if it must be */
void str_put_csv(FILE *f, const char *s);       /* the same, written to f */
void buf_xml(struct buf *b, const char *s);     /* text for XML and HTML, in quotes too */
struct str buf_view(const struct buf *b);

/* Append s to text[0..cap), NUL-terminated, with control bytes, quotes, backslashes and all above
 * ASCII as \xHH; what is too long ends in "...". */
void str_printable(char *text, size_t cap, struct str s);

#endif
