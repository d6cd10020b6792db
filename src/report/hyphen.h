/* hyphen.h: where an English word may be broken, cautiously.
 *
 * Rules, not a dictionary: between a common prefix and the rest (re-, inter-, trans-), before a
 * common suffix (-tion, -ment, -ness, -ing after one consonant), and between two consonants that
 * stand between vowels (sim-ple no, gram-mar yes). At least two letters stay and three move; words
 * with capitals inside, digits or underscores are left whole. A missed break costs a little
 * white; a wrong one costs the reader a second look, so doubtful ones are not taken.
 */
#ifndef REPORT_HYPHEN_H
#define REPORT_HYPHEN_H

#include <stdbool.h>
#include <stddef.h>

/* Set at[i] (0 < i < n) where a hyphen may come before byte i; returns how many. */
size_t hyphen_points(const char *word, size_t n, bool *at);

#endif
