/* moment.c: see the header. Dates are counted by hand (days since 1970 from a civil date, after
 * Hinnant): timegm is no POSIX, and mktime asks the time zone. */
#include "load/moment.h"

#include <math.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * MOMENT_S + t.tv_nsec;
}

int64_t moment_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t moment_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* Exactly n digits off the front of *s. */
static bool digits(struct str *s, size_t n, int64_t *x)
{
    uint64_t u;
    if (s->n < n || !str_u64((struct str){ s->p, n }, &u))
        return false;
    *x = (int64_t)u;
    s->p += n;
    s->n -= n;
    return true;
}

static bool skip(struct str *s, const char *one_of)
{
    for (const char *c = one_of; s->n && *c; c++)
        if (*s->p == *c) {
            s->p++;
            s->n--;
            return true;
        }
    return false;
}

/* Digits after the point, as nanoseconds; more than nine are read and not used. */
static bool fraction(struct str *s, int64_t *ns)
{
    int64_t unit = MOMENT_S / 10;
    size_t n = 0;
    for (*ns = 0; s->n && *s->p >= '0' && *s->p <= '9'; n++, s->p++, s->n--, unit /= 10)
        *ns += (*s->p - '0') * unit;
    return n > 0;
}

static bool offset(struct str *s, int64_t *seconds)
{
    int64_t h, m;
    *seconds = 0;
    if (skip(s, "Zz"))
        return s->n == 0;
    if (!s->n || (*s->p != '+' && *s->p != '-'))
        return false;
    int sign = *s->p == '-' ? -1 : 1;
    skip(s, "+-");
    if (!digits(s, 2, &h) || !skip(s, ":") || !digits(s, 2, &m) || h > 23 || m > 59)
        return false;
    *seconds = sign * (h * 3600 + m * 60);
    return s->n == 0;
}

static bool rfc3339(struct str s, int64_t *wall)
{
    int64_t y, mo, d, h, mi, sec, ns = 0, off;
    if (!digits(&s, 4, &y) || !skip(&s, "-") || !digits(&s, 2, &mo) || !skip(&s, "-") ||
        !digits(&s, 2, &d) || !skip(&s, "Tt ") || !digits(&s, 2, &h) || !skip(&s, ":") ||
        !digits(&s, 2, &mi) || !skip(&s, ":") || !digits(&s, 2, &sec))
        return false;
    if (skip(&s, ".") && !fraction(&s, &ns))
        return false;
    static const int longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (y < 1970 || y > 2200 || mo < 1 || mo > 12 || d < 1 || d > longest[mo - 1] || h > 23 ||
        mi > 59 || sec > 60 || !offset(&s, &off))
        return false;
    *wall = (days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - off) * MOMENT_S + ns;
    return true;
}

bool moment_parse(struct str s, int64_t *wall, struct err *err)
{
    double x;
    bool relative = s.n && *s.p == '+';
    if (str_is(s, "now")) {
        *wall = moment_wall();
        return true;
    }
    if (rfc3339(s, wall))
        return true;
    if (str_f64(relative ? (struct str){ s.p + 1, s.n - 1 } : s, &x) && x >= 0 && x < 7e9) {
        double whole = floor(x);    /* apart: the product has more digits than a double */
        *wall = (relative ? moment_wall() : 0) + (int64_t)whole * MOMENT_S +
                (int64_t)((x - whole) * 1e9);
        return true;
    }
    return err_set(err, EXIT_USAGE, "time \"%.*s\" is neither seconds since 1970, +SECONDS nor "
                   "YYYY-MM-DDTHH:MM:SSZ", (int)(s.n < 64 ? s.n : 64), s.p);
}

static char *put_digits(char *p, int64_t x, int n)
{
    for (int k = n; k-- > 0; x /= 10)
        p[k] = (char)('0' + x % 10);
    return p + n;
}

/* By hand, as it is done for every call: strftime would take a microsecond. */
void moment_write(int64_t wall, char text[MOMENT_TEXT])
{
    int64_t s = wall / MOMENT_S, days = s / 86400, z = days + 719468, era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    const struct {
        int64_t x;
        int digits;
        char after;
    } part[] = { { year, 4, '-' }, { month, 2, '-' }, { doy - (153 * mp + 2) / 5 + 1, 2, 'T' },
                 { s % 86400 / 3600, 2, ':' }, { s % 3600 / 60, 2, ':' }, { s % 60, 2, '.' },
                 { wall % MOMENT_S, 9, 'Z' } };
    char *p = text;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        p = put_digits(p, part[i].x, part[i].digits);
        *p++ = part[i].after;
    }
    *p = '\0';
}
