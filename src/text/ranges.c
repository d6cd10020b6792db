/* ranges.c: what is spelled x and k more digits lies from x * 10^k to (x + 1) * 10^k - 1. */
#include "text/ranges.h"

#include "base/err.h"

void ranges_add(struct ranges *r, int64_t lo, int64_t hi)
{
    if (lo > hi)
        return;
    REQUIRE(lo >= 0 && r->n < RANGES_MOST);
    r->at[r->n].lo = lo;
    r->at[r->n++].hi = hi;
}

bool ranges_have(const struct ranges *r, int64_t x)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].lo <= x && x <= r->at[i].hi)
            return true;
    return false;
}

static bool meets(const struct ranges *r, int64_t lo, int64_t hi)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].lo <= hi && lo <= r->at[i].hi)
            return true;
    return false;
}

bool ranges_go_on(const struct ranges *r, int64_t x)
{
    int64_t lo = x, last = x, most = 0;
    for (size_t i = 0; i < r->n; i++)
        most = r->at[i].hi > most ? r->at[i].hi : most;
    while (lo > 0 && lo <= most / 10) {
        lo *= 10;
        if (__builtin_mul_overflow(last, 10, &last) || __builtin_add_overflow(last, 9, &last))
            last = INT64_MAX;
        if (meets(r, lo, last))
            return true;
    }
    return false;
}

bool ranges_single(const struct ranges *r, int64_t *x)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].lo != r->at[0].lo || r->at[i].hi != r->at[0].lo)
            return false;
    if (r->n)
        *x = r->at[0].lo;
    return r->n > 0;
}
