/* rowstore_priv.h: rows in few bytes, kept by trace ordinal, in memory or on disk. Within trace/.
 *
 * Ordinals are cut into partitions of 2^13. A partition's rows lie in blocks in order of arrival;
 * when those in memory exceed the limit, the oldest go to an unlinked temporary file. A row is
 * some 20 bytes: variable-length numbers of 7 bits a byte, small ones first.
 */
#ifndef TRACE_ROWSTORE_PRIV_H
#define TRACE_ROWSTORE_PRIV_H

#include "base/mem.h"
#include "trace/row_priv.h"

enum { PARTITION_BITS = 13, PARTITION = 1 << PARTITION_BITS, CODE_MAX = KEY_MAX + 64 };

/* Everything but ordinal and line, to code[0..CODE_MAX); returns the bytes. */
size_t rowcode_put(const struct row *r, uint8_t *code);

struct rowstore;
struct rowstore *rowstore_new(size_t limit);
void rowstore_limit(struct rowstore *s, size_t limit); /* bytes of blocks in memory, from now on */
void rowstore_free(struct rowstore *s);

/* Keep a coded row. False when the temporary file cannot be written. */
bool rowstore_add(struct rowstore *s, uint32_t ordinal, uint64_t line, const uint8_t *code,
                  size_t n, struct err *err);

/* Read partition p's rows with ordinals in [from, to), in order of arrival, into
 * rows[place[ordinal - from]++]. Their keys point into the store or, for what was on disk, into
 * `blocks`: use them before rowstore_forget. Several threads may read at once. */
bool rowstore_read(const struct rowstore *s, size_t p, uint32_t from, uint32_t to, struct row *rows,
                   uint32_t *place, struct arena *blocks, struct err *err);

/* The same for codes that are not rows' (at most CODE_LONG bytes each): hands them to take. */
enum { CODE_LONG = 1 << 13 };
bool rowstore_walk(const struct rowstore *s, size_t p, uint32_t from, uint32_t to,
                   void (*take)(void *ctx, uint32_t ordinal, uint64_t line, const uint8_t *code,
                                size_t n),
                   void *ctx, struct arena *blocks, struct err *err);

void rowstore_forget(struct rowstore *s, size_t p);   /* partition p will not be read again */
uint64_t rowstore_spilled(const struct rowstore *s);  /* bytes on disk */

#endif
