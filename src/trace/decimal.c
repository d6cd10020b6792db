/* decimal.c: digits with a point are m / 10^k with whole m. Where m and 10^k are exact in a type
 * with correct division, one division gives the nearest value of that type:
 *
 *   m <= 2^53, k <= 22      in double, which is the answer
 *   m < 2^64,  k <= 27      in x87's 64-bit mantissa; rounding that to 53 bits rounds twice, which
 *                           is right unless the first landed on a middle (11 bits 10000000000)
 *
 * The rest (exponents, more digits, that middle) is strtod's. */
#include "trace/decimal_priv.h"

#include <float.h>
#include <string.h>

static const double power[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

#if LDBL_MANT_DIG == 64
static bool divide_long(uint64_t m, unsigned k, double *x)
{
    long double p = power[k > 22 ? 22 : k];
    for (; k > 22; k--)
        p *= 10;
    long double q = (long double)m / p;
    uint64_t mantissa;
    memcpy(&mantissa, &q, sizeof mantissa);
    *x = (double)q;
    return (mantissa & 0x7FF) != 0x400;
}
#else
static bool divide_long(uint64_t m, unsigned k, double *x)
{
    (void)m, (void)k, (void)x;
    return false;
}
#endif

bool decimal_f64(struct str s, double *x)
{
    const char *p = s.p, *end = s.p + s.n;
    bool minus = p < end && *p == '-';
    p += minus;
    uint64_t m = 0;
    const char *first = p, *limit = end - p > 20 ? p + 20 : end;
    for (unsigned d; p < limit && (d = (unsigned)*p - '0') <= 9; p++)
        m = m * 10 + d;
    const char *point = p < limit && *p == '.' ? p++ : NULL;
    for (unsigned d; p < limit && (d = (unsigned)*p - '0') <= 9; p++)
        m = m * 10 + d;
    size_t digits = (size_t)(p - first) - (point != NULL);
    if (p < end || digits == 0 || digits > 19)
        return str_f64(str_trim(s), x);
    unsigned k = point ? (unsigned)(p - point) - 1 : 0;
    if (m <= (uint64_t)1 << 53 && k <= 22)
        *x = (double)m / power[k];
    else if (k > 27 || !divide_long(m, k, x))
        return str_f64(s, x);
    *x = minus ? -*x : *x;
    return true;
}
