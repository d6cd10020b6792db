/* decimal.h: doubles as text with 17 significant digits, many a second. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>

enum { DECIMAL17_MAX = 32 };

/* What "%.17g" writes, NUL-terminated; returns its length. Ten times as fast for numbers from 1 to
 * 1e15, such as seconds of a trace. */
size_t decimal17(double x, char text[DECIMAL17_MAX]);

#endif
