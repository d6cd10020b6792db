/* workbook.c: see the header. libxlsxwriter stamps its zip entries 1980-01-01; the date in the
 * document's properties is the only other clock, and it is set. */
#include "report/workbook.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/version.h"
#include "report/canvas.h"
#include "report/number.h"
#include "report/table.h"

enum { FIRST_ROW = 3 };             /* title, caption, a blank, then the header */

struct book {
    lxw_workbook *w;
    lxw_format *title, *note, *head, *head_right, *text, *key, *wrap, *good, *bad;
};

static lxw_format *format(lxw_workbook *w, bool bold, double size)
{
    lxw_format *f = workbook_add_format(w);
    format_set_font_name(f, "Calibri");
    format_set_font_size(f, size);
    if (bold)
        format_set_bold(f);
    format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
    return f;
}

static void formats(struct book *b)
{
    b->title = format(b->w, true, 14);
    b->note = format(b->w, false, 10);
    format_set_font_color(b->note, 0x595959);
    b->head = format(b->w, true, 11);
    b->head_right = format(b->w, true, 11);
    format_set_align(b->head_right, LXW_ALIGN_RIGHT);
    lxw_format *heads[] = { b->head, b->head_right };
    for (int i = 0; i < 2; i++) {
        format_set_bottom(heads[i], LXW_BORDER_THIN);
        format_set_bg_color(heads[i], 0xEEF3F8);
        format_set_text_wrap(heads[i]);
    }
    b->text = format(b->w, false, 11);
    b->key = format(b->w, true, 11);
    b->wrap = format(b->w, false, 11);
    format_set_text_wrap(b->wrap);
    b->good = format(b->w, false, 11);
    format_set_bg_color(b->good, 0xDDF0E6);
    b->bad = format(b->w, false, 11);
    format_set_bg_color(b->bad, 0xFBE3D6);
}

/* Columns of the sheet that come before grid column k: intervals take two more. */
static lxw_col_t place(const struct grid *g, size_t k)
{
    lxw_col_t at = 0;
    for (size_t i = 0; i < k; i++)
        at = (lxw_col_t)(at + (g->column[i].interval ? 3 : 1));
    return at;
}

static void header(struct book *b, lxw_worksheet *s, const struct grid *g)
{
    struct buf words = { 0 };
    for (size_t k = 0; k < g->cols; k++) {
        const struct grid_column *c = &g->column[k];
        lxw_col_t at = place(g, k);
        worksheet_write_string(s, FIRST_ROW, at, c->header, c->format ? b->head_right : b->head);
        for (int end = 0; c->interval && end < 2; end++) {
            buf_clear(&words);
            buf_printf(&words, "%s, %s", c->header, end ? "high" : "low");
            worksheet_write_string(s, FIRST_ROW, (lxw_col_t)(at + 1 + end), words.p, b->head_right);
        }
    }
    buf_free(&words);
}

static void number(lxw_worksheet *s, lxw_row_t row, lxw_col_t col, double x, lxw_format *f)
{
    if (isfinite(x))
        worksheet_write_number(s, row, col, x, f);
    else
        worksheet_write_blank(s, row, col, f);
}

static lxw_format *number_look(struct book *b, const char *spec, bool bold, bool quiet)
{
    char excel[NUMBER_SIZE];
    lxw_format *f = format(b->w, bold, 11);
    format_set_num_format(f, number_excel(spec, excel));
    if (quiet)
        format_set_font_color(f, 0x7F7F7F);
    return f;
}

static void body(struct book *b, lxw_worksheet *s, const struct grid *g)
{
    for (size_t k = 0; k < g->cols; k++) {
        const struct grid_column *c = &g->column[k];
        lxw_format *plain = NULL, *best = NULL, *end = NULL;
        if (c->format) {
            plain = number_look(b, c->format, false, false);
            best = number_look(b, c->format, true, false);
            end = number_look(b, c->format, false, true);
        }
        lxw_col_t at = place(g, k);
        for (size_t i = 0; i < g->rows; i++) {
            const struct grid_cell *x = &g->cell[i * g->cols + k];
            lxw_row_t row = (lxw_row_t)(FIRST_ROW + 1 + i);
            if (x->text)
                worksheet_write_string(s, row, at, x->text, k ? b->wrap : b->key);
            else
                number(s, row, at, x->x, x->best ? best : plain);
            for (int e = 0; c->interval && e < 2; e++)
                number(s, row, (lxw_col_t)(at + 1 + e), e ? x->hi : x->lo, end);
        }
    }
}

static void widths(lxw_worksheet *s, const struct grid *g)
{
    struct buf b = { 0 };
    for (size_t k = 0; k < g->cols; k++) {
        double w = (double)strlen(g->column[k].header) * 0.8;
        for (size_t i = 0; i < g->rows; i++) {
            const struct grid_cell *c = &g->cell[i * g->cols + k];
            w = fmax(w, c->text ? (double)strlen(c->text) : 8);
        }
        w = fmin(fmax(w + 2, 9), 60);
        lxw_col_t at = place(g, k);
        worksheet_set_column(s, at, at, w, NULL);
        if (g->column[k].interval)
            worksheet_set_column(s, (lxw_col_t)(at + 1), (lxw_col_t)(at + 2), 10, NULL);
    }
    buf_free(&b);
}

/* A native chart below the table, beside nothing that a filter could hide. */
static void chart(struct book *b, lxw_worksheet *s, const struct grid *g)
{
    static const uint8_t type[] = { 0, LXW_CHART_COLUMN, LXW_CHART_LINE, LXW_CHART_SCATTER };
    static const lxw_color_t colors[] = {
        0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9
    };
    if (g->chart == GRID_NO_CHART)
        return;
    lxw_chart *c = workbook_add_chart(b->w, type[g->chart]);
    bool scatter = g->chart == GRID_SCATTER_CHART;
    lxw_col_t x = scatter ? place(g, g->chart_column[0]) : 0;
    lxw_row_t first = FIRST_ROW + 1, last = (lxw_row_t)(FIRST_ROW + g->rows);
    for (size_t i = scatter; i < g->n_chart; i++) {
        lxw_col_t y = place(g, g->chart_column[i]);
        lxw_chart_series *series = chart_add_series(c, NULL, NULL);
        chart_series_set_categories(series, g->sheet, first, x, last, x);
        chart_series_set_values(series, g->sheet, first, y, last, y);
        chart_series_set_name_range(series, g->sheet, FIRST_ROW, y);
        lxw_color_t color = colors[(i - scatter) % 6];
        lxw_chart_fill fill = { .color = color };
        lxw_chart_line line = { .color = color, .width = 1.75 };
        if (g->chart == GRID_COLUMN_CHART)
            chart_series_set_fill(series, &fill);
        else if (g->chart == GRID_LINE_CHART)
            chart_series_set_line(series, &line);
    }
    chart_title_set_name(c, g->title);
    chart_axis_set_name(c->x_axis, g->column[scatter ? g->chart_column[0] : 0].header);
    if (g->n_chart == 1 + (size_t)scatter)
        chart_axis_set_name(c->y_axis, g->column[g->chart_column[scatter]].header);
    chart_legend_set_position(c, g->n_chart > 1 + (size_t)scatter ? LXW_CHART_LEGEND_BOTTOM
                                                                  : LXW_CHART_LEGEND_NONE);
    lxw_chart_options o = { .x_scale = 1.3, .y_scale = 1.2 };
    worksheet_insert_chart_opt(s, (lxw_row_t)(last + 2), 0, c, &o);
}

static void table_sheet(struct book *b, const struct grid *g)
{
    lxw_worksheet *s = workbook_add_worksheet(b->w, g->sheet);
    struct buf words = { 0 };
    buf_printf(&words, "%s%s%s%s", g->title, *g->number ? " (the paper's " : "", g->number,
               *g->number ? ")" : "");
    worksheet_write_string(s, 0, 0, words.p, b->title);
    worksheet_write_string(s, 1, 0, g->caption, b->note);
    buf_free(&words);
    header(b, s, g);
    body(b, s, g);
    widths(s, g);
    worksheet_autofilter(s, FIRST_ROW, 0, (lxw_row_t)(FIRST_ROW + g->rows),
                         (lxw_col_t)(place(g, g->cols) - 1));
    worksheet_freeze_panes(s, FIRST_ROW + 1, 1);
    worksheet_ignore_errors(s, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576");
    worksheet_set_landscape(s);
    worksheet_fit_to_pages(s, 1, 0);
    worksheet_repeat_rows(s, FIRST_ROW, FIRST_ROW);
    chart(b, s, g);
}

static void readme_sheet(struct book *b, const struct workbook_input *in)
{
    lxw_worksheet *s = workbook_add_worksheet(b->w, "README");
    static const char *const words[] = {
        "One sheet a table, made from the CSV files that the experiments wrote; nothing here was "
        "typed.",
        "Columns called \"low\" and \"high\" are the ends of the interval of the column before "
        "them.",
        "An empty cell was not measured or cannot be computed. Bold numbers are the best of their "
        "column.",
    };
    lxw_row_t row = 0;
    worksheet_write_string(s, row++, 0, "Tracewright: tables", b->title);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        worksheet_write_string(s, row++, 0, words[i], b->note);
    row++;
    static const char *const head[] = { "Sheet", "What it shows", "In the paper", "Caption" };
    for (lxw_col_t k = 0; k < 4; k++)
        worksheet_write_string(s, row, k, head[k], b->head);
    for (size_t i = 0; i < in->n; i++) {
        struct buf link = { 0 };
        buf_printf(&link, "internal:'%s'!A1", in->grids[i].sheet);
        row++;
        worksheet_write_url(s, row, 0, link.p, NULL);
        worksheet_write_string(s, row, 0, in->grids[i].sheet, b->key);
        worksheet_write_string(s, row, 1, in->grids[i].title, b->wrap);
        worksheet_write_string(s, row, 2, in->grids[i].number, b->text);
        worksheet_write_string(s, row, 3, in->grids[i].caption, b->wrap);
        buf_free(&link);
    }
    static const double w[] = { 24, 44, 14, 90 };
    for (lxw_col_t k = 0; k < 4; k++)
        worksheet_set_column(s, k, k, w[k], NULL);
}

/* Claims as the CSV has them; the verdict is coloured. */
static bool claims_sheet(struct book *b, const struct workbook_input *in, struct err *err)
{
    char *path = in->claims ? file_join(in->data_dir, in->claims) : NULL;
    struct table t = { 0 };
    bool good = true;
    if (path && (good = table_read(&t, path, err))) {
        lxw_worksheet *s = workbook_add_worksheet(b->w, "Claims");
        for (size_t k = 0; k < t.cols; k++) {
            double w = (double)strlen(t.header[k]) + 3;
            worksheet_write_string(s, 0, (lxw_col_t)k, t.header[k], b->head);
            for (size_t i = 0; i < t.rows; i++) {
                const char *c = table_text(&t, i, k);
                double x;
                lxw_format *f = strcmp(c, "reproduces") == 0 ? b->good
                                : strcmp(c, "broken") == 0   ? b->bad
                                                             : b->wrap;
                if (*c && str_f64(str_of(c), &x) && isfinite(x))
                    worksheet_write_number(s, (lxw_row_t)(i + 1), (lxw_col_t)k, x, b->text);
                else
                    worksheet_write_string(s, (lxw_row_t)(i + 1), (lxw_col_t)k, c, f);
                w = fmax(w, (double)strlen(c) + 2);
            }
            worksheet_set_column(s, (lxw_col_t)k, (lxw_col_t)k, fmin(w, 60), NULL);
        }
        worksheet_autofilter(s, 0, 0, (lxw_row_t)t.rows, (lxw_col_t)(t.cols - 1));
        worksheet_freeze_panes(s, 1, 1);
    }
    table_free(&t);
    free(path);
    return good;
}

struct provenance { struct book *b; lxw_worksheet *s; lxw_row_t row; };

static void pair(struct provenance *p, const char *file, const char *key, const char *value)
{
    worksheet_write_string(p->s, p->row, 0, file, p->b->text);
    worksheet_write_string(p->s, p->row, 1, key, p->b->text);
    worksheet_write_string(p->s, p->row, 2, value, p->b->wrap);
    p->row++;
}

/* What FILE.meta.json says; a CSV may have none. */
static void meta_pairs(struct provenance *p, const char *dir, const char *csv)
{
    struct buf path = { 0 };
    buf_printf(&path, "%s/%s.meta.json", dir, csv);
    json_t *j = json_load_file(path.p, 0, NULL), *v;
    const char *key;
    json_object_foreach(j, key, v) {
        char *dump = json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_SORT_KEYS);
        pair(p, csv, key, dump ? dump : json_string_value(v));
        free(dump);
    }
    json_decref(j);
    buf_free(&path);
}

static void provenance_sheet(struct book *b, const struct workbook_input *in)
{
    static const char *const head[] = { "File", "Key", "Value" };
    struct provenance p = { b, workbook_add_worksheet(b->w, "Provenance"), 1 };
    for (lxw_col_t k = 0; k < 3; k++)
        worksheet_write_string(p.s, 0, k, head[k], b->head);
    pair(&p, "tables.xlsx", "version", version_number);
    pair(&p, "tables.xlsx", "commit", version_commit);
    for (size_t i = 0; i < in->n; i++) {
        size_t j = 0;
        while (j < i && strcmp(in->grids[j].csv, in->grids[i].csv) != 0)
            j++;
        if (j < i)
            continue;
        pair(&p, in->grids[i].csv, "sha256", in->grids[i].sha256);
        meta_pairs(&p, in->data_dir, in->grids[i].csv);
    }
    worksheet_set_column(p.s, 0, 0, 28, NULL);
    worksheet_set_column(p.s, 1, 1, 24, NULL);
    worksheet_set_column(p.s, 2, 2, 80, NULL);
    worksheet_freeze_panes(p.s, 1, 1);
}

static bool sheets_differ(const struct workbook_input *in, struct err *err)
{
    static const char *const ours[] = { "README", "Claims", "Provenance" };
    for (size_t i = 0; i < in->n; i++) {
        bool twice = false;
        for (size_t j = 0; j < i; j++)
            twice = twice || strcmp(in->grids[i].sheet, in->grids[j].sheet) == 0;
        for (int j = 0; j < 3; j++)
            twice = twice || strcmp(in->grids[i].sheet, ours[j]) == 0;
        if (twice)
            return err_set(err, EXIT_DATA, "two sheets are called \"%s\"", in->grids[i].sheet);
    }
    return true;
}

bool workbook_write(const struct workbook_input *in, const char *path, struct err *err)
{
    struct buf aside = { 0 };
    if (!sheets_differ(in, err))
        return false;
    buf_printf(&aside, "%s.tmp.%ld", path, (long)getpid());
    struct book b = { .w = workbook_new(aside.p) };
    lxw_doc_properties p = { .title = "Tracewright: tables",
                             .author = "Tracewright",
                             .comments = (char *)version_commit,
                             .created = canvas_time() };
    workbook_set_properties(b.w, &p);
    formats(&b);
    readme_sheet(&b, in);
    for (size_t i = 0; i < in->n; i++)
        table_sheet(&b, &in->grids[i]);
    bool good = claims_sheet(&b, in, err);
    provenance_sheet(&b, in);
    lxw_error e = workbook_close(b.w);
    if (good && (e != LXW_NO_ERROR || rename(aside.p, path) != 0))
        good = err_set(err, EXIT_IO, "%s: %s", path,
                       e ? lxw_strerror(e) : "cannot be renamed into place");
    if (!good)
        unlink(aside.p);
    buf_free(&aside);
    return good;
}
