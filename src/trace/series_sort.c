/* series_sort.c: times come nearly in order of their ends, so many series need no work at all; the
 * rest are sorted digit by digit, 11 bits at a time from the lowest, on the bits of the double made
 * to ascend. Digits that are the same everywhere are skipped: the exponents' mostly are. */
#include "trace/invocations_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 6, VALUES = 1 << DIGIT_BITS, SHORT = 48 };

static uint64_t ascending_bits(double x)
{
    uint64_t u;
    if (isnan(x))
        return UINT64_MAX;
    x += 0.0;                  /* -0 is 0 */
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}

static bool is_sorted(const double *t, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!(t[i - 1] <= t[i]))
            return false;
    return true;
}

static void insert_sort(double *t, struct invocation_tokens *tokens, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double x = t[i];
        struct invocation_tokens k = tokens ? tokens[i] : (struct invocation_tokens){ 0, 0 };
        size_t j = i;
        for (; j > 0 && ascending_bits(t[j - 1]) > ascending_bits(x); j--) {
            t[j] = t[j - 1];
            if (tokens)
                tokens[j] = tokens[j - 1];
        }
        t[j] = x;
        if (tokens)
            tokens[j] = k;
    }
}

static unsigned digit(double x, int d)
{
    return (unsigned)(ascending_bits(x) >> d * DIGIT_BITS) & (VALUES - 1);
}

/* One pass: move from t to to by digit d, whose frequencies are count. */
static void move(const double *t, const struct invocation_tokens *k, double *to,
                 struct invocation_tokens *k_to, size_t n, int d, size_t *count)
{
    size_t at = 0;
    for (size_t v = 0; v < VALUES; v++) {
        size_t c = count[v];
        count[v] = at;
        at += c;
    }
    for (size_t i = 0; i < n; i++) {
        size_t j = count[digit(t[i], d)]++;
        to[j] = t[i];
        if (k)
            k_to[j] = k[i];
    }
}

void series_sort(double *t, struct invocation_tokens *tokens, size_t n)
{
    if (n < 2 || is_sorted(t, n))
        return;
    if (n <= SHORT) {
        insert_sort(t, tokens, n);
        return;
    }
    size_t *count = mem_array((size_t)DIGITS * VALUES, sizeof *count);
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++)
            count[(size_t)d * VALUES + digit(t[i], d)]++;
    double *spare = mem_array(n, sizeof *spare), *from = t, *to = spare;
    struct invocation_tokens *k_spare = tokens ? mem_array(n, sizeof *k_spare) : NULL;
    struct invocation_tokens *k_from = tokens, *k_to = k_spare;
    for (int d = 0; d < DIGITS; d++) {
        size_t *c = count + (size_t)d * VALUES;
        if (c[digit(from[0], d)] == n)
            continue;
        move(from, k_from, to, k_to, n, d, c);
        double *swap = from;
        from = to;
        to = swap;
        struct invocation_tokens *k_swap = k_from;
        k_from = k_to;
        k_to = k_swap;
    }
    if (from != t) {
        memcpy(t, from, n * sizeof *t);
        if (tokens)
            memcpy(tokens, k_from, n * sizeof *tokens);
    }
    free(spare);
    free(k_spare);
    free(count);
}
