/* chunks_priv.h: the inputs in pieces of whole CSV records. Within trace/ only.
 *
 * Sequential: chunks come in order of the text. Each stream's header is read here, so that a chunk
 * carries only rows and says which columns they have.
 */
#ifndef TRACE_CHUNKS_PRIV_H
#define TRACE_CHUNKS_PRIV_H

#include "base/mem.h"
#include "trace/input.h"
#include "trace/row_priv.h"

enum { CHUNK_BYTES = 1 << 18, CHUNK_SLACK = 64, LINE_BYTES_MAX = 1 << 20 };

struct chunk {
    char *p;               /* records, each ended by LF; CHUNK_SLACK bytes follow */
    size_t n, cap;
    bool quotes;           /* some quote is in it */
    enum import_cause cause;   /* IMPORT_CAUSES: rows. Else an event: CAUSE_LONG or an input's */
    char value[160];       /* of the event, value_n bytes */
    uint32_t value_n;
    uint32_t source;       /* index of the stream */
    uint64_t skipped;      /* lines before this chunk that no chunk holds: header, long line */
};

struct source {
    char *name;
    struct layout layout;
};

struct chunks;
/* service: a stream without that column is refused. */
struct chunks *chunks_open(char *const *paths, size_t n, bool service, struct err *err);
void chunks_close(struct chunks *c);
bool chunks_next(struct chunks *c, struct chunk *out);   /* out's memory is reused */
const struct source *chunks_source(const struct chunks *c,
                                   uint32_t i); /* also while reading goes on */
uint32_t chunks_sources(const struct chunks *c);
uint64_t chunks_bytes(const struct chunks *c);           /* after decompression */
struct input *chunks_input(struct chunks *c);

#endif
