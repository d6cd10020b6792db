/* functions_number.c: numbers as Python takes them, because what parses decides who is dropped.
 *
 * A number is rid of blanks and of underscores that stand between two digits, held against
 *     [+-] digits [. digits] [e [+-] digits]     or  digits . or . digits     or a name
 * and only then given to strtod, which on its own would also take hexadecimal.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trace/functions.h"

enum { LONGEST = 400 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Python's str.strip() for ASCII: also vertical tab, form feed and 0x1C to 0x1F. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

/* Without blanks around and underscores between digits; false when it cannot be a number. */
static bool tidy(struct str s, char out[LONGEST])
{
    while (s.n && is_blank(*s.p))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    size_t n = 0;
    if (!s.n || s.n >= LONGEST)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool between = i && i + 1 < s.n && is_digit(s.p[i - 1]) && is_digit(s.p[i + 1]);
        if (!s.p[i] || (s.p[i] == '_' && !between))
            return false;
        if (s.p[i] != '_')
            out[n++] = s.p[i];
    }
    out[n] = 0;
    return true;
}

static const char *skip_digits(const char *p, size_t *n)
{
    const char *from = p;
    while (is_digit(*p))
        p++;
    *n += (size_t)(p - from);
    return p;
}

static bool is_decimal(const char *p)
{
    size_t digits = 0, exponent = 0;
    p = skip_digits(p, &digits);
    if (*p == '.')
        p = skip_digits(p + 1, &digits);
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        p = skip_digits(p, &exponent);
        if (!exponent)
            return false;
    }
    return *p == 0;
}

bool functions_float(struct str s, double *x)
{
    char text[LONGEST];
    if (!tidy(s, text))
        return false;
    const char *p = text + (*text == '+' || *text == '-');
    if (strcasecmp(p, "nan") == 0)
        *x = NAN;
    else if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0)
        *x = *text == '-' ? -INFINITY : INFINITY;
    else if (is_decimal(p))
        *x = strtod(text, NULL);
    else
        return false;
    return true;
}

bool functions_int(struct str s, int32_t *x)
{
    /* the short way first: nearly every field is a few plain digits */
    int64_t v = 0;
    size_t i = 0;
    while (i < s.n && i < 9 && is_digit(s.p[i]))
        v = v * 10 + (s.p[i++] - '0');
    if (i && i == s.n) {
        *x = (int32_t)v;
        return true;
    }
    char text[LONGEST];
    if (!tidy(s, text))
        return false;
    const char *p = text + (*text == '+' || *text == '-');
    for (v = 0, i = 0; is_digit(p[i]); i++)
        v = v * 10 + (p[i] - '0') > INT32_MAX ? (int64_t)INT32_MAX + 1 : v * 10 + (p[i] - '0');
    if (!i || p[i] || v > INT32_MAX)
        return false;
    *x = (int32_t)(*text == '-' ? -v : v);
    return true;
}
