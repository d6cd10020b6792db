/* load_json.h: load.json, the plan of what is called when, read and written a unit at a time.
 *
 *     [                                       an object per unit (a minute or a second), none left
 *        {                                    out: what is not called in a unit has two empty lists
 *           "timestamp": [ 0, 30000000 ],     microseconds from the unit's start, ascending
 *           "endpoint": [ "a.example", ... ]  host names, as many
 *        },
 *
 * Source: vSwarm, tools/load-generator, whose bytes the JSON writer gives (indent 3, no final
 * newline, letters beyond ASCII as \uXXXX). Neither side holds more than one unit.
 *
 * The reader takes the two members in any order, skips others, and refuses what the original's
 * invoker would misread: lists of unequal length, times that are no whole numbers or descend. A
 * plan of millions of calls has a binary form of 8 bytes a call, which the reader tells by its
 * first bytes; it also knows which function of the trace each call stands for. Both may be
 * compressed (trace/input.h). CSV is written for other programs and not read:
 *     unit,at_us,endpoint,function
 *
 * Binary, little-endian: "TWPLAN1\n"; u32 targets; per target u32 length and bytes of the endpoint,
 * then of the function; per unit u64 n, n times u32 at_us, n times u32 target; at the end u64
 * all ones and u64 calls in all.
 */
#ifndef LOAD_LOAD_JSON_H
#define LOAD_LOAD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/names.h"
#include "base/str.h"

#define LOAD_MOST_US 1000000000000000u   /* the latest time a reader takes: 31 years */
enum { LOAD_MOST_NAME = 4096 };          /* bytes of an endpoint */

struct load_unit {               /* borrowed until the next load_next */
    size_t n;
    const uint64_t *at_us;       /* (n) from the unit's start, ascending, equal ones allowed */
    const uint32_t *endpoint;    /* (n) ids of load_endpoints */
    const uint32_t *function;    /* (n) ids of load_functions; NULL: the file does not say */
};

/* NULL: EXIT_NOINPUT or EXIT_DATA. "-" is standard input. The path is borrowed. */
struct load_reader *load_open(const char *path, struct err *err);
void load_close(struct load_reader *r);          /* NULL is fine */

/* The next unit. False at the end (err->status 0) or at what cannot be read: "load.json:7: ...". */
bool load_next(struct load_reader *r, struct load_unit *u, struct err *err);
const struct names *load_endpoints(const struct load_reader *r);   /* grows as units are read */
const struct names *load_functions(const struct load_reader *r);

/* "load.json", 2 -> "load.2.json"; without an extension ".2" is appended. free() it. */
char *load_shard_path(const char *path, size_t shard);

enum load_format { LOAD_JSON, LOAD_BINARY, LOAD_CSV };

struct load_target {
    const char *endpoint, *function;     /* UTF-8 */
};

struct load_call {
    uint32_t at_us, target;      /* target: index of the writer's */
};

/* The writer makes bytes and leaves them to the caller, so that units can be made side by side. */
struct load_writer;
struct load_writer *load_writer_new(enum load_format format, const struct load_target *targets,
                                    size_t n);
void load_writer_free(struct load_writer *w);    /* NULL is fine */

/* Append to out: what precedes the first unit; unit number `unit` (from 0), its calls in order;
 * what follows the last of `units` units that held `calls` calls together. */
void load_write_begin(const struct load_writer *w, struct buf *out);
void load_write_unit(const struct load_writer *w, size_t unit, const struct load_call *calls,
                     size_t n, struct buf *out);
void load_write_end(const struct load_writer *w, size_t units, uint64_t calls, struct buf *out);

#endif
