/* table.c: see the header. The text is split once; numbers are read when asked for, so that a
 * column of words costs nothing and an error can name its place. */
#include "report/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct reader {
    struct table *t;
    const char *p, *end;
    size_t line, head;      /* where we are; where the header stood */
    struct buf field;
    const char **row;       /* fields of the current row */
    size_t n, cap;
};

static void end_field(struct reader *r)
{
    MEM_GROW(r->row, r->n, r->cap);
    struct str s = buf_view(&r->field);
    r->row[r->n++] = arena_strndup(r->t->mem, s.p ? s.p : "", s.n);
    buf_clear(&r->field);
}

/* The inside of a quoted field, up to its closing quote. */
static bool quoted(struct reader *r, struct err *err)
{
    size_t opened = r->line;
    for (r->p++; r->p < r->end; r->p++) {
        if (*r->p == '"') {
            if (r->p + 1 == r->end || r->p[1] != '"') {
                r->p++;
                return true;
            }
            r->p++;
        }
        r->line += *r->p == '\n';
        buf_char(&r->field, *r->p);
    }
    return err_set(err, EXIT_DATA, "%s:%zu: a quoted field never ends", r->t->name, opened);
}

/* One row into r->row; an empty line gives n = 0. */
static bool read_row(struct reader *r, struct err *err)
{
    r->n = 0;
    bool any = false;
    while (r->p < r->end) {
        char c = *r->p;
        if (c == '"' && r->field.n == 0) {
            if (!quoted(r, err))
                return false;
            any = true;
            if (r->p < r->end && !strchr(",\r\n", *r->p))
                return err_set(err, EXIT_DATA, "%s:%zu: '%c' after a closing quote", r->t->name,
                               r->line, *r->p);
            continue;
        }
        r->p++;
        if (c == '\r' && (r->p == r->end || *r->p == '\n'))
            continue;
        if (c == '\n') {
            r->line++;
            break;
        }
        any = true;
        if (c == ',')
            end_field(r);
        else if (c == '\0')
            return err_set(err, EXIT_DATA, "%s:%zu: a NUL byte: not a CSV file", r->t->name,
                           r->line);
        else
            buf_char(&r->field, c);
    }
    if (any)
        end_field(r);
    return true;
}

static bool take_header(struct reader *r, struct err *err)
{
    struct table *t = r->t;
    t->cols = r->n;
    t->header = ARENA_ARRAY(t->mem, r->n, const char *);
    for (size_t i = 0; i < r->n; i++) {
        t->header[i] = r->row[i];
        if (!*r->row[i])
            return err_set(err, EXIT_DATA, "%s:%zu: column %zu has no name", t->name, r->head,
                           i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(r->row[i], r->row[j]) == 0)
                return err_set(err, EXIT_DATA, "%s:%zu: two columns are called \"%s\"", t->name,
                               r->head, r->row[i]);
    }
    return true;
}

static bool take_rows(struct reader *r, struct err *err)
{
    struct table *t = r->t;
    const char **cell = NULL;
    size_t cells = 0, cap = 0, *line = NULL, line_cap = 0;
    bool good = true;
    while (good && r->p < r->end) {
        size_t at = r->line;
        good = read_row(r, err);
        if (!good || r->n == 0)
            continue;
        if (r->n != t->cols) {
            good = err_set(err, EXIT_DATA, "%s:%zu: %zu fields where the header has %zu", t->name,
                           at, r->n, t->cols);
            continue;
        }
        MEM_RESERVE(cell, cells + r->n, cap);
        memcpy(cell + cells, r->row, r->n * sizeof *cell);
        cells += r->n;
        MEM_GROW(line, t->rows, line_cap);
        line[t->rows++] = at;
    }
    t->cell = ARENA_ARRAY(t->mem, cells + 1, const char *);
    t->line = ARENA_ARRAY(t->mem, t->rows + 1, size_t);
    if (cells) {
        memcpy(t->cell, cell, cells * sizeof *cell);
        memcpy(t->line, line, t->rows * sizeof *line);
    }
    free(cell);
    free(line);
    return good;
}

bool table_parse(struct table *t, const char *name, struct str text, struct err *err)
{
    *t = (struct table){ .mem = arena_new() };
    t->name = arena_strndup(t->mem, name, strlen(name));
    struct reader r = { .t = t, .p = text.p, .end = text.p + text.n, .line = 1 };
    if (!str_utf8(text) && memchr(text.p ? text.p : "", 0, text.n) == NULL && text.n)
        return err_set(err, EXIT_DATA, "%s: not UTF-8 text", name);
    if (str_starts(text, "\xEF\xBB\xBF"))
        r.p += 3;
    bool good = true;
    while (good && r.n == 0 && r.p < r.end) {
        r.head = r.line;
        good = read_row(&r, err);
    }
    if (good && r.n == 0)
        good = err_set(err, EXIT_DATA, "%s: empty, not even a header line", name);
    good = good && take_header(&r, err) && take_rows(&r, err);
    buf_free(&r.field);
    free(r.row);
    return good;
}

bool table_read(struct table *t, const char *path, struct err *err)
{
    struct buf b = { 0 };
    *t = (struct table){ 0 };
    bool good = file_read(path, &b, err) && table_parse(t, path, buf_view(&b), err);
    buf_free(&b);
    return good;
}

void table_free(struct table *t)
{
    arena_free(t->mem);
    *t = (struct table){ 0 };
}

bool table_has(const struct table *t, const char *name)
{
    for (size_t i = 0; i < t->cols; i++)
        if (strcmp(t->header[i], name) == 0)
            return true;
    return false;
}

bool table_col(const struct table *t, const char *name, size_t *col, struct err *err)
{
    for (*col = 0; *col < t->cols; ++*col)
        if (strcmp(t->header[*col], name) == 0)
            return true;
    struct buf b = { 0 };
    for (size_t i = 0; i < t->cols; i++)
        buf_printf(&b, "%s%s", i ? ", " : "", t->header[i]);
    err_set(err, EXIT_DATA, "%s: no column \"%s\" among %s", t->name, name, b.p);
    buf_free(&b);
    return false;
}

const char *table_text(const struct table *t, size_t row, size_t col)
{
    REQUIRE(row < t->rows && col < t->cols);
    return t->cell[row * t->cols + col];
}

bool table_number(const struct table *t, size_t row, size_t col, double *x, struct err *err)
{
    const char *s = table_text(t, row, col);
    *x = NAN;
    if (!*s || strcmp(s, "n/a") == 0 || strcmp(s, "NA") == 0)
        return true;
    if (str_f64(str_of(s), x))
        return true;
    return err_set(err, EXIT_DATA, "%s:%zu: %s \"%s\" is not a number", t->name, t->line[row],
                   t->header[col], s);
}

/* One term of a condition: does it hold for this word? */
static bool holds(struct str values, const char *word)
{
    struct str v;
    if (values.n == 0)
        return !*word;
    while (str_next(&values, '|', &v))
        if (str_is(str_trim(v), word))
            return true;
    return false;
}

bool table_where(const struct table *t, const char *condition, size_t **rows, size_t *n,
                 struct err *err)
{
    *rows = ARENA_ARRAY(t->mem, t->rows + 1, size_t);
    *n = 0;
    for (size_t i = 0; i < t->rows; i++)
        (*rows)[(*n)++] = i;
    struct str rest = str_of(condition ? condition : ""), term;
    while (str_next(&rest, ',', &term)) {
        term = str_trim(term);
        if (term.n == 0)
            continue;
        const char *eq = memchr(term.p, '=', term.n);
        if (!eq || eq == term.p)
            return err_set(err, EXIT_DATA, "condition \"%s\": \"%.*s\" is not column=value",
                           condition, (int)term.n, term.p);
        bool want = eq[-1] != '!';
        struct str key = str_trim((struct str){ term.p, (size_t)(eq - term.p) - !want });
        struct str value = str_trim((struct str){ eq + 1, (size_t)(term.p + term.n - eq) - 1 });
        size_t col, kept = 0;
        if (!table_col(t, arena_strndup(t->mem, key.p, key.n), &col, err))
            return false;
        for (size_t i = 0; i < *n; i++)
            if (holds(value, table_text(t, (*rows)[i], col)) == want)
                (*rows)[kept++] = (*rows)[i];
        *n = kept;
    }
    return true;
}

/* Whether word is among list[0..n). */
static bool listed(const char **list, size_t n, const char *word)
{
    size_t i = 0;
    while (i < n && strcmp(list[i], word) != 0)
        i++;
    return i < n;
}

size_t table_distinct(const struct table *t, size_t col, const size_t *rows, size_t n,
                      const char ***words)
{
    *words = ARENA_ARRAY(t->mem, n + 1, const char *);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const char *w = table_text(t, rows[i], col);
        if (!listed(*words, found, w))
            (*words)[found++] = w;
    }
    return found;
}

size_t table_ordered(const struct table *t, size_t col, const size_t *rows, size_t n,
                     const char **wanted, size_t n_wanted, const char ***words)
{
    const char **found;
    size_t n_found = table_distinct(t, col, rows, n, &found), kept = 0;
    *words = ARENA_ARRAY(t->mem, n_found + 1, const char *);
    for (size_t i = 0; i < n_wanted; i++)
        if (listed(found, n_found, wanted[i]) && !listed(*words, kept, wanted[i]))
            (*words)[kept++] = wanted[i];
    for (size_t i = 0; i < n_found; i++)
        if (!listed(*words, kept, found[i]))
            (*words)[kept++] = found[i];
    return kept;
}
