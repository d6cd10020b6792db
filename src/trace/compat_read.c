/* compat_read.c: CSV as pandas.read_csv(on_bad_lines="skip") reads it, then the original's row
 * filters. The order of tests only decides the name of the cause: a row lost to one is lost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trace/compat_priv.h"
#include "trace/csv_priv.h"
#include "trace/row_priv.h"

enum { RPCID_MAX = 2048 };     /* bytes; the trie takes space by their square */

struct reading {
    struct compat_table *t;
    struct import_report *rep;
    const char *file;
    struct layout l;
    size_t shift;              /* columns pushed to the right by a wide first line */
    uint64_t rows, floats, nulls;   /* lines kept; rpc ids that read as numbers; null ones */
};

/* pandas 1.5's default NA values. */
static bool is_null(struct str s)
{
    static const char *const na[] = {
        "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null",
    };
    if (s.n == 0)
        return true;
    for (size_t i = 0; s.n <= 8 && i < sizeof na / sizeof *na; i++)
        if (str_is(s, na[i]))
            return true;
    return false;
}

static bool is_unknown(struct str s)
{
    return str_is(s, "UNKNOWN") || str_is(s, "UNAVAILABLE");
}

static bool is_number(struct str s, double *x)
{
    s = str_trim(s);
    return str_f64(s, x) && !isnan(*x);
}

/* Integer part of a finite number that an int64 holds. */
static bool whole(struct str s, int64_t *v)
{
    double x;
    s = str_trim(s);
    if (str_i64(s, v))
        return true;
    if (!is_number(s, &x) || !(fabs(x) < 9.2e18))
        return false;
    *v = (int64_t)x;
    return true;
}

static struct str keep(struct reading *r, const struct csv *c, enum field f, struct str s)
{
    if (!c->quoted[r->l.col[f] + r->shift])
        return s;
    return (struct str){ arena_strndup(r->t->arena, s.p, s.n), s.n };
}

static void drop(struct reading *r, enum import_cause c, uint64_t line, struct str value)
{
    import_report_drop(r->rep, c, 1, 0, r->file, line, value);
}

static enum import_cause filter(const struct str f[FIELDS], struct compat_row *row, enum field *bad)
{
    enum call_type type;
    *bad = FIELD_TYPE;
    if (is_null(f[FIELD_TYPE]) || !call_type_parse(f[FIELD_TYPE], &type))
        return CAUSE_TYPE;
    *bad = FIELD_UM;
    if (is_unknown(f[FIELD_UM]))
        return CAUSE_UM;
    *bad = FIELD_DM;
    if (is_unknown(f[FIELD_DM]))
        return CAUSE_DM;
    *bad = FIELD_RT;
    if (is_null(f[FIELD_RT]))
        return CAUSE_RT;
    if (!whole(f[FIELD_RT], &row->rt))
        return CAUSE_CRASH;
    for (int i = 0; i < FIELD_RT; i++) {
        *bad = (enum field)i;
        if (is_null(f[i]) || !str_utf8(f[i]))
            return CAUSE_CRASH;
    }
    *bad = FIELD_RPCID;
    if (f[FIELD_RPCID].n > RPCID_MAX)
        return CAUSE_RPCID;
    *bad = FIELD_TIMESTAMP;
    return whole(f[FIELD_TIMESTAMP], &row->timestamp) ? IMPORT_CAUSES : CAUSE_CRASH;
}

static void take_row(struct reading *r, const struct csv *c, uint64_t line)
{
    struct str f[FIELDS] = { { NULL, 0 } };
    struct compat_row row = { .line = line };
    enum field bad;
    double x;
    for (int i = 0; i < FIELDS_NEEDED; i++) {
        size_t k = r->l.col[i] + r->shift;
        f[i] = k < c->n ? c->field[k] : (struct str){ "", 0 };
    }
    r->rows++;
    r->nulls += is_null(f[FIELD_RPCID]);
    r->floats += !is_null(f[FIELD_RPCID]) && is_number(f[FIELD_RPCID], &x);
    enum import_cause cause = filter(f, &row, &bad);
    if (cause != IMPORT_CAUSES) {
        drop(r, cause, line, f[bad].n ? f[bad] : str_of(field_names[bad]));
        return;
    }
    row.traceid = keep(r, c, FIELD_TRACEID, f[FIELD_TRACEID]);
    row.service = keep(r, c, FIELD_SERVICE, f[FIELD_SERVICE]);
    row.rpc_id = keep(r, c, FIELD_RPCID, f[FIELD_RPCID]);
    row.type = keep(r, c, FIELD_TYPE, f[FIELD_TYPE]);
    row.um = keep(r, c, FIELD_UM, f[FIELD_UM]);
    row.dm = keep(r, c, FIELD_DM, f[FIELD_DM]);
    MEM_GROW(r->t->rows, r->t->n, r->t->cap);
    r->t->rows[r->t->n++] = row;
}

/* A line of blanks and tabs is no line to pandas. */
static bool is_blank_line(const struct csv *c)
{
    return c->n == 1 && !c->quoted[0] && str_trim(c->field[0]).n == 0;
}

static bool take_record(struct reading *r, const struct csv *c, uint64_t line, bool *header,
                        size_t *before)
{
    const char *missing;
    if (*header) {
        *header = false;
        *before = c->n;
        if (layout_read(&r->l, c->field, c->n, true, &missing))
            return true;
        import_report_drop(r->rep, CAUSE_COLUMNS, 0, 0, r->file, line, str_of(missing));
        return false;
    }
    r->rep->rows_read++;
    if (r->rows == 0 && c->n > *before)
        r->shift = c->n - *before;
    if (c->n > r->l.columns + r->shift)
        drop(r, CAUSE_FIELDS, line, c->field[0]);
    else
        take_row(r, c, line);
    return true;
}

/* All rpc ids of the file are numbers: pandas makes floats of them and the original crashes. */
static void drop_floats(struct reading *r)
{
    if (r->rows == 0 || r->floats + r->nulls < r->rows)
        return;
    for (size_t i = 0; i < r->t->n; i++)
        drop(r, CAUSE_CRASH, r->t->rows[i].line, r->t->rows[i].rpc_id);
    r->t->n = 0;
}

static uint64_t count_lines(const char *p, const char *end)
{
    uint64_t n = 0;
    for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        n++;
    return n;
}

void compat_read(const char *text, size_t n, const char *file, struct compat_table *t,
                 struct import_report *rep)
{
    struct reading r = { .t = t, .rep = rep, .file = file };
    struct csv c = { 0 };
    const char *p = text, *end = text + n, *next;
    uint64_t line = 1;
    bool header = true, good = true;
    size_t before = 0;
    t->n = 0;
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    if (p == end)
        import_report_drop(rep, CAUSE_EMPTY, 0, 0, file, 1, STR("no bytes"));
    for (; good && p < end; line += count_lines(p, next), p = next) {
        if (csv_record(&c, p, end, true, true, &next) == CSV_OPEN) {
            const char *lf = memchr(p, '\n', (size_t)(end - p));
            next = lf ? lf + 1 : end;
            rep->rows_read++;
            drop(&r, CAUSE_QUOTE, line, (struct str){ p, (size_t)(next - p) });
        } else if (!is_blank_line(&c))
            good = take_record(&r, &c, line, &header, &before);
    }
    drop_floats(&r);
    csv_free(&c);
}
