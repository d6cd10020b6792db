/* ranges.h: sets of whole numbers, as a few ranges, and what their decimal spellings can begin
 * with: what a grammar allows where a number is written digit by digit. */
#ifndef TEXT_RANGES_H
#define TEXT_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANGES_MOST = 32 };

struct ranges {
    struct { int64_t lo, hi; } at[RANGES_MOST];    /* 0 <= lo <= hi; any order, may overlap */
    size_t n;
};

/* Add lo..hi; nothing where lo > hi. Requires room. */
void ranges_add(struct ranges *r, int64_t lo, int64_t hi);

bool ranges_have(const struct ranges *r, int64_t x);

/* Is there a number of the set whose spelling begins with x's and is longer? x >= 1: no number
 * but 0 itself begins with a 0. */
bool ranges_go_on(const struct ranges *r, int64_t x);

/* The one number of the set, in *x; false if it has several or none. */
bool ranges_single(const struct ranges *r, int64_t *x);

#endif
