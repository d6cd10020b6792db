/* decimal.c: for 1 <= x < 1e15 the digits come from integers, exactly.
 *
 *     x = whole + F / 2^k,  F < 2^k, k <= 52;   with d digits before the point, p = 17 - d after:
 *     round(F 10^p / 2^k), ties to even as printf has them; F 10^p < 2^106 fits 128 bits
 *
 * Anything else goes through printf.
 */
#include "base/decimal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static const uint64_t power10[] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u, 100000000000000000u,
};

static size_t write_digits(uint64_t x, size_t n, char *to)
{
    for (size_t i = n; i-- > 0; x /= 10)
        to[i] = (char)('0' + x % 10);
    return n;
}

static unsigned digits_of(uint64_t x)
{
    unsigned d = 1;
    while (x >= power10[d])
        d++;
    return d;
}

size_t decimal17(double x, char text[DECIMAL17_MAX])
{
    if (!(x >= 1 && x < 1e15))
        return (size_t)snprintf(text, DECIMAL17_MAX, "%.17g", x);
    uint64_t bits, whole = (uint64_t)x;
    memcpy(&bits, &x, sizeof bits);
    unsigned k = 52 - (unsigned)((bits >> 52 & 0x7ff) - 1023), d = digits_of(whole), p = 17 - d;
    uint64_t f = ((bits & 0xfffffffffffffu) | 1ull << 52) & ((1ull << k) - 1);
    wide scaled = (wide)f * power10[p], half = (wide)1 << k >> 1;
    uint64_t q = (uint64_t)(scaled >> k);
    wide rest = scaled & (((wide)1 << k) - 1);
    if (k && (rest > half || (rest == half && q & 1)))
        q++;
    if (q == power10[p]) {   /* rounded up to the next whole number */
        q = 0;
        whole++;
        if (whole == power10[d])
            d++;
    }
    size_t n = write_digits(whole, d, text);
    if (q) {
        text[n++] = '.';
        n += write_digits(q, p, text + n);
        while (text[n - 1] == '0')
            n--;
    }
    text[n] = '\0';
    return n;
}
