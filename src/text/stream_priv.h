/* stream_priv.h: files as lines, and graphs out of them: what every importer of text does the same
 * way. Within text/ only. */
#ifndef TEXT_STREAM_PRIV_H
#define TEXT_STREAM_PRIV_H

#include "trace/import.h"

enum { STREAM_LINE_MAX = 1 << 24 };

struct text_stream {
    /* Set by the importer. A line comes without "\r" and "\n" (one over STREAM_LINE_MAX in pieces);
     * `end` is called after the last line of a file. False stops the import. */
    void *reader;
    bool (*take_line)(void *reader, struct str line, struct err *err);
    bool (*end)(void *reader, struct err *err);

    struct import_report *rep;
    uint64_t line;                 /* number of the line that is taken, from 1 */

    const struct import_options *o;
    callgraph_sink sink;
    void *ctx;
    struct input *in;
    struct names *seen;            /* hashes of graphs, as text; NULL unless dedup */
    struct buf raw;                /* bytes read; those before `at` are done */
    size_t at;
};

bool stream_run(struct text_stream *s, char *const *paths, size_t n, const struct import_options *o,
                callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err);

/* A graph cannot be used, or a line that belongs to none. */
void stream_drop(struct text_stream *s, enum import_cause c, uint64_t rows, uint64_t line,
                 const char *value);
void stream_stray(struct text_stream *s, struct str line);

/* A graph that began at `line` goes to the sink, unless it is a repeat. */
bool stream_deliver(struct text_stream *s, const struct callgraph *g, const struct names *names,
                    uint64_t rows, uint64_t line, struct err *err);

#endif
