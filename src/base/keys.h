/* keys.h: lists in the order of a 64-bit key, as of hashes: sorted, searched, counted.
 *
 * An item is a struct whose first member is the key, a uint64_t, or the key alone.
 */
#ifndef BASE_KEYS_H
#define BASE_KEYS_H

#include <stddef.h>
#include <stdint.h>

/* The order for qsort and bsearch: by key alone. */
int keys_ascending(const void *a, const void *b);

/* Among n ascending items of `size` bytes: how many have a key below `key`, which is the index of
 * the first that has not. */
size_t keys_lower(const void *at, size_t n, size_t size, uint64_t key);

/* Sort key[0..n); return how many are distinct, and in *most how often the commonest is there. */
size_t keys_distinct(uint64_t *key, size_t n, size_t *most);

#endif
