/* azure_llm.c: Azure LLM inference 2023 and 2024. A row is one request to a service; the file is
 * the service.
 *
 *     TIMESTAMP,ContextTokens,GeneratedTokens
 *     2023-11-16 18:17:03.9799600,4808,10
 *     2024-05-10 00:00:00.009930+00:00,2162,5
 *
 * The origin is midnight (UTC) before the earliest request of all files, so that day.hour.minute is
 * the time of day. Seconds of the day come from whole ticks of 100 ns, a date from whole days. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trace/invocations_priv.h"

static int is_published(const struct dirent *e)
{
    struct str name = str_of(e->d_name);
    return str_starts(name, "AzureLLMInferenceTrace_") && strstr(e->d_name, ".csv") != NULL;
}

static bool files(const char *folder, const struct invocations_options *o, char ***paths, size_t *n,
                  struct err *err)
{
    (void)o;
    struct dirent **found;
    int k = scandir(folder, &found, is_published, alphasort);
    *n = 0;
    if (k < 0)
        return err_set(err, EXIT_NOINPUT, "%s: %s", folder, strerror(errno));
    *paths = mem_array((size_t)k + 1, sizeof **paths);
    for (int i = 0; i < k; i++) {
        (*paths)[(*n)++] = file_join(folder, found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return true;
}

static bool header(const struct str *field, size_t n, bool compat, struct columns *c,
                   const char **missing)
{
    (void)compat;
    struct { const char *name; size_t *at; } wanted[] = { { "TIMESTAMP", &c->time },
                                                          { "ContextTokens", &c->context },
                                                          { "GeneratedTokens", &c->generated } };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *missing = wanted[i].name;
        *wanted[i].at = column_of(field, n, wanted[i].name);
        if (*wanted[i].at == NO_COLUMN)
            return false;
    }
    return true;
}

/* Read exactly `digits` digits at *p and the letter after them (0: none is asked for). */
static bool number(const char **p, const char *end, int digits, char after, int *x)
{
    *x = 0;
    for (; digits > 0; digits--, (*p)++) {
        unsigned d = *p < end ? (unsigned)**p - '0' : 10;
        if (d > 9)
            return false;
        *x = *x * 10 + (int)d;
    }
    if (!after)
        return true;
    return *p < end && *(*p)++ == after;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 in the Gregorian calendar: years count from March, so that the leap day is
 * the last of a year. */
static int32_t unix_day(int year, int month, int day)
{
    int y = year - (month <= 2), m = (month + 9) % 12;
    int day_of_year = (153 * m + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

/* What may follow the seconds: nothing, Z, or +HH:MM. Minutes east of UTC. */
static bool zone(const char *p, const char *end, int *east)
{
    int h, m, sign = p < end && *p == '-' ? -1 : 1;
    *east = 0;
    if (p == end || (*p == 'Z' && p + 1 == end))
        return true;
    if ((*p != '+' && *p != '-') || (p++, false))
        return false;
    bool good = number(&p, end, 2, ':', &h) && number(&p, end, 2, 0, &m) && p == end && h < 24 &&
                m < 60;
    *east = good ? sign * (60 * h + m) : 0;
    return good;
}

static bool timestamp(struct str s, int32_t *day, double *second)
{
    s = str_trim(s);
    const char *p = s.p, *end = s.p + s.n;
    int year, month, date, h, m, sec, east;
    if (!number(&p, end, 4, '-', &year) || !number(&p, end, 2, '-', &month) ||
        !number(&p, end, 2, 0, &date) || p == end || (*p != ' ' && *p != 'T'))
        return false;
    p++;
    if (!number(&p, end, 2, ':', &h) || !number(&p, end, 2, ':', &m) ||
        !number(&p, end, 2, 0, &sec))
        return false;
    int64_t ticks = 0, unit = 10000000;
    if (p < end && *p == '.')
        for (p++; p < end && (unsigned)*p - '0' <= 9; p++)
            ticks += (*p - '0') * (unit /= 10);   /* digits beyond 100 ns count nothing */
    if (!zone(p, end, &east) || year < 1970 || year > 9999 || month < 1 || month > 12 ||
        date < 1 || date > month_days(year, month) || h > 23 || m > 59 || sec > 60)
        return false;
    ticks += ((h * 60LL + m - east) * 60 + sec) * 10000000LL;
    *day = unix_day(year, month, date);
    int64_t of_day = (int64_t)DAY_SECONDS * 10000000;
    for (; ticks < 0; ticks += of_day)
        --*day;
    for (; ticks >= of_day; ticks -= of_day)
        ++*day;
    *second = (double)ticks / 1e7;
    return true;
}

static bool tokens_of(struct str s, uint32_t *tokens)
{
    uint64_t x;
    bool good = str_u64(str_trim(s), &x) && x <= UINT32_MAX;
    *tokens = good ? (uint32_t)x : 0;
    return good;
}

static void row(const struct columns *c, bool compat, struct str line, uint32_t at,
                struct row_worker *w, struct rows *r)
{
    (void)compat;              /* the original has no such trace */
    bool quoted;
    const struct str *f = row_split(c, false, line, at, w, r, &quoted);
    struct time_row t = { .key = 0 };
    if (!f)
        return;
    if (!timestamp(f[c->time], &t.day, &t.s))
        row_note(r, INV_TIME, at, f[c->time]);
    else if (!tokens_of(f[c->context], &t.tokens.context))
        row_note(r, INV_TOKENS, at, f[c->context]);
    else if (!tokens_of(f[c->generated], &t.tokens.generated))
        row_note(r, INV_TOKENS, at, f[c->generated]);
    else {
        struct row_key k = { .owner = STR(""), .app = STR(""), .function = str_of(c->name) };
        t.key = row_key_of(w, r, k, false);
        MEM_GROW(r->time, r->n_times, r->time_cap);
        r->time[r->n_times++] = t;
    }
}

const struct invocations_format azure_llm = {
    .name = "azure-llm",
    .alias = "azure_llm",
    .kind = INVOCATIONS_TIMES,
    .tokens = true,
    .dated = true,
    .files = files,
    .header = header,
    .row = row,
};
