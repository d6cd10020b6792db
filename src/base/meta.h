/* meta.h: every output says what made it.
 *
 * Options that change the result, seed, scale, commit and input hashes; never
 * paths, threads, batch or dates, so that equal work gives equal bytes. A CSV
 * stays pure: its provenance goes to FILE.meta.json beside it. A checkpoint
 * carries the same keys in the __metadata__ of its safetensors file.
 */
#ifndef BASE_META_H
#define BASE_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct meta;
struct meta *meta_new(const char *command);   /* sets "command", "version", "commit" */
void meta_free(struct meta *m);
void meta_text(struct meta *m, const char *key, const char *value);
void meta_int(struct meta *m, const char *key, int64_t value);
void meta_real(struct meta *m, const char *key, double value);      /* %.17g */

/* Note an input by its SHA-256, not its name: "sha256.ROLE". Further inputs of a role are numbered
 * from 2; for path "-" the value is "standard input". */
bool meta_input(struct meta *m, const char *role, const char *path, struct err *err);

/* Visit the pairs in key order, as strings: for __metadata__ and provenance sheets. */
typedef void (*meta_visit)(void *ctx, const char *key, const char *value);
void meta_each(const struct meta *m, meta_visit fn, void *ctx);

/* Write PATH.meta.json (keys sorted). For path "-" nothing is written. */
bool meta_write_beside(const struct meta *m, const char *path, struct err *err);

#endif
