/* plot.c: the page: a legend above, panels in rows below, axes lined up. See plot.h. */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/plot_priv.h"
#include "report/tree.h"

static const double gap_x = 10, gap_y = 8, key_gap = 4, entry_gap = 14;

static size_t rows_of(const struct plot *f)
{
    return (f->n_panels + f->columns - 1) / f->columns;
}

/* Inches that leaning category names will take, by their letters: close enough for a default. */
static double leaning(const struct plot_panel *p, double width)
{
    double most = 0, slot = (width - 0.5) / (double)(p->x.n_names + !p->x.n_names);
    for (size_t i = 0; i < p->x.n_names; i++)
        most = fmax(most, (double)strlen(p->x.names[i]) * 0.055);
    return most > slot * 1.5 ? fmin(most * 0.6, 1) : 0;
}

double plot_height(const struct plot *f)
{
    if (f->height > 0)
        return f->height;
    double each = fmin(fmax(f->width / (double)f->columns * 0.62, 1.65), 2.4),
           sum = f->legend ? 0.2 : 0;
    for (size_t r = 0; r < rows_of(f); r++) {
        double trees = 0, lean = 0;
        for (size_t i = r * f->columns; i < (r + 1) * f->columns && i < f->n_panels; i++) {
            if (f->panels[i].kind == PLOT_TREE)
                trees = fmax(trees, tree_height(f->panels[i].tree) / 72 + 0.3);
            lean = fmax(lean, leaning(&f->panels[i], f->width / (double)f->columns));
        }
        sum += trees > 0 ? trees : each + lean;
    }
    return fmin(sum, 9);
}

static bool negative(const double *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++)
        if (v[i] < 0)
            return true;
    return false;
}

const char *plot_refuses(const struct plot *f)
{
    for (size_t k = 0; k < f->n_panels; k++) {
        const struct plot_panel *p = &f->panels[k];
        if (p->kind == PLOT_BAR && p->y.log)
            return "bars start at 0, so their axis cannot be logarithmic (use kind = points)";
        if ((p->x.log && p->x.lo <= 0) || (p->y.log && p->y.lo <= 0))
            return "a logarithmic axis cannot begin at or below 0";
        for (size_t i = 0; i < p->n_series; i++) {
            const struct plot_series *s = &p->series[i];
            if (p->x.log && negative(s->x, s->n))
                return "a negative x on a logarithmic axis";
            if (p->y.log && negative(s->y, s->n))
                return "a negative y on a logarithmic axis";
        }
    }
    return NULL;
}

/* ---- legend: entries in the order of their first appearance, flowed into lines ---- */

struct entry {
    const char *label;
    char words[128];            /* the label, and "(n/a)" when no panel has a value of it */
    size_t style;
    enum plot_kind kind;
    bool ref, any;
};

static bool any_value(const struct plot_series *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (!isnan(s->y[i]))
            return true;
    return false;
}

/* Types of calls in one order, whichever graph has them first. */
static void sort_by_style(struct entry *e, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && e[j - 1].style > e[j].style; j--) {
            struct entry x = e[j];
            e[j] = e[j - 1];
            e[j - 1] = x;
        }
}

static void note_series(struct entry **list, size_t *n, size_t *cap, const struct plot_series *s,
                        enum plot_kind kind)
{
    size_t j = 0;
    while (j < *n && strcmp((*list)[j].label, s->label) != 0)
        j++;
    if (j == *n) {
        MEM_GROW(*list, *n, *cap);
        (*list)[(*n)++] = (struct entry){ .label = s->label, .style = s->style, .kind = kind };
    }
    (*list)[j].any = (*list)[j].any || kind == PLOT_TREE || any_value(s);
}

static size_t entries_of(const struct plot *f, struct entry **list)
{
    size_t n = 0, cap = 0;
    bool ref = false;
    *list = NULL;
    for (size_t k = 0; k < f->n_panels; k++)
        for (size_t i = 0; f->legend && i < f->panels[k].n_series; i++) {
            const struct plot_series *s = &f->panels[k].series[i];
            ref = ref || s->ref;
            if (f->panels[k].kind != PLOT_HEAT && *s->label)
                note_series(list, &n, &cap, s, f->panels[k].kind);
        }
    if (f->panels[0].kind == PLOT_TREE)
        sort_by_style(*list, n);
    if (f->legend && ref && f->ref_label) {
        MEM_GROW(*list, n, cap);
        (*list)[n++] = (struct entry){ .label = f->ref_label, .ref = true, .any = true };
    }
    for (size_t i = 0; i < n; i++)
        snprintf((*list)[i].words, sizeof (*list)[i].words, "%.100s%s", (*list)[i].label,
                 (*list)[i].any ? "" : " (n/a)");
    return n;
}

static bool is_line(const struct entry *e)
{
    return !e->ref && (e->kind == PLOT_LINE || e->kind == PLOT_STEP);
}

static double key_width(const struct entry *e)
{
    return is_line(e) ? 17 : 8;
}

static void key(cairo_t *cr, const struct entry *e, double x, double y)
{
    double w = key_width(e);
    cairo_new_path(cr);
    if (e->ref) {
        plot_open_diamond(cr, x + w / 2, y, 6);
    } else if (e->kind == PLOT_BAR || e->kind == PLOT_BOX || e->kind == PLOT_TREE) {
        cairo_rectangle(cr, x, y - 3.5, w, 7);
        if (e->style == STYLE_REAL)
            style_grey(cr, 0.25);
        else
            style_ink(cr, e->style, 1);
        cairo_fill(cr);
    } else {
        style_stroke(cr, e->style, 1.4);
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + (is_line(e) ? w : 0), y);
        cairo_stroke(cr);
        if (e->kind != PLOT_STEP)
            style_marker(cr, e->style, x + w / 2, y, 4.6);
    }
}

/* Height of the legend; draws it from (0, 0) when asked to. */
static double legend(const struct plot *f, struct type_pen *pen, double width, bool draw)
{
    struct entry *e;
    size_t n = entries_of(f, &e);
    double line = type_size(pen->cr, plot_label_font, "X", 0).h + 1, y = 0;
    for (size_t i = 0; i < n; y += line) {
        size_t end = i;
        double w = -entry_gap;
        while (end < n) {
            double more = entry_gap + key_width(&e[end]) + key_gap +
                          type_size(pen->cr, plot_label_font, e[end].words, 0).w;
            if (end > i && w + more > width)
                break;
            w += more;
            end++;
        }
        double x = fmax((width - w) / 2, 0);
        for (; i < end; i++) {
            double words = type_size(pen->cr, plot_label_font, e[i].words, 0).w;
            double at = x + key_width(&e[i]) + key_gap;
            if (draw) {
                key(pen->cr, &e[i], x, y + line / 2);
                style_grey(pen->cr, 0);
                type_write(pen, plot_label_font, e[i].words, at, y + line / 2, 0, 0.5);
            }
            x = at + words + entry_gap;
        }
    }
    free(e);
    return y > 0 ? y + 3 : 0;
}

/* ---- panels ---- */

static void draw_panel(const struct plot_frame *f, struct type_pen *pen)
{
    plot_axes(f, pen);
    switch (f->p->kind) {
    case PLOT_TREE: tree_draw(f->p->tree, pen, f->in); break;
    case PLOT_HEAT: plot_heat(f, pen); break;
    case PLOT_BAR: case PLOT_POINTS: case PLOT_BOX: plot_bars(f, pen); break;
    default: plot_marks(f, pen);
    }
    plot_reference_lines(f, pen);
}

/* Give every panel its place: sides first, for they decide the width that names may take. */
static void lay_out(const struct plot *f, struct plot_frame *frames, struct type_pen *pen,
                    double top)
{
    double w = f->width * 72, h = plot_height(f) * 72 - top, inner_w = w, inner_h = h;
    size_t rows = rows_of(f), cols = f->columns;
    for (size_t i = 0; i < f->n_panels; i++) {
        frames[i] = plot_frame_new(&f->panels[i]);
        plot_measure_sides(&frames[i], pen, fmax(h / (double)rows - 40, 30));
    }
    double *left = mem_array(cols, sizeof *left), *up = mem_array(rows, sizeof *up);
    double *right = mem_array(cols, sizeof *right), *down = mem_array(rows, sizeof *down);
    for (size_t i = 0; i < f->n_panels; i++) {
        left[i % cols] = fmax(left[i % cols], frames[i].left);
        right[i % cols] = fmax(right[i % cols], frames[i].right);
    }
    for (size_t c = 0; c < cols; c++)
        inner_w -= left[c] + right[c] + (c ? gap_x : 0);
    inner_w = fmax(inner_w / (double)cols, 20);
    for (size_t i = 0; i < f->n_panels; i++) {
        plot_measure_ends(&frames[i], pen, inner_w);
        up[i / cols] = fmax(up[i / cols], frames[i].top);
        down[i / cols] = fmax(down[i / cols], frames[i].bottom);
    }
    for (size_t r = 0; r < rows; r++)
        inner_h -= up[r] + down[r] + (r ? gap_y : 0);
    inner_h = fmax(inner_h / (double)rows, 20);
    double y = top;
    for (size_t r = 0; r < rows; r++) {
        double x = 0;
        y += up[r] + (r ? gap_y : 0);
        for (size_t c = 0; c < cols; c++) {
            x += left[c] + (c ? gap_x : 0);
            if (r * cols + c < f->n_panels)
                plot_place(&frames[r * cols + c], (struct type_box){ x, y, inner_w, inner_h });
            x += inner_w + right[c];
        }
        y += inner_h + down[r];
    }
    free(left);
    free(right);
    free(up);
    free(down);
}

void plot_draw(const struct plot *f, struct type_pen *pen)
{
    REQUIRE(f->columns > 0 && f->n_panels > 0 && f->width > 0);
    struct plot_frame *frames = mem_array(f->n_panels, sizeof *frames);
    cairo_save(pen->cr);
    cairo_new_path(pen->cr);
    double top = legend(f, pen, f->width * 72, true);
    lay_out(f, frames, pen, top);
    for (size_t i = 0; i < f->n_panels; i++)
        draw_panel(&frames[i], pen);
    cairo_restore(pen->cr);
    free(frames);
}
