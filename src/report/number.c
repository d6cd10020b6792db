/* number.c: see the header. */
#include "report/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct shape { bool thousands, percent, exponent, factor; int decimals, digits; };

static bool parse(const char *f, struct shape *s)
{
    *s = (struct shape){ 0 };
    if (f[0] == 'g' && f[1] >= '1' && f[1] <= '9' && !f[2]) {
        s->digits = f[1] - '0';
        return true;
    }
    if (*f == 'x')
        s->factor = true, f++;
    if (strncmp(f, "#,##", 4) == 0)
        s->thousands = true, f += 4;
    if (*f++ != '0')
        return false;
    if (*f == '.')
        for (f++; *f == '0'; f++)
            s->decimals++;
    if (*f == '%')
        s->percent = true, f++;
    else if (strcmp(f, "E+00") == 0)
        s->exponent = true, f += 4;
    return *f == '\0' && s->decimals < 16;
}

bool number_format_known(const char *format)
{
    struct shape s;
    return parse(format, &s);
}

static void group(char *s)
{
    char *dot = strchr(s, '.');
    size_t n = strlen(s), end = dot ? (size_t)(dot - s) : n, start = s[0] == '-';
    while (end > start + 3) {
        end -= 3;
        memmove(s + end + 1, s + end, n - end + 1);
        s[end] = ',';
        n++;
    }
}

/* "-0.00" says nothing: drop the sign of a rounded zero; else make it a minus. */
static void sign(char *s)
{
    if (s[0] != '-')
        return;
    if (!s[strcspn(s, "123456789")])
        memmove(s, s + 1, strlen(s));
    else {
        memmove(s + 3, s + 1, strlen(s));
        memcpy(s, "\xE2\x88\x92", 3);
    }
}

void number_write(double x, const char *format, char out[NUMBER_SIZE])
{
    struct shape s;
    REQUIRE(parse(format, &s));
    if (!isfinite(x)) {
        strcpy(out, isnan(x) ? "n/a" : x > 0 ? "\xE2\x88\x9E" : "\xE2\x88\x92\xE2\x88\x9E");
        return;
    }
    char b[400];                            /* the longest double in plain digits */
    if (s.digits)
        snprintf(b, sizeof b, "%.*g", s.digits, x);
    else if (s.exponent)
        snprintf(b, sizeof b, "%.*e", s.decimals, x);
    else
        snprintf(b, sizeof b, "%.*f", s.decimals, s.percent ? x * 100 : x);
    char *e = strchr(b, 'e');
    if (e)
        snprintf(e, sizeof b - (size_t)(e - b), "e%d", atoi(e + 1));
    if (strlen(b) > 30)
        snprintf(b, sizeof b, "%.3g", x);
    if (s.thousands)
        group(b);
    sign(b);
    snprintf(out, NUMBER_SIZE, "%.40s%s", b, s.percent ? "%" : s.factor ? "\xC3\x97" : "");
}

const char *number_excel(const char *format, char out[NUMBER_SIZE])
{
    struct shape s;
    REQUIRE(parse(format, &s));
    if (s.digits)
        return "General";
    snprintf(out, NUMBER_SIZE, "%.40s%s", format + s.factor, s.factor ? "\"\xC3\x97\"" : "");
    return out;
}
