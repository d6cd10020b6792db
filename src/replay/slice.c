/* slice.c: see the header. */
#include "replay/slice.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct moment {
    int64_t day, hour, minute;
};

static bool parse(const char *what, const char *text, struct moment *m, struct err *err)
{
    struct str rest = str_of(text), piece;
    int64_t *field[] = { &m->day, &m->hour, &m->minute };
    size_t n = 0;
    bool good = true;
    *m = (struct moment){ 0 };
    for (; str_next(&rest, '.', &piece); n++)
        good = good && n < 3 && str_i64(piece, field[n]);
    if (!good || n != 3)
        return err_set(err, EXIT_USAGE, "--%s: \"%s\" is not DAY.HOUR.MINUTE", what, text);
    if (m->day < 0 || m->hour < 0 || m->minute < 0)
        return err_set(err, EXIT_USAGE, "--%s: \"%s\" has a negative field", what, text);
    return true;
}

static double seconds(const struct moment *m)
{
    return 86400.0 * (double)m->day + 3600.0 * (double)m->hour + 60.0 * (double)m->minute;
}

static bool check_clock(const char *what, const char *text, const struct moment *m,
                        struct err *err)
{
    if (m->hour >= 24)
        return err_set(err, EXIT_USAGE, "--%s: \"%s\": the hour is not below 24", what, text);
    if (m->minute > 60)
        return err_set(err, EXIT_USAGE, "--%s: \"%s\": the minute is above 60", what, text);
    return true;
}

bool slice_parse(const char *start, const char *end, uint32_t days, bool compat, double *start_s,
                 double *end_s, struct err *err)
{
    struct moment a, b;
    char last[32];
    snprintf(last, sizeof last, "%u.0.0", days);
    if (!end)
        end = compat ? "13.23.60" : last;
    if (!parse("start", start, &a, err) || !parse("end", end, &b, err))
        return false;
    *start_s = seconds(&a);
    *end_s = seconds(&b);
    const bool whole = !compat && *end_s <= 86400.0 * days;
    if (a.day >= days || (b.day >= days && !whole))
        return err_set(err, EXIT_USAGE, "--%s: \"%s\" is beyond the trace's %u days",
                       a.day >= days ? "start" : "end", a.day >= days ? start : end, days);
    if (a.day > b.day)
        return err_set(err, EXIT_USAGE, "--start \"%s\" is after --end \"%s\"", start, end);
    if (!check_clock("start", start, &a, err) || !check_clock("end", end, &b, err))
        return false;
    if (!compat && *start_s >= *end_s)
        return err_set(err, EXIT_USAGE, "--start \"%s\" is not before --end \"%s\"", start, end);
    return true;
}
