/* grid.c: see the header for the format. */
#include "report/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "report/number.h"
#include "report/spec.h"
#include "report/table.h"

struct reading {
    struct grid *g;
    struct spec s;
    struct table t;
    const size_t *rows;
    size_t n, n_specs;
    size_t lo[64], hi[64];          /* columns of the interval, where there is one */
};

enum { MOST_COLUMNS = 64 };

static const char *keep(struct grid *g, const char *s)
{
    return arena_strndup(g->mem, s, strlen(s));
}

/* "a | b | c" cut at bars; n fields at most. */
static size_t fields(struct arena *mem, const char *text, const char **f, size_t n)
{
    struct str rest = str_of(text), piece;
    size_t k = 0;
    while (k < n && str_next(&rest, '|', &piece)) {
        piece = str_trim(piece);
        f[k++] = arena_strndup(mem, piece.p, piece.n);
    }
    return rest.n ? n + 1 : k;
}

static bool one_column(struct reading *r, const char *text, struct err *err)
{
    struct grid *g = r->g;
    const char *f[5] = { 0 };
    size_t n = fields(g->mem, text, f, 5), k = g->cols;
    if (n == 0 || n > 5 || !*f[0])
        return spec_bad(&r->s, 0, "column", err, "say SOURCE | Header | format | best | lo hi");
    if (k == MOST_COLUMNS)
        return spec_bad(&r->s, 0, "column", err, "more than 64 columns");
    struct grid_column *c = &g->column[k];
    *c = (struct grid_column){ .source = f[0], .header = n > 1 && *f[1] ? f[1] : f[0] };
    if (n > 2 && *f[2] && strcmp(f[2], "text") != 0) {
        if (!number_format_known(f[2]))
            return err_set(err, EXIT_DATA,
                           "%s: column %s: no format \"%s\" (0.00, 0.0%%, #,##0, g3, text)",
                           r->s.name, f[0], f[2]);
        c->format = f[2];
    }
    if (n > 3 && *f[3] && strcmp(f[3], "-") != 0) {
        c->best = strcmp(f[3], "low") == 0 ? -1 : strcmp(f[3], "high") == 0;
        if (!c->best || !c->format)
            return err_set(err, EXIT_DATA, "%s: column %s: best is low or high, of a number",
                           r->s.name, f[0]);
    }
    if (n > 4 && *f[4]) {
        struct str rest = str_of(f[4]), lo, hi;
        if (!str_next(&rest, ' ', &lo) || !(hi = str_trim(rest)).n || !c->format)
            return err_set(err, EXIT_DATA, "%s: column %s: name two columns, lo and hi", r->s.name,
                           f[0]);
        c->interval = true;
        if (!table_col(&r->t, arena_strndup(g->mem, lo.p, lo.n), &r->lo[k], err) ||
            !table_col(&r->t, arena_strndup(g->mem, hi.p, hi.n), &r->hi[k], err))
            return err_add(err, "%s: column %s", r->s.name, f[0]);
    }
    g->cols++;
    return true;
}

/* Rows of the CSV (or words of the key column) in the order asked for. */
static size_t arrange(struct reading *r, size_t col, const char ***words)
{
    const char **wanted;
    size_t n = spec_list(&r->s, 0, "order", &wanted);
    return table_ordered(&r->t, col, r->rows, r->n, wanted, n, words);
}

static bool read_cell(struct reading *r, size_t row, size_t col, size_t lo, size_t hi,
                      const struct grid_column *c, struct grid_cell *out, struct err *err)
{
    *out = (struct grid_cell){ NULL, NAN, NAN, NAN, false };
    if (!c->format) {
        out->text = keep(r->g, table_text(&r->t, row, col));
        return true;
    }
    bool good = table_number(&r->t, row, col, &out->x, err);
    if (good && c->interval)
        good = table_number(&r->t, row, lo, &out->lo, err) &&
               table_number(&r->t, row, hi, &out->hi, err);
    return good || err_add(err, "%s", r->s.name);
}

static bool flat(struct reading *r, struct err *err)
{
    struct grid *g = r->g;
    size_t col[MOST_COLUMNS], at = 0;
    const char **words;
    for (size_t k = 0; k < g->cols; k++)
        if (!table_col(&r->t, g->column[k].source, &col[k], err))
            return err_add(err, "%s: column", r->s.name);
    size_t n = arrange(r, col[0], &words);
    g->rows = r->n;
    g->cell = ARENA_ARRAY(g->mem, g->rows * g->cols + 1, struct grid_cell);
    for (size_t w = 0; w < n; w++)
        for (size_t i = 0; i < r->n; i++) {
            if (strcmp(table_text(&r->t, r->rows[i], col[0]), words[w]) != 0)
                continue;
            for (size_t k = 0; k < g->cols; k++)
                if (!read_cell(r, r->rows[i], col[k], r->lo[k], r->hi[k], &g->column[k],
                               &g->cell[at * g->cols + k], err))
                    return false;
            at++;
        }
    return true;
}

/* The one row with this key and this pivot word; absent cells stay n/a. */
static bool pivot_cell(struct reading *r, size_t key, size_t pivot, const char *word, size_t value,
                       size_t lo, size_t hi, size_t k, size_t row, struct err *err)
{
    struct grid *g = r->g;
    struct grid_cell *out = &g->cell[row * g->cols + k];
    bool seen = false;
    *out = (struct grid_cell){ g->column[k].format ? NULL : "n/a", NAN, NAN, NAN, false };
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(table_text(&r->t, r->rows[i], key), word) != 0 ||
            strcmp(table_text(&r->t, r->rows[i], pivot), g->column[k].source) != 0)
            continue;
        if (seen)
            return err_set(err, EXIT_DATA,
                           "%s:%zu: a second row for %s, %s (where = ... chooses rows)", r->t.name,
                           r->t.line[r->rows[i]], word, g->column[k].source);
        seen = true;
        if (!read_cell(r, r->rows[i], value, lo, hi, &g->column[k], out, err))
            return false;
    }
    return true;
}

static bool wide(struct reading *r, const char *pivot, struct err *err)
{
    struct grid *g = r->g;
    const char *rows, *value, *lo = spec_text(&r->s, 0, "lo", ""),
                              *hi = spec_text(&r->s, 0, "hi", "");
    size_t pivot_col, key, value_col, lo_col = 0, hi_col = 0;
    if (!spec_need(&r->s, 0, "rows", &rows, err) || !spec_need(&r->s, 0, "value", &value, err) ||
        !table_col(&r->t, pivot, &pivot_col, err) || !table_col(&r->t, rows, &key, err) ||
        !table_col(&r->t, value, &value_col, err) || (*lo && !table_col(&r->t, lo, &lo_col, err)) ||
        (*hi && !table_col(&r->t, hi, &hi_col, err)))
        return err_add(err, "%s: pivot", r->s.name);
    const char **found, **words;
    size_t n_found = table_distinct(&r->t, pivot_col, r->rows, r->n, &found);
    memmove(g->column + 1, g->column, g->cols * sizeof *g->column);
    g->column[0] = (struct grid_column){
        .source = keep(g, rows), .header = keep(g, spec_text(&r->s, 0, "rowheader", rows))
    };
    g->cols++;
    for (size_t k = 1; k < g->cols; k++) {
        bool there = false;
        for (size_t i = 0; i < n_found; i++)
            there = there || strcmp(found[i], g->column[k].source) == 0;
        if (!there)
            return err_set(err, EXIT_DATA, "%s: column %s: no row of %s has it as its %s",
                           r->s.name, g->column[k].source, r->t.name, pivot);
        g->column[k].interval = *lo && *hi && g->column[k].format;
    }
    g->rows = arrange(r, key, &words);
    g->cell = ARENA_ARRAY(g->mem, g->rows * g->cols + 1, struct grid_cell);
    for (size_t i = 0; i < g->rows; i++) {
        g->cell[i * g->cols] = (struct grid_cell){ keep(g, words[i]), NAN, NAN, NAN, false };
        for (size_t k = 1; k < g->cols; k++)
            if (!pivot_cell(r, key, pivot_col, words[i], value_col, lo_col, hi_col, k, i, err))
                return false;
    }
    return true;
}

/* Equal after rounding is equally good. */
static void mark_best(struct reading *r)
{
    struct grid *g = r->g;
    const char **out;
    size_t n_out = spec_list(&r->s, 0, "unranked", &out);
    bool *ranked = ARENA_ARRAY(g->mem, g->rows + 1, bool);
    for (size_t i = 0; i < g->rows; i++) {
        ranked[i] = true;
        for (size_t j = 0; j < n_out && g->cell[i * g->cols].text; j++)
            ranked[i] = ranked[i] && strcmp(g->cell[i * g->cols].text, out[j]) != 0;
    }
    for (size_t k = 0; k < g->cols; k++) {
        const struct grid_column *c = &g->column[k];
        double best = NAN;
        for (size_t i = 0; c->best && i < g->rows; i++) {
            double x = g->cell[i * g->cols + k].x;
            if (ranked[i] && !isnan(x) && (isnan(best) || x * c->best > best * c->best))
                best = x;
        }
        char a[NUMBER_SIZE], b[NUMBER_SIZE];
        for (size_t i = 0; !isnan(best) && i < g->rows; i++) {
            number_write(best, c->format, a);
            number_write(g->cell[i * g->cols + k].x, c->format, b);
            g->cell[i * g->cols + k].best = ranked[i] && strcmp(a, b) == 0;
        }
    }
}

static bool read_chart(struct reading *r, struct err *err)
{
    static const char *const kinds[] = { "none", "column", "line", "scatter" };
    struct grid *g = r->g;
    struct str rest = str_of(spec_text(&r->s, 0, "chart", "")), kind, word;
    g->chart_column = ARENA_ARRAY(g->mem, g->cols + 1, size_t);
    if (rest.n == 0)
        return true;
    str_next(&rest, ':', &kind);
    int c = 1;
    while (c < 4 && !str_is(str_trim(kind), kinds[c]))
        c++;
    if (c == 4)
        return spec_bad(&r->s, 0, "chart", err, "begins with column:, line: or scatter:");
    while (str_next(&rest, ',', &word)) {
        size_t k = 0;
        word = str_trim(word);
        while (k < g->cols && !str_is(word, g->column[k].header))
            k++;
        if (k == g->cols || !g->column[k].format || g->n_chart == g->cols)
            return spec_bad(&r->s, 0, "chart", err, "names the header of no column of numbers");
        g->chart_column[g->n_chart++] = k;
    }
    g->chart = (enum grid_chart)c;
    if (g->n_chart < (g->chart == GRID_SCATTER_CHART ? 2u : 1u))
        return spec_bad(&r->s, 0, "chart", err, "needs columns (scatter: x and at least one y)");
    return true;
}

static bool head(struct reading *r, const char *path, struct err *err)
{
    struct grid *g = r->g;
    const char *title, *caption, *base = file_base(path), *dot = strrchr(base, '.');
    if (!spec_need(&r->s, 0, "title", &title, err) ||
        !spec_need(&r->s, 0, "caption", &caption, err))
        return false;
    g->name = arena_strndup(g->mem, base, dot ? (size_t)(dot - base) : strlen(base));
    g->title = keep(g, title);
    g->caption = keep(g, caption);
    g->number = keep(g, spec_text(&r->s, 0, "number", ""));
    g->sheet = keep(g, spec_text(&r->s, 0, "sheet", g->name));
    if (strlen(g->sheet) > 31 || strpbrk(g->sheet, "[]:*?/\\"))
        return err_set(err, EXIT_DATA, "%s: sheet \"%s\": at most 31 characters, none of []:*?/\\",
                       r->s.name, g->sheet);
    return true;
}

static bool load(struct reading *r, const char *path, const char *dir, struct err *err)
{
    const char *csv, *c;
    size_t *rows;
    char hex[SHA256_HEX];
    if (!spec_read(&r->s, path, err) || !head(r, path, err) ||
        !spec_need(&r->s, 0, "csv", &csv, err))
        return false;
    char *file = file_join(dir, csv);
    bool good = table_read(&r->t, file, err) && hash_sha256_file(file, hex, err);
    free(file);
    if (!good)
        return false;
    r->g->csv = keep(r->g, csv);
    r->g->sha256 = keep(r->g, hex);
    if (!table_where(&r->t, spec_text(&r->s, 0, "where", ""), &rows, &r->n, err))
        return err_add(err, "%s: where", r->s.name);
    r->rows = rows;
    if (r->n == 0)
        return spec_bad(&r->s, 0, "where", err, "no row of the CSV is left");
    r->g->column = ARENA_ARRAY(r->g->mem, MOST_COLUMNS + 1, struct grid_column);
    for (size_t k = 0; (c = spec_nth(&r->s, 0, "column", k)); k++)
        if (!one_column(r, c, err))
            return false;
    const char *pivot = spec_text(&r->s, 0, "pivot", "");
    if (r->g->cols == 0)
        return spec_bad(&r->s, 0, "column", err, "is needed");
    return *pivot ? wide(r, pivot, err) : flat(r, err);
}

/* Readers see labels; order and pivot saw raw words. */
static void relabel(struct reading *r)
{
    struct grid *g = r->g;
    for (size_t i = 0; i < g->rows * g->cols; i++)
        if (g->cell[i].text)
            g->cell[i].text = keep(g, spec_map(&r->s, 0, "labels", g->cell[i].text));
}

bool grid_read(struct grid *g, const char *spec_path, const char *data_dir, struct err *err)
{
    *g = (struct grid){ .mem = arena_new() };
    struct reading *r = mem_alloc(sizeof *r);
    r->g = g;
    bool good = load(r, spec_path, data_dir, err) && read_chart(r, err);
    if (good) {
        mark_best(r);
        relabel(r);
        good = spec_done(&r->s, err);
    }
    spec_free(&r->s);
    table_free(&r->t);
    free(r);
    return good;
}

void grid_free(struct grid *g)
{
    arena_free(g->mem);
    *g = (struct grid){ 0 };
}

void grid_words(const struct grid *g, size_t row, size_t col, struct buf *out)
{
    const struct grid_cell *c = &g->cell[row * g->cols + col];
    const struct grid_column *k = &g->column[col];
    char x[NUMBER_SIZE], lo[NUMBER_SIZE], hi[NUMBER_SIZE];
    if (c->text) {
        buf_str(out, *c->text ? c->text : "");
        return;
    }
    number_write(c->x, k->format, x);
    buf_str(out, x);
    if (!k->interval || isnan(c->x) || (isnan(c->lo) && isnan(c->hi)))
        return;
    number_write(c->lo, k->format, lo);
    number_write(c->hi, k->format, hi);
    buf_printf(out, " [%s, %s]", lo, hi);
}
