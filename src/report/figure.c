/* figure.c: the head of a figure, its panels and facets. See figure.h for the format. */
#include "report/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/version.h"
#include "report/canvas.h"
#include "report/figure_priv.h"
#include "report/number.h"
#include "report/style.h"

static const char *const kinds[] = { "cdf",    "ccdf", "line", "scatter", "bar",
                                     "points", "box",  "heat", "tree",    NULL };
static const enum plot_kind drawn_as[] = { PLOT_STEP,    PLOT_STEP, PLOT_LINE,
                                           PLOT_SCATTER, PLOT_BAR,  PLOT_POINTS,
                                           PLOT_BOX,     PLOT_HEAT, PLOT_TREE };

struct builder {
    struct figure *f;
    struct spec *s;
    const char *dir;
    struct table *tables;           /* one per input of the figure */
    size_t n_tables, table_cap, input_cap;
    struct plot_panel *panels;
    size_t n_panels, panel_cap;
    struct buf provenance;
};

size_t figure_section_of(struct figure_panel *p, const char *key)
{
    return spec_text(p->s, p->section, key, NULL) ? p->section : 0;
}

const char *figure_key(struct figure_panel *p, const char *key, const char *standard)
{
    return spec_text(p->s, figure_section_of(p, key), key, standard);
}

static bool open_table(struct builder *b, const char *name, size_t *index, struct err *err)
{
    for (*index = 0; *index < b->n_tables; ++*index)
        if (strcmp(b->f->inputs[*index], name) == 0)
            return true;
    char *path = file_join(b->dir, name), hex[SHA256_HEX];
    struct table t;
    bool good = table_read(&t, path, err) && hash_sha256_file(path, hex, err);
    free(path);
    if (!good) {
        table_free(&t);
        return false;
    }
    MEM_GROW(b->tables, b->n_tables, b->table_cap);
    MEM_GROW(b->f->inputs, b->n_tables, b->input_cap);
    b->tables[b->n_tables] = t;
    b->f->inputs[b->n_tables++] = arena_strndup(b->f->mem, name, strlen(name));
    b->f->n_inputs = b->n_tables;
    buf_printf(&b->provenance, "; %s sha256 %.16s", name, hex);
    return true;
}

static bool axis(struct figure_panel *p, char letter, struct plot_axis *a, struct err *err)
{
    char key[16];
    struct {
        const char *suffix;
        bool *flag;
    } flags[] = { { "log", &a->log }, { "percent", &a->percent } };
    struct { const char *suffix; double *end; } ends[] = { { "min", &a->lo }, { "max", &a->hi } };
    snprintf(key, sizeof key, "%clabel", letter);
    const char *label = figure_key(p, key, "");
    a->label = arena_strndup(p->f->mem, label, strlen(label));
    for (int i = 0; i < 2; i++) {
        snprintf(key, sizeof key, "%c%s", letter, flags[i].suffix);
        if (!spec_flag(p->s, figure_section_of(p, key), key, flags[i].flag, err))
            return false;
        snprintf(key, sizeof key, "%c%s", letter, ends[i].suffix);
        if (!spec_real(p->s, figure_section_of(p, key), key, NAN, ends[i].end, err))
            return false;
    }
    if (a->lo >= a->hi)
        return spec_bad(p->s, figure_section_of(p, key), key, err,
                        "the axis ends before it begins");
    return true;
}

static bool reference_lines(struct figure_panel *p, struct plot_panel *out, struct err *err)
{
    struct plot_line *lines = NULL;
    size_t n = 0, cap = 0;
    bool good = true;
    for (int v = 0; v < 2 && good; v++) {
        const char *key = v ? "vline" : "hline", *value;
        size_t section = figure_section_of(p, key);
        for (size_t k = 0; good && (value = spec_nth(p->s, section, key, k)); k++) {
            struct str rest = str_of(value), number;
            double at = NAN;
            if (!str_next(&rest, ' ', &number) || !str_f64(number, &at) || !isfinite(at))
                good = spec_bad(p->s, section, key, err, "say VALUE words");
            MEM_GROW(lines, n, cap);
            rest = str_trim(rest);
            lines[n++] =
                (struct plot_line){ v, at, arena_strndup(p->f->mem, rest.n ? rest.p : "", rest.n) };
        }
    }
    struct plot_line *kept = ARENA_ARRAY(p->f->mem, n + 1, struct plot_line);
    if (n)
        memcpy(kept, lines, n * sizeof *kept);
    free(lines);
    out->lines = kept;
    out->n_lines = n;
    return good;
}

static bool one_panel(struct builder *b, struct figure_panel *p, size_t kind, const char *facet,
                      struct err *err)
{
    struct plot_panel out = { .kind = drawn_as[kind] };
    const char *title = facet ? spec_map(p->s, figure_section_of(p, "labels"), "labels", facet)
                              : NULL;
    title = spec_text(p->s, p->section, "title", p->section && !facet ? "" : title);
    if (facet)
        title = spec_map(p->s, figure_section_of(p, "labels"), "labels", facet);
    else if (p->section == 0)
        title = NULL;                     /* there, title is the figure's */
    out.title = title && *title ? arena_strndup(b->f->mem, title, strlen(title)) : NULL;
    const char *format = figure_key(p, "format", "0.00");
    if (!number_format_known(format))
        return spec_bad(p->s, figure_section_of(p, "format"), "format", err,
                        "no such format (0.00, 0.0%, #,##0, g3)");
    out.format = arena_strndup(b->f->mem, format, strlen(format));
    out.numbers = kind == 7;
    if (!axis(p, 'x', &out.x, err) || !axis(p, 'y', &out.y, err) || !axis(p, 'z', &out.z, err) ||
        !spec_flag(p->s, figure_section_of(p, "numbers"), "numbers", &out.numbers, err) ||
        !spec_flag(p->s, figure_section_of(p, "diagonal"), "diagonal", &out.diagonal, err) ||
        !reference_lines(p, &out, err))
        return false;
    if (!(out.kind == PLOT_TREE ? figure_tree(p, &out, err) : figure_series(p, &out, err)))
        return false;
    MEM_GROW(b->panels, b->n_panels, b->panel_cap);
    b->panels[b->n_panels++] = out;
    return true;
}

/* The rows of one facet. */
static size_t rows_with(const struct table *t, size_t col, const char *word, const size_t *rows,
                        size_t n, size_t **out)
{
    size_t kept = 0;
    *out = ARENA_ARRAY(t->mem, n + 1, size_t);
    for (size_t i = 0; i < n; i++)
        if (strcmp(table_text(t, rows[i], col), word) == 0)
            (*out)[kept++] = rows[i];
    return kept;
}

static bool section(struct builder *b, size_t number, struct err *err)
{
    struct figure_panel p = { .f = b->f, .s = b->s, .section = number };
    size_t kind, input, *rows, n, col;
    const char *csv;
    if (!spec_need(b->s, figure_section_of(&p, "kind"), "kind", &p.kind, err) ||
        !spec_choice(b->s, figure_section_of(&p, "kind"), "kind", kinds, 0, &kind, err) ||
        !spec_need(b->s, figure_section_of(&p, "csv"), "csv", &csv, err) ||
        !open_table(b, csv, &input, err))
        return false;
    struct table table = b->tables[input]; /* by value: the array may move; its arena does not */
    p.t = &table;
    const char *facet = figure_key(&p, "facet", kind == 8 ? "graph" : NULL);
    if (!table_where(&table, figure_key(&p, "where", ""), &rows, &n, err))
        return err_add(err, "%s: where", b->s->name);
    if (n == 0)
        return spec_bad(b->s, figure_section_of(&p, "where"), "where", err,
                        "no row of the CSV is left");
    p.rows = rows;
    p.n = n;
    if (!facet)
        return one_panel(b, &p, kind, NULL, err);
    const char **words;
    if (!table_col(&table, facet, &col, err))
        return err_add(err, "%s", b->s->name);
    size_t n_words = table_distinct(&table, col, rows, n, &words);
    for (size_t i = 0; i < n_words; i++) {
        size_t *some;
        p.n = rows_with(&table, col, words[i], rows, n, &some);
        p.rows = some;
        if (!one_panel(b, &p, kind, words[i], err))
            return false;
    }
    return true;
}

static bool head(struct builder *b, struct err *err)
{
    static const char *const widths[] = { "column", "page", NULL };
    struct figure *f = b->f;
    size_t width;
    double columns;
    const char *title, *caption;
    if (!spec_need(b->s, 0, "title", &title, err) ||
        !spec_need(b->s, 0, "caption", &caption, err) ||
        !spec_choice(b->s, 0, "width", widths, 0, &width, err) ||
        !spec_real(b->s, 0, "height", 0, &f->plot.height, err) ||
        !spec_real(b->s, 0, "columns", 0, &columns, err))
        return false;
    if (f->plot.height < 0 || f->plot.height > 9 || (f->plot.height > 0 && f->plot.height < 0.8))
        return spec_bad(b->s, 0, "height", err, "between 0.8 and 9 inches");
    if (columns < 0 || columns > 8 || columns != floor(columns))
        return spec_bad(b->s, 0, "columns", err, "a whole number up to 8");
    const char *number = spec_text(b->s, 0, "number", ""),
               *ref = spec_text(b->s, 0, "reflabel", "paper");
    f->title = arena_strndup(f->mem, title, strlen(title));
    f->caption = arena_strndup(f->mem, caption, strlen(caption));
    f->number = arena_strndup(f->mem, number, strlen(number));
    f->plot.ref_label = arena_strndup(f->mem, ref, strlen(ref));
    f->plot.width = width ? STYLE_PAGE_IN : STYLE_COLUMN_IN;
    f->plot.columns = (size_t)columns;
    return true;
}

static bool build(struct builder *b, struct err *err)
{
    struct figure *f = b->f;
    if (!head(b, err))
        return false;
    for (size_t i = 1; i < b->s->sections; i++)
        if (strcmp(b->s->section[i], "panel") != 0)
            return err_set(err, EXIT_DATA, "%s:%zu: [%s]: a figure has [panel] sections alone",
                           b->s->name, b->s->section_line[i], b->s->section[i]);
    for (size_t i = b->s->sections > 1; i < b->s->sections; i++)
        if (!section(b, i, err))
            return false;
    bool explain = false;           /* several series, or the paper's diamonds */
    for (size_t i = 0; i < b->n_panels; i++) {
        explain = explain || b->panels[i].n_series > 1;
        for (size_t k = 0; k < b->panels[i].n_series; k++)
            explain = explain || b->panels[i].series[k].ref;
    }
    struct plot_panel *panels = ARENA_ARRAY(f->mem, b->n_panels, struct plot_panel);
    memcpy(panels, b->panels, b->n_panels * sizeof *panels);
    f->plot.panels = panels;
    f->plot.n_panels = b->n_panels;
    f->plot.legend = explain;
    if (!f->plot.columns)
        f->plot.columns = b->n_panels < 4 ? b->n_panels : 4;
    if (f->plot.columns > b->n_panels)
        f->plot.columns = b->n_panels;
    if (b->n_panels > 36)
        return err_set(err, EXIT_DATA, "%s: %zu panels are more than a page holds (36)", b->s->name,
                       b->n_panels);
    if (!spec_flag(b->s, 0, "legend", &f->plot.legend, err) || !spec_done(b->s, err))
        return false;
    const char *why = plot_refuses(&f->plot);
    return !why || err_set(err, EXIT_DATA, "%s: %s", b->s->name, why);
}

bool figure_read(struct figure *f, const char *spec_path, const char *data_dir, struct err *err)
{
    struct spec s;
    *f = (struct figure){ .mem = arena_new() };
    struct builder b = { .f = f, .s = &s, .dir = data_dir };
    buf_printf(&b.provenance, "Tracewright %s commit %s", version_number, version_commit);
    bool good = spec_read(&s, spec_path, err) && build(&b, err);
    if (good)
        f->provenance = arena_strndup(f->mem, b.provenance.p, b.provenance.n);
    const char **inputs = ARENA_ARRAY(f->mem, b.n_tables + 1, const char *);
    if (b.n_tables)
        memcpy(inputs, f->inputs, b.n_tables * sizeof *inputs);
    free(f->inputs);
    f->inputs = inputs;
    for (size_t i = 0; i < b.n_tables; i++)
        table_free(&b.tables[i]);
    free(b.tables);
    free(b.panels);
    buf_free(&b.provenance);
    spec_free(&s);
    return good;
}

void figure_free(struct figure *f)
{
    arena_free(f->mem);
    *f = (struct figure){ 0 };
}

void figure_draw(cairo_t *cr, void *figure)
{
    const struct figure *f = figure;
    struct type_pen pen = { .cr = cr };
    plot_draw(&f->plot, &pen);
    type_pen_free(&pen);
}

bool figure_write(const struct figure *f, const char *outbase, struct err *err)
{
    struct canvas_info info = { f->plot.width * 72, plot_height(&f->plot) * 72, f->title,
                                f->caption, f->provenance };
    return type_check(err) && canvas_write(outbase, &info, figure_draw, (void *)f, err);
}
