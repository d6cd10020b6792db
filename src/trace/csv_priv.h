/* csv_priv.h: records and fields of CSV text (RFC 4180). Within trace/ only.
 *
 * A quote opens a quoted field only where the field begins; elsewhere it is a letter. "" within
 * quotes is a quote, line ends within quotes belong to the field, and after the closing quote
 * letters up to the next comma are appended, as Python's csv and pandas do. Lines end in LF, CRLF
 * or, outside quotes, a lone CR (option cr; pandas' reader has it so, our importer does not).
 */
#ifndef TRACE_CSV_PRIV_H
#define TRACE_CSV_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum csv_end {
    CSV_RECORD,    /* whole */
    CSV_MORE,      /* no line end before `end` */
    CSV_OPEN       /* the same, within quotes */
};

struct csv {
    struct str *field;     /* of the last record; into the text, or into `own` where quotes were */
    bool *quoted;          /* (n): the field began with a quote */
    size_t n, cap, quoted_cap;
    struct buf own;
};

void csv_free(struct csv *c);

/* Read the record at p (p < end). On CSV_RECORD *next is where the next begins. With last set, the
 * end of the text ends the record too (CSV_MORE is not returned). The 16 bytes after every field
 * are readable if those after `end` are. */
enum csv_end csv_record(struct csv *c, const char *p, const char *end, bool last, bool cr,
                        const char **next);

#endif
