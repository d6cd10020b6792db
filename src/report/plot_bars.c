/* plot_bars.c: bars, dots and boxes by category, side by side within a category. See plot.h. */
#include <math.h>
#include <string.h>

#include "report/number.h"
#include "report/plot_priv.h"

struct slot { double x, w; };   /* middle and width of one mark, points */

static struct slot slot_of(const struct plot_frame *f, size_t series, double category)
{
    double all = f->in.w / (double)f->p->x.n_names * 0.8, n = (double)f->p->n_series;
    double w = fmin(all / n, 40);
    double x = scale_at(&f->x, category) + ((double)series - (n - 1) / 2) * w;
    return (struct slot){ x, w };
}

void plot_open_diamond(cairo_t *cr, double x, double y, double size)
{
    cairo_new_path(cr);
    cairo_move_to(cr, x, y - size / 2);
    cairo_line_to(cr, x + size / 2, y);
    cairo_line_to(cr, x, y + size / 2);
    cairo_line_to(cr, x - size / 2, y);
    cairo_close_path(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_set_line_width(cr, 0.9);
    cairo_stroke(cr);
}

/* A value's place, moved to the end of the axis when it lies beyond: that is never hidden. */
struct spot { double y; bool cut; };

static struct spot spot_of(const struct plot_frame *f, double v)
{
    double y = scale_at(&f->y, v), bottom = f->in.y + f->in.h;
    if (isnan(y) && !isnan(v))
        return (struct spot){ bottom, true };           /* nothing or less on a log axis */
    double in = isnan(y) ? NAN : fmin(fmax(y, f->in.y), bottom);
    return (struct spot){ in, fabs(in - y) > 0.05 };
}

static double at(const struct plot_frame *f, double v)
{
    return spot_of(f, v).y;
}

/* An end beyond the axis has no cap. */
static void whisker(cairo_t *cr, double x, struct spot a, struct spot b, double cap)
{
    if (isnan(a.y) || isnan(b.y))
        return;
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_line_width(cr, 0.8);
    cairo_move_to(cr, x, a.y);
    cairo_line_to(cr, x, b.y);
    for (int k = 0; k < 2; k++) {
        struct spot end = k ? b : a;
        cairo_move_to(cr, x - (end.cut ? 0 : cap), end.y);
        cairo_line_to(cr, x + (end.cut ? 0 : cap), end.y);
    }
    cairo_stroke(cr);
}

/* An open triangle at the end of the axis points to a value beyond it. */
static void arrow(cairo_t *cr, const struct plot_frame *f, size_t style, double x, double y)
{
    double way = y > f->in.y + f->in.h / 2 ? 1 : -1;
    cairo_new_path(cr);
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x - 2.8, y - 5 * way);
    cairo_line_to(cr, x + 2.8, y - 5 * way);
    cairo_close_path(cr);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    style_ink(cr, style, 1);
    cairo_set_line_width(cr, 0.9);
    cairo_stroke(cr);
}

static void bar(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s, struct slot k,
                double y)
{
    double zero = at(f, fmin(fmax(0, f->y.lo), f->y.hi)),
           w = fmax(k.w - fmin(1.5, k.w * 0.15), 0.5);
    cairo_rectangle(cr, k.x - w / 2, fmin(y, zero), w, fabs(y - zero));
    if (s->style == STYLE_REAL)
        style_grey(cr, 0.25);
    else
        style_ink(cr, s->style, 1);
    cairo_fill(cr);
}

static void box(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s, size_t i,
                struct slot k, double y)
{
    double q1 = at(f, s->q1[i]), q3 = at(f, s->q3[i]), w = k.w * 0.7;
    style_ink(cr, s->style, 1);
    if (s->lo && s->hi) {
        whisker(cr, k.x, spot_of(f, s->lo[i]), spot_of(f, s->q1[i]), w * 0.25);
        whisker(cr, k.x, spot_of(f, s->hi[i]), spot_of(f, s->q3[i]), w * 0.25);
    }
    cairo_rectangle(cr, k.x - w / 2, fmin(q1, q3), w, fabs(q1 - q3));
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    style_ink(cr, s->style, 0.25);
    cairo_fill_preserve(cr);
    style_ink(cr, s->style, 1);
    cairo_set_line_width(cr, 0.8);
    cairo_stroke(cr);
    cairo_set_line_width(cr, 1.8);
    cairo_move_to(cr, k.x - w / 2, y);
    cairo_line_to(cr, k.x + w / 2, y);
    cairo_stroke(cr);
}

static void absent(const struct plot_frame *f, struct type_pen *pen, struct slot k)
{
    style_grey(pen->cr, 0.35);
    double w = type_size(pen->cr, plot_tick_font, "n/a", 0).w;
    if (w <= k.w)
        type_write(pen, plot_tick_font, "n/a", k.x, f->in.y + f->in.h - 1, 0.5, 1);
    else
        type_write_turned(pen, plot_tick_font, "n/a", k.x, f->in.y + f->in.h - 2, 0, 0.5, 90, 0);
}

/* Above the interval; above the paper's diamond too when that is in the way. */
static void value(const struct plot_frame *f, struct type_pen *pen, struct slot k, double v,
                  double above, double diamond)
{
    char words[NUMBER_SIZE];
    number_write(v, f->p->format ? f->p->format : "0.00", words);
    style_grey(pen->cr, 0.1);
    double w = type_size(pen->cr, plot_tick_font, words, 0).w, room = w <= k.w * 1.05 ? 14 : w + 5;
    if (diamond > above - room && diamond - 4 < above)
        above = diamond - 4;
    if (w <= k.w * 1.05)
        type_write(pen, plot_tick_font, words, k.x, above - 1, 0.5, 1);
    else
        type_write_turned(pen, plot_tick_font, words, k.x, above - 2, 0, 0.5, 90, 0);
}

static void mark(const struct plot_frame *f, struct type_pen *pen, size_t series, size_t i)
{
    const struct plot_series *s = &f->p->series[series];
    cairo_t *cr = pen->cr;
    struct slot k = slot_of(f, series, s->x[i]);
    double y = at(f, s->y[i]), top = y;
    if (isnan(y)) {
        absent(f, pen, k);
    } else if (f->p->kind == PLOT_BOX) {
        box(cr, f, s, i, k, y);
    } else {
        if (f->p->kind == PLOT_BAR)
            bar(cr, f, s, k, y);
        if (s->lo && s->hi && !isnan(s->lo[i]) && !isnan(s->hi[i])) {
            if (f->p->kind == PLOT_BAR)
                style_grey(cr, s->style == STYLE_REAL ? 0.6 : 0.1);
            else
                style_ink(cr, s->style, 1);
            whisker(cr, k.x, spot_of(f, s->lo[i]), spot_of(f, s->hi[i]), fmin(k.w * 0.22, 2.5));
            top = fmin(top, at(f, s->hi[i]));
        }
        if (spot_of(f, s->y[i]).cut)
            arrow(cr, f, s->style, k.x, y);
        else if (f->p->kind == PLOT_POINTS)
            style_marker(cr, s->style, k.x, y, 4.6);
    }
    double diamond = s->ref ? at(f, s->ref[i]) : NAN;
    if (!isnan(diamond))
        plot_open_diamond(cr, k.x, diamond, 6);
    if (f->p->numbers && !isnan(y))
        value(f, pen, k, s->y[i], top, diamond);
}

void plot_bars(const struct plot_frame *f, struct type_pen *pen)
{
    for (size_t s = 0; s < f->p->n_series; s++)
        for (size_t i = 0; i < f->p->series[s].n; i++)
            mark(f, pen, s, i);
}
