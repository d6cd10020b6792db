/* azure_v1.c: Azure Functions 2019. A row is a function's day: three ids, a trigger, and a count
 * for each minute that the header names.
 *
 *     HashOwner,HashApp,HashFunction,Trigger,1,2,...,1440
 *
 * Columns are found by name; a minute's may be called 17 or minute_17, other columns are ignored,
 * and minutes that no column has are 0. Nearly all cells are one digit and most are 0, so where the
 * minutes stand last and in order a row is read along, four zeros at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "trace/invocations_priv.h"

static const char published[] = "invocations_per_function_md.anon.d%02u.csv";
enum { NAMED_DAYS = 99 };      /* two digits */

static char *day_file(const char *folder, unsigned day)
{
    char name[64];
    snprintf(name, sizeof name, published, day);
    return folder_file(folder, name);
}

static unsigned last_day(const char *folder)
{
    for (unsigned d = NAMED_DAYS; d > 0; d--) {
        char *path = day_file(folder, d);
        free(path);
        if (path)
            return d;
    }
    return 0;
}

static bool files(const char *folder, const struct invocations_options *o, char ***paths, size_t *n,
                  struct err *err)
{
    unsigned there = last_day(folder), days = o->days;
    *n = 0;
    if (there == 0)
        return true;
    if (days == 0)
        days = o->compat ? AZURE_DAYS : there;
    *paths = mem_array(days, sizeof **paths);
    for (unsigned d = 1; d <= days; d++) {
        char *path = day_file(folder, d);
        if (!path) {
            char name[64];
            snprintf(name, sizeof name, published, d);
            return err_set(err, EXIT_NOINPUT, "%s/%s: no such file; days d01 to d%02u are asked "
                           "for", folder, name, days);
        }
        (*paths)[(*n)++] = path;
    }
    return true;
}

/* The minute that a column's name means, from 0; DAY_MINUTES: none. */
static uint16_t minute_named(struct str s)
{
    uint64_t m;
    s = str_trim(s);
    if (str_starts(s, "minute_"))
        s = (struct str){ s.p + 7, s.n - 7 };
    bool is = str_u64(s, &m) && m >= 1 && m <= DAY_MINUTES;
    return is ? (uint16_t)(m - 1) : DAY_MINUTES;
}

/* The first column from which minutes ascend to the last one; NO_COLUMN if some stand elsewhere. */
static size_t plain_from(const uint16_t *minute, size_t n)
{
    size_t first = 0;
    while (first < n && minute[first] == DAY_MINUTES)
        first++;
    for (size_t i = first + 1; i < n; i++)
        if (minute[i] == DAY_MINUTES || minute[i] <= minute[i - 1])
            return NO_COLUMN;
    return first < n ? first : NO_COLUMN;
}

static bool header(const struct str *field, size_t n, bool compat, struct columns *c,
                   const char **missing)
{
    bool seen[DAY_MINUTES + 1] = { false };
    size_t minutes = 0;
    c->owner = column_of(field, n, "HashOwner");
    c->app = column_of(field, n, "HashApp");
    c->function = column_of(field, n, "HashFunction");
    c->minute = mem_array(n, sizeof *c->minute);
    for (size_t i = 0; i < n; i++) {
        uint16_t m = c->minute[i] = minute_named(field[i]);
        *missing = "that names a minute once";
        if (m < DAY_MINUTES && seen[m])
            return false;
        minutes += m < DAY_MINUTES;
        seen[m] = true;
    }
    c->first_minute = plain_from(c->minute, n);
    *missing = "HashFunction";
    if (c->function == NO_COLUMN)
        return false;
    *missing = compat ? "for each of the minutes 1 to 1440" : "of a minute, such as 480";
    return compat ? minutes == DAY_MINUTES : minutes > 0;
}

static struct row_key key_of(const struct columns *c, bool compat, const struct str *f)
{
    struct row_key k = { .owner = STR(""), .app = STR(""), .function = f[c->function] };
    if (!compat && c->owner != NO_COLUMN)
        k.owner = f[c->owner];
    if (!compat && c->app != NO_COLUMN)
        k.app = f[c->app];
    return k;
}

static void put_row(struct row_worker *w, struct rows *r, struct row_key k, bool quoted,
                    const struct minutes *m, uint32_t line)
{
    MEM_RESERVE(r->code, r->code_n + MINUTES_CODE_MAX, r->code_cap);
    size_t bytes = minutes_encode(m, r->code + r->code_n);
    MEM_GROW(r->day, r->n_days, r->day_cap);
    r->day[r->n_days++] = (struct day_row){ row_key_of(w, r, k, quoted), line, (uint32_t)bytes,
                                            r->code_n };
    r->code_n += bytes;
}

static bool count_of(struct str cell, bool compat, uint32_t *count)
{
    uint64_t x;
    bool good = str_u64(str_trim(cell), &x) && x <= (compat ? INT32_MAX : UINT32_MAX);
    *count = good ? (uint32_t)x : 0;
    return good;
}

/* A line of any layout. */
static void row_by_fields(const struct columns *c, bool compat, struct str line, uint32_t number,
                          struct row_worker *w, struct rows *r)
{
    bool quoted;
    const struct str *f = row_split(c, compat, line, number, w, r, &quoted);
    if (!f)
        return;
    struct row_key k = key_of(c, compat, f);
    uint32_t dense[DAY_MINUTES] = { 0 };
    if (!row_key_good(&k) && !(compat && k.function.n == 0)) {
        row_note(r, INV_KEY, number, k.function);
        return;
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->minute[i] < DAY_MINUTES && !count_of(f[i], compat, &dense[c->minute[i]])) {
            row_note(r, INV_COUNT, number, f[i]);
            return;
        }
    struct minutes m;
    minutes_of(dense, &m);
    put_row(w, r, k, quoted, &m, number);
}

/* Read the count at p, at most 9 digits; NULL when what stands there is something else. */
static const char *digits(const char *p, const char *end, uint32_t *x)
{
    const char *from = p;
    uint32_t v = 0;
    for (unsigned d; p < end && (d = (unsigned)*p - '0') <= 9 && p - from < 9; p++)
        v = v * 10 + d;
    *x = v;
    return p > from && (p == end || *p == ',') ? p : NULL;
}

/* The cells of a plain line from p on; false: it takes row_by_fields to say what they are. */
static bool read_cells(const struct columns *c, const char *p, const char *end, struct minutes *m)
{
    uint64_t zeros, eight;
    memcpy(&zeros, "0,0,0,0,", sizeof zeros);
    size_t cells = c->n - c->first_minute;
    const uint16_t *minute = c->minute + c->first_minute;
    m->n = 0;
    for (size_t k = 0; k < cells; k++) {
        for (; k + 4 < cells; k += 4, p += 8) {
            memcpy(&eight, p, sizeof eight);
            if (eight != zeros)
                break;
        }
        uint32_t x = (uint32_t)*p - '0';
        if (x <= 9 && p[1] == ',')
            p++;
        else if (!(p = digits(p, end, &x)))
            return false;
        m->at[m->n] = minute[k];
        m->count[m->n] = x;
        m->n += x != 0;
        if (k + 1 < cells && p++ >= end)
            return false;
    }
    return p == end;
}

static void row(const struct columns *c, bool compat, struct str line, uint32_t number,
                struct row_worker *w, struct rows *r)
{
    enum { KEYS = 16 };
    struct str f[KEYS] = { 0 };
    const char *p = line.p, *end = p + line.n;
    struct minutes m;
    size_t ids = c->first_minute;
    bool plain = ids <= KEYS && ids != NO_COLUMN && c->function < ids;
    for (size_t i = 0; plain && i < ids; i++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        plain = comma && *p != '"';
        f[i] = (struct str){ p, comma ? (size_t)(comma - p) : 0 };
        p = comma ? comma + 1 : p;
    }
    plain = plain && p < end && read_cells(c, p, end, &m);
    struct row_key k = plain ? key_of(c, compat, f) : (struct row_key){ .known = 0 };
    if (plain && row_key_good(&k))
        put_row(w, r, k, false, &m, number);
    else
        row_by_fields(c, compat, line, number, w, r);
}

const struct invocations_format azure_v1 = {
    .name = "azure-v1",
    .alias = "azure_v1",
    .kind = INVOCATIONS_COUNTS,
    .pickle = "azure_v1.pkl",
    .files = files,
    .header = header,
    .row = row,
};
