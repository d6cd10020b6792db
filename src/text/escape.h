/* escape.h: names inside texts whose syntax they could break.
 *
 * Bytes up to blank, DEL, '%' and those in `also` are written %XX (two capital hex digits); an
 * empty name is "%". Everything else, UTF-8 included, stays as it is.
 */
#ifndef TEXT_ESCAPE_H
#define TEXT_ESCAPE_H

#include <stdbool.h>

#include "base/str.h"

void escape_put(struct str name, const char *also, struct buf *out);

/* The bytes that s stands for, into *out (emptied first); false: an escape is malformed or NUL. */
bool escape_read(struct str s, struct buf *out);

#endif
