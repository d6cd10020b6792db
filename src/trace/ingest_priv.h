/* ingest_priv.h: the two passes of the careful importer. Within trace/ only.
 *
 *     text -> chunks -> [parse] -> rows by trace ordinal -> [group] -> graphs, in order
 *             pass 1: ordered by text                pass 2: ordered by ordinal
 *
 * Workers write only their slot; what is shared (ordinals, store, report) is touched in order.
 */
#ifndef TRACE_INGEST_PRIV_H
#define TRACE_INGEST_PRIV_H

#include "base/progress.h"
#include "trace/chunks_priv.h"
#include "trace/csv_priv.h"
#include "trace/csv_scan_priv.h"
#include "trace/emit_priv.h"
#include "trace/mend_priv.h"
#include "trace/ordered_priv.h"
#include "trace/rowstore_priv.h"
#include "trace/tracetable_priv.h"

/* Drops of one slot under one cause, with the first as example. */
struct note {
    uint64_t rows, graphs, line;
    uint32_t value_n;
    char value[64];
};

struct ingest {
    struct import_report *rep;
    const struct import_options *options;
    uint32_t tick_us;
    bool lenient;              /* rows to be mended: see mend_priv.h */
    struct mend_rules mend;
    size_t threads, memory;    /* bytes for rows and trace ids together */
    struct chunks *chunks;
    struct lexicon_shared *names;
    struct tracetable *traces;
    struct rowstore *store;
    struct emit *emit;
    uint64_t line;             /* the next one, over all streams; the first is 1 */
    uint64_t *first;           /* (firsts): of each stream its first line */
    size_t firsts, first_cap;
    struct progress bar;
    struct err *err;
};

/* Count at *n; the value is kept if it is the first. */
void note_count(struct note *n, uint64_t rows, uint64_t graphs, uint64_t line, struct str value);

/* Count under notes[c]; the value is kept if it is the first. */
void note_add(struct note *notes, enum import_cause c, uint64_t rows, uint64_t graphs,
              uint64_t line, struct str value);

/* Add the notes to the report; their lines count from `base`. The notes are emptied. */
void note_report(struct ingest *in, struct note *notes, uint64_t base);

/* The same for what was done to rows that are used; notes[IMPORT_DEEDS]. */
void note_deeds(struct ingest *in, struct note *notes);

/* Name of the stream that holds a line, and its number there. */
const char *ingest_file(const struct ingest *in, uint64_t line, uint64_t *local);

bool ingest_parse(struct ingest *in);    /* pass 1: fills traces and store */
bool ingest_group(struct ingest *in);    /* pass 2: gives graphs to emit */

#endif
