/* sort.c: a double's bits, read as an integer, order like the double once the sign is dealt with:
 *
 *     positive   0 eee mmm   ->   1 eee mmm        (set the sign bit)
 *     negative   1 eee mmm   ->   0 ~ee ~mm        (flip all)
 *
 * Eight passes of 8 bits beat a comparison sort from some thousand elements on; all eight
 * histograms come from one scan, and a pass whose digit is the same everywhere is skipped.
 */
#include "stats/sort.h"

#include <gsl/gsl_sort.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SMALL = 4096, DIGITS = 8, RADIX = 256 };

static uint64_t key_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | 1ull << 63;
}

static double value_of(uint64_t k)
{
    uint64_t u = k >> 63 ? k & ~(1ull << 63) : ~k;
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static void scatter(const uint64_t *from, uint64_t *to, size_t n, int shift, size_t *count)
{
    size_t at = 0;
    for (size_t d = 0; d < RADIX; d++) {
        size_t c = count[d];
        count[d] = at;
        at += c;
    }
    for (size_t i = 0; i < n; i++)
        to[count[from[i] >> shift & (RADIX - 1)]++] = from[i];
}

static void sort_radix(double *x, size_t n)
{
    uint64_t *a = mem_array(n, sizeof *a), *b = mem_array(n, sizeof *b);
    size_t (*count)[RADIX] = mem_array(DIGITS, sizeof *count);
    for (size_t i = 0; i < n; i++) {
        a[i] = key_of(x[i]);
        for (size_t d = 0; d < DIGITS; d++)
            count[d][a[i] >> 8 * d & (RADIX - 1)]++;
    }
    for (size_t d = 0; d < DIGITS; d++) {
        if (count[d][a[0] >> 8 * d & (RADIX - 1)] == n)
            continue;
        scatter(a, b, n, (int)(8 * d), count[d]);
        uint64_t *t = a;
        a = b;
        b = t;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = value_of(a[i]);
    free(a);
    free(b);
    free(count);
}

void sort_doubles(double *x, size_t n)
{
    if (n < SMALL)
        gsl_sort(x, 1, n);
    else
        sort_radix(x, n);
}
