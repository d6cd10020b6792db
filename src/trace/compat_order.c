/* compat_order.c: the order in which pandas' sort_values on one text column leaves equal keys.
 *
 * That is numpy's indirect introsort: median of three, the smaller part first, insertion sort up to
 * 16 items (so small files are sorted stably), heap sort for what waited below twice the
 * logarithm's depth. Any other sort gives other bytes where two traces arrive in one millisecond.
 */
#include <stddef.h>
#include <string.h>

#include "trace/compat_priv.h"

enum { SMALL = 15, STACK = 128 };

struct span { size_t *lo, *hi; int depth; };   /* both ends belong to it */

static void swap(size_t *a, size_t *b)
{
    size_t t = *a;
    *a = *b;
    *b = t;
}

static void insertion(const int64_t *key, size_t *lo, size_t *hi)
{
    for (size_t *i = lo + 1; i <= hi; i++) {
        size_t v = *i, *j = i;
        for (; j > lo && key[v] < key[j[-1]]; j--)
            *j = j[-1];
        *j = v;
    }
}

/* Let v sink from place i, counted from 1, of the heap a[0..n). */
static void sink(const int64_t *key, size_t *a, size_t i, size_t n, size_t v)
{
    for (size_t j = 2 * i; j <= n; j = 2 * i) {
        if (j < n && key[a[j - 1]] < key[a[j]])
            j++;
        if (!(key[v] < key[a[j - 1]]))
            break;
        a[i - 1] = a[j - 1];
        i = j;
    }
    a[i - 1] = v;
}

static void heap(const int64_t *key, size_t *a, size_t n)
{
    for (size_t l = n / 2; l > 0; l--)
        sink(key, a, l, n, a[l - 1]);
    for (; n > 1; n--) {
        size_t v = a[n - 1];
        a[n - 1] = a[0];
        sink(key, a, 1, n - 1, v);
    }
}

static size_t *partition(const int64_t *key, size_t *lo, size_t *hi)
{
    size_t *mid = lo + ((hi - lo) >> 1), *i = lo, *j = hi - 1;
    if (key[*mid] < key[*lo])
        swap(mid, lo);
    if (key[*hi] < key[*mid])
        swap(hi, mid);
    if (key[*mid] < key[*lo])
        swap(mid, lo);
    int64_t pivot = key[*mid];
    swap(mid, j);
    for (;;) {
        do i++; while (key[*i] < pivot);
        do j--; while (pivot < key[*j]);
        if (i >= j)
            break;
        swap(i, j);
    }
    swap(i, hi - 1);
    return i;
}

/* Cut s until it is small; the larger parts wait on the stack. */
static struct span cut(const int64_t *key, struct span s, struct span *stack, size_t *n)
{
    while (s.hi - s.lo > SMALL) {
        size_t *i = partition(key, s.lo, s.hi);
        s.depth--;
        if (i - s.lo < s.hi - i) {
            stack[(*n)++] = (struct span){ i + 1, s.hi, s.depth };
            s.hi = i - 1;
        } else {
            stack[(*n)++] = (struct span){ s.lo, i - 1, s.depth };
            s.lo = i + 1;
        }
    }
    return s;
}

void compat_order(const int64_t *key, size_t *order, size_t n)
{
    struct span stack[STACK];
    size_t waiting = 0;
    int depth = 0;
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    if (n < 2)
        return;
    for (size_t m = n; m > 1; m >>= 1)
        depth += 2;
    stack[waiting++] = (struct span){ order, order + n - 1, depth };
    while (waiting) {
        struct span s = stack[--waiting];
        if (s.hi <= s.lo)
            continue;
        if (s.depth < 0) {
            heap(key, s.lo, (size_t)(s.hi - s.lo) + 1);
            continue;
        }
        s = cut(key, s, stack, &waiting);
        if (s.hi > s.lo)
            insertion(key, s.lo, s.hi);
    }
}
