/* lines_priv.h: the inputs in pieces of whole lines. Within trace/ only.
 *
 * For tables whose fields hold no line ends. The first line of every stream is its header and is
 * handed to the caller when the stream opens, so that a piece carries only rows.
 */
#ifndef TRACE_LINES_PRIV_H
#define TRACE_LINES_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "trace/input.h"

enum { PIECE_BYTES = 1 << 18, PIECE_SLACK = 64, PIECE_LINE_MAX = 1 << 20 };

struct piece {
    char *p;               /* lines, each ended by LF; PIECE_SLACK bytes of 0 follow */
    size_t n, cap;
    uint32_t stream;       /* from 0 */
    uint64_t skipped;      /* lines of the stream before it that no piece holds: the header */
    bool too_long;         /* it is the start of a line that was too long, and ends with LF */
};

/* header(ctx, name, line, err): the first line of stream number `stream`, called name, without its
 * line end and byte order mark. False stops. */
typedef bool (*lines_header)(void *ctx, uint32_t stream, const char *name, struct str line,
                             struct err *err);

struct lines;
struct lines *lines_open(char *const *paths, size_t n, lines_header header, void *ctx,
                         struct err *err);
void lines_close(struct lines *l);

/* False at the end of all (err->status 0) and when a stream has no header or breaks off. The
 * piece's memory is reused. */
bool lines_next(struct lines *l, struct piece *out, struct err *err);
uint32_t lines_streams(const struct lines *l);
uint64_t lines_bytes(const struct lines *l);           /* after decompression */
struct input *lines_input(struct lines *l);

#endif
