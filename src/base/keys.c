/* keys.c: see the header. Keys are copied out of the items, whatever these are. */
#include "base/keys.h"

#include <stdlib.h>
#include <string.h>

static uint64_t key_of(const void *item)
{
    uint64_t key;
    memcpy(&key, item, sizeof key);
    return key;
}

int keys_ascending(const void *a, const void *b)
{
    uint64_t x = key_of(a), y = key_of(b);
    return (x > y) - (x < y);
}

size_t keys_lower(const void *at, size_t n, size_t size, uint64_t key)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (key_of((const char *)at + mid * size) < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t keys_distinct(uint64_t *key, size_t n, size_t *most)
{
    size_t found = 0, run = 0;
    *most = 0;
    if (n)
        qsort(key, n, sizeof *key, keys_ascending);
    for (size_t i = 0; i < n; i++) {
        run = i && key[i] == key[i - 1] ? run + 1 : 1;
        found += run == 1;
        *most = run > *most ? run : *most;
    }
    return found;
}
