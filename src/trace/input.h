/* input.h: a list of files as one sequence of plain byte streams, for importers.
 *
 * A plain file is one stream, a compressed file one, an archive one per regular member. What a
 * file is is told by its first bytes, never by its name.
 */
#ifndef TRACE_INPUT_H
#define TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct input;

/* False (EXIT_NOINPUT) when one of the paths cannot be read; nothing is left open then. The paths
 * are borrowed. "-" is standard input. */
struct input *input_open(char *const *paths, size_t n, struct err *err);
void input_close(struct input *in);

/* Go to the next stream. False at the end of all (err->status 0) or when the rest of a file cannot
 * be read (err->status not 0; then call again for the next file). */
bool input_next(struct input *in, struct err *err);
const char *input_name(const struct input *in);   /* "calls.csv" or "calls.tar.gz:a/calls.csv" */

/* Up to n bytes of the current stream; *got 0 is its end. False when it breaks off. */
bool input_read(struct input *in, void *p, size_t n, size_t *got, struct err *err);

/* Bytes of the files (as they lie on disk) read so far, and of all; 0 when unknown. */
uint64_t input_position(const struct input *in);
uint64_t input_total(const struct input *in);

#endif
