/* minutes_priv.h: one function's counts of one day, in few bytes. Within trace/ only.
 *
 * A day is either a list of its busy minutes or all 1,440 counts at a width of 1, 2, 4, ... 32
 * bits, whichever is shorter:
 *
 *     0 n (gap count) (gap count) ...      numbers of 7 bits a byte, low first; gap is from the
 *                                          minute after the one before
 *     w 1440 counts of w bits              low bits first
 *
 * So a timer that fires once an hour takes 50 bytes, a quiet web function some hundred, and a
 * function with at most 255 invocations a minute never more than 1,441.
 */
#ifndef TRACE_MINUTES_PRIV_H
#define TRACE_MINUTES_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MINUTES_CODE_MAX = 1 + 4 * 1440 };

struct minutes {               /* busy minutes, ascending; counts are at least 1 */
    uint16_t at[1440];
    uint32_t count[1440];
    size_t n;
};

/* Write the code to to[0..MINUTES_CODE_MAX) and return its length; 0 for a day without any. */
size_t minutes_encode(const struct minutes *m, uint8_t *to);

/* Trusts the code: see minutes_check. */
void minutes_decode(const uint8_t *code, struct minutes *m);

/* Is code[0..n) one that minutes_encode could have written, to its last byte? */
bool minutes_check(const uint8_t *code, size_t n);

/* The busy minutes of dense[0..1440). */
void minutes_of(const uint32_t *dense, struct minutes *m);

#endif
