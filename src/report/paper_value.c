/* paper_value.c: the inline directives: numbers looked up, never typed. See paper.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/number.h"
#include "report/paper_priv.h"

static bool bad(const struct paper *p, size_t line, struct err *err, const char *why,
                struct str words)
{
    return err_set(err, EXIT_DATA, "%s:%zu: {{%.*s}}: %s", p->name, line,
                   (int)(words.n < 200 ? words.n : 200), words.p, why);
}

static bool open_table(struct paper *p, struct str name, const struct table **t, struct err *err)
{
    char *file = mem_strndup(name.p, name.n), *path = file_join(p->o->data_dir, file);
    size_t i = 0;
    while (i < p->n_tables && strcmp(p->tables[i].name, path) != 0)
        i++;
    bool good = true;
    if (i == p->n_tables) {
        struct table read;
        good = table_read(&read, path, err);
        if (good) {
            MEM_GROW(p->tables, p->n_tables, p->table_cap);
            p->tables[p->n_tables++] = read;
        } else {
            table_free(&read);
        }
    }
    if (good)
        *t = &p->tables[i];
    free(file);
    free(path);
    return good;
}

/* FILE:ROW -> the table and its rows. */
static bool choose(struct paper *p, struct str *rest, const struct table **t, size_t **rows,
                   size_t *n, struct err *err)
{
    struct str file, row;
    if (!str_next(rest, ':', &file) || !str_next(rest, ':', &row))
        return err_set(err, EXIT_DATA, "say FILE:ROW");
    char *condition = mem_strndup(row.p, row.n);
    bool good = open_table(p, str_trim(file), t, err) && table_where(*t, condition, rows, n, err);
    free(condition);
    return good;
}

static bool one_row(struct paper *p, struct str *rest, const struct table **t, size_t *row,
                    struct err *err)
{
    size_t *rows, n;
    if (!choose(p, rest, t, &rows, &n, err))
        return false;
    if (n != 1)
        return err_set(err, EXIT_DATA, "%zu rows of %s match, not one", n, (*t)->name);
    *row = rows[0];
    return true;
}

static bool number_at(const struct table *t, size_t row, struct str column, double *x,
                      struct err *err)
{
    char *name = mem_strndup(column.p, column.n);
    size_t col;
    bool good = table_col(t, name, &col, err) && table_number(t, row, col, x, err);
    free(name);
    return good;
}

/* The number as words; "?" before the format lets n/a pass. */
static bool say(double x, struct str format, struct buf *out, struct err *err)
{
    char f[32], words[NUMBER_SIZE];
    bool may_lack = format.n && format.p[0] == '?';
    format = (struct str){ format.p + may_lack, format.n - may_lack };
    snprintf(f, sizeof f, "%.*s", (int)(format.n < 31 ? format.n : 31), format.p);
    if (!number_format_known(f))
        return err_set(err, EXIT_DATA, "no format \"%s\" (0.00, 0.0%%, #,##0, g3, x0.0, text)", f);
    if (isnan(x) && !may_lack)
        return err_set(err, EXIT_DATA,
                       "the data say n/a (a format that begins with ? lets that pass)");
    number_write(x, f, words);
    buf_str(out, words);
    return true;
}

/* Text from a table must not become Markdown. */
static void escape(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (strchr("\\`*_{}[]<>()#+-!|~$", *s))
            buf_char(out, '\\');
        buf_char(out, *s);
    }
}

static bool value(struct paper *p, struct str rest, struct buf *out, struct err *err)
{
    const struct table *t;
    size_t row = 0, col;
    struct str column;
    double x;
    if (!one_row(p, &rest, &t, &row, err))
        return false;
    if (!str_next(&rest, ':', &column) || rest.n == 0)
        return err_set(err, EXIT_DATA, "say FILE:ROW:COLUMN:FORMAT");
    if (str_is(rest, "text")) {
        char *name = mem_strndup(column.p, column.n);
        bool good = table_col(t, name, &col, err);
        if (good)
            escape(out, table_text(t, row, col));
        free(name);
        return good;
    }
    return number_at(t, row, column, &x, err) && say(x, rest, out, err);
}

static bool interval(struct paper *p, struct str rest, struct buf *out, struct err *err)
{
    const struct table *t;
    size_t row = 0;
    double lo, hi;
    if (!one_row(p, &rest, &t, &row, err))
        return false;
    if (!number_at(t, row, STR("lo"), &lo, err) || !number_at(t, row, STR("hi"), &hi, err))
        return false;
    buf_str(out, "\\[");
    if (!say(lo, rest, out, err))
        return false;
    buf_str(out, ", ");
    if (!say(hi, rest, out, err))
        return false;
    buf_str(out, "\\]");
    return true;
}

static bool count(struct paper *p, struct str rest, struct buf *out, struct err *err)
{
    const struct table *t;
    size_t *rows, n;
    if (!choose(p, &rest, &t, &rows, &n, err))
        return false;
    return say((double)n, STR("#,##0"), out, err);
}

static bool ratio(struct paper *p, struct str rest, struct buf *out, struct err *err)
{
    const struct table *t;
    size_t row = 0;
    double x[2] = { NAN, NAN };
    struct str column;
    size_t cut = 0;
    while (cut + 3 <= rest.n && memcmp(rest.p + cut, " / ", 3) != 0)
        cut++;
    if (cut + 3 > rest.n)
        return err_set(err, EXIT_DATA, "say FILE:ROW:COLUMN / FILE:ROW:COLUMN:FORMAT");
    struct str side[2] = { { rest.p, cut }, { rest.p + cut + 3, rest.n - cut - 3 } };
    for (int i = 0; i < 2; i++)
        if (!one_row(p, &side[i], &t, &row, err) || !str_next(&side[i], ':', &column) ||
            !number_at(t, row, str_trim(column), &x[i], err))
            return err->msg[0] ? false : err_set(err, EXIT_DATA, "say FILE:ROW:COLUMN");
    return say(x[1] != 0 ? x[0] / x[1] : NAN, side[1], out, err);
}

void paper_float_label(const struct paper_float *f, char out[32])
{
    snprintf(out, 32, "%s\xC2\xA0%zu", f->is_table ? "Table" : "Figure", f->number);
}

static bool reference(struct paper *p, struct str name, struct buf *out, struct err *err)
{
    for (size_t i = 0; i < p->n_floats; i++)
        if (str_is(name, p->floats[i].name)) {
            char label[32];
            paper_float_label(&p->floats[i], label);
            buf_printf(out, "[%s](#%s-%s)", label, p->floats[i].is_table ? "table" : "figure",
                       p->floats[i].name);
            return true;
        }
    for (size_t i = 0; i < p->n_headings; i++)
        if (str_is(name, p->headings[i].slug)) {
            const struct paper_heading *h = &p->headings[i];
            buf_printf(out, "[Section\xC2\xA0%s](#%s)", *h->number ? h->number : h->words, h->slug);
            return true;
        }
    return err_set(err, EXIT_DATA, "no figure, table or section has this name");
}

bool paper_directive(struct paper *p, struct str words, size_t line, struct buf *out,
                     struct err *err)
{
    static const struct {
        const char *name;
        bool (*fn)(struct paper *, struct str, struct buf *, struct err *);
    } known[] = {
        { "value", value }, { "interval", interval }, { "count", count },
        { "ratio", ratio }, { "ref", reference },
    };
    struct str rest = str_trim(words), name;
    struct err why = { 0 };
    if (!str_next(&rest, ' ', &name))
        return bad(p, line, err, "empty", words);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(name, known[i].name)) {
            if (known[i].fn(p, str_trim(rest), out, &why))
                return true;
            bad(p, line, err, why.msg, words);
            if (err)
                err->status = why.status ? why.status : EXIT_DATA;
            return false;
        }
    if (str_is(name, "figure") || str_is(name, "table"))
        return bad(p, line, err, "stands on a line of its own", words);
    return bad(p, line, err,
               "unknown directive (figure, table, value, interval, count, ratio, ref)", words);
}
