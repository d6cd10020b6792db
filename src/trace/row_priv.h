/* row_priv.h: one row of a CallGraph table between its text and its graph. Within trace/ only.
 *
 * The rpc_id "0.1.12" becomes a key: one byte a component below 240, else a byte 239 + k and k
 * bytes big-endian. Keys compare bytewise as the ids do number by number, a parent's key is a
 * prefix of its child's and sorts before it: sorted rows are in pre-order.
 */
#ifndef TRACE_ROW_PRIV_H
#define TRACE_ROW_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "trace/import.h"
#include "trace/lexicon_priv.h"

enum { KEY_MAX = 512, ROWS_MAX = 1 << 16 };   /* bytes of a key; stored rows of one trace */

enum field {
    FIELD_TIMESTAMP, FIELD_TRACEID, FIELD_SERVICE, FIELD_RPCID, FIELD_TYPE, FIELD_UM, FIELD_DM,
    FIELD_RT, FIELDS_NEEDED,
    FIELD_INTERFACE = FIELDS_NEEDED, FIELD_KIND, FIELD_STATUS, FIELD_ASYNC, FIELDS
};
extern const char *const field_names[FIELDS];

struct layout {
    size_t columns;          /* fields a row must have */
    uint16_t col[FIELDS];    /* column of each field; NO_COLUMN if absent */
    bool extra;              /* kind, status or async are there */
};
enum { NO_COLUMN = 0xFFFF };

/* False when a needed column is absent; *missing names it. Traces of 2021 have no service. */
bool layout_read(struct layout *l, const struct str *header, size_t n, bool service,
                 const char **missing);

struct row_rules {
    uint32_t tick_us;        /* of the times in a row */
    bool extra;              /* kind, status or async are among the fields */
    bool lenient;            /* what is unknown is kept as WORD_UNKNOWN or TYPE_UNKNOWN, and a
                              * negative rt is that of the callee's side, of kind server */
};

struct row {
    int64_t timestamp, rt;             /* ticks */
    uint64_t line;                     /* over all files, from the first line read */
    uint32_t service, um, dm, interface;   /* lexicon ids; interface may be NAMES_NONE */
    uint32_t ordinal;                  /* of the trace, by first appearance */
    uint16_t key_n;
    uint8_t type, kind, status;
    bool async;
    const uint8_t *key;
    uint64_t prefix;                   /* first 8 bytes of the key, big-endian, zero-padded */
};

/* Parse the fields of a row (absent optional ones are empty); key is written to key[0..KEY_MAX).
 * Returns IMPORT_CAUSES if it is good, else the cause, with *bad the field to show. */
enum import_cause row_parse(const struct str f[FIELDS], struct row_rules rules,
                            struct lexicon *lex, struct row *r, uint8_t key[KEY_MAX],
                            enum field *bad);

/* The dotted text of a key, appended. */
void row_key_text(const uint8_t *key, size_t n, struct buf *b);

/* The first 8 bytes of a key as a number; 8 bytes are readable. */
static inline uint64_t row_prefix(const uint8_t *key, size_t n)
{
    uint64_t w = 0;
    memcpy(&w, key, 8);
    w = __builtin_bswap64(w);
    return n >= 8 ? w : n ? w >> 8 * (8 - n) << 8 * (8 - n) : 0;
}

/* Bytes of the component at key[0], and its value. */
size_t row_key_component(const uint8_t *key, uint32_t *value);

/* rows[0..n) of one trace -> g (its calls in calls[0..n), ids are the lexicon's) and true; or false
 * with the cause and the row to show. Sorts rows. seconds counts second records. */
bool assemble(struct row *rows, size_t n, struct callgraph *g, struct call *calls, size_t *seconds,
              const struct row **second, enum import_cause *cause, const struct row **bad);

#endif
