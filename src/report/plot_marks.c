/* plot_marks.c: lines, steps, bands and markers on two numeric axes. See plot.h.
 *
 * A step keeps y from x to the next x. A value that an axis cannot show interrupts the line; the
 * lower edge of a band that falls to 0 on a log axis is drawn at the axis.
 */
#include <math.h>

#include "report/plot_priv.h"

/* Where the stretch of drawable points that begins at i ends. */
static size_t stretch(const struct plot_frame *f, const struct plot_series *s, size_t i)
{
    while (i < s->n && !isnan(scale_at(&f->x, s->x[i])) && !isnan(scale_at(&f->y, s->y[i])))
        i++;
    return i;
}

static double height(const struct plot_frame *f, double v)
{
    double y = scale_at(&f->y, v);
    return isnan(y) ? f->y.from : fmin(fmax(y, f->in.y), f->in.y + f->in.h);
}

/* Along v over points [from, to), forwards or backwards, to the current path. Points closer to the
 * last than any printer could show are left out: a curve of a million points stays small. */
static void path(cairo_t *cr, const struct plot_frame *f, const double *x, const double *v,
                 size_t from, size_t to, bool back)
{
    static const double fine = 0.1;
    double last_x = INFINITY, last_y = INFINITY;
    for (size_t k = from; k < to; k++) {
        size_t i = back ? to - 1 - (k - from) : k;
        double at = scale_at(&f->x, x[i]), y = height(f, v[i]);
        bool step = f->p->kind == PLOT_STEP && i > from;
        if (k > from && k + 1 < to && fabs(at - last_x) < fine && fabs(y - last_y) < fine)
            continue;
        if (step && !back)
            cairo_line_to(cr, at, height(f, v[i - 1]));
        cairo_line_to(cr, at, y);
        if (step && back)
            cairo_line_to(cr, at, height(f, v[i - 1]));
        last_x = at;
        last_y = y;
    }
}

static void band(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s)
{
    for (size_t i = 0; s->lo && s->hi && i < s->n;) {
        size_t end = stretch(f, s, i);
        for (size_t k = i; k < end; k++)
            if (isnan(s->lo[k]) || isnan(s->hi[k]))
                end = k;
        if (end > i + 1) {
            cairo_new_path(cr);
            path(cr, f, s->x, s->lo, i, end, false);
            path(cr, f, s->x, s->hi, i, end, true);
            cairo_close_path(cr);
            style_ink(cr, s->style, 0.16);
            cairo_fill(cr);
        }
        i = end + 1;
    }
}

static void stroke(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s)
{
    for (size_t i = 0; i < s->n;) {
        size_t end = stretch(f, s, i);
        if (end > i) {
            cairo_new_path(cr);
            path(cr, f, s->x, s->y, i, end, false);
            style_stroke(cr, s->style, s->style == STYLE_REAL ? 1.4 : 1.2);
            if (f->p->n_series == 1)    /* nothing to be told apart from */
                cairo_set_dash(cr, NULL, 0, 0);
            cairo_stroke(cr);
        }
        i = end + 1;
    }
}

static void error_bars(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s)
{
    cairo_set_dash(cr, NULL, 0, 0);
    style_ink(cr, s->style, 0.7);
    cairo_set_line_width(cr, 0.7);
    for (size_t i = 0; s->lo && s->hi && i < s->n; i++) {
        double x = scale_at(&f->x, s->x[i]);
        if (isnan(x) || isnan(s->lo[i]) || isnan(s->hi[i]))
            continue;
        cairo_move_to(cr, x, height(f, s->lo[i]));
        cairo_line_to(cr, x, height(f, s->hi[i]));
        cairo_stroke(cr);
    }
}

/* All points of a scatter; of a line about ten at most, so that dashes remain visible. */
static void markers(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s,
                    double size)
{
    size_t every = f->p->kind == PLOT_SCATTER || s->n <= 25 ? 1 : s->n / 8;
    for (size_t i = every > 1 ? every / 2 : 0; i < s->n; i += every) {
        double x = scale_at(&f->x, s->x[i]), y = scale_at(&f->y, s->y[i]);
        if (!isnan(x) && !isnan(y))
            style_marker(cr, s->style, x, y, size);
    }
}

static void references(cairo_t *cr, const struct plot_frame *f, const struct plot_series *s)
{
    for (size_t i = 0; s->ref && i < s->n; i++) {
        double x = scale_at(&f->x, s->x[i]), y = scale_at(&f->y, s->ref[i]);
        if (!isnan(x) && !isnan(y))
            plot_open_diamond(cr, x, y, 5);
    }
}

static void diagonal(cairo_t *cr, const struct plot_frame *f)
{
    double lo = fmax(f->x.lo, f->y.lo), hi = fmin(f->x.hi, f->y.hi);
    if (!(hi > lo))
        return;
    style_grey(cr, 0.55);
    cairo_set_line_width(cr, 0.7);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_move_to(cr, scale_at(&f->x, lo), scale_at(&f->y, lo));
    cairo_line_to(cr, scale_at(&f->x, hi), scale_at(&f->y, hi));
    cairo_stroke(cr);
}

/* Nothing can be drawn: the panel says so. */
static bool empty(const struct plot_frame *f)
{
    for (size_t k = 0; k < f->p->n_series; k++)
        for (size_t i = 0; i < f->p->series[k].n; i++)
            if (!isnan(scale_at(&f->x, f->p->series[k].x[i])) &&
                !isnan(scale_at(&f->y, f->p->series[k].y[i])))
                return false;
    return true;
}

void plot_marks(const struct plot_frame *f, struct type_pen *pen)
{
    cairo_t *cr = pen->cr;
    const struct plot_panel *p = f->p;
    if (empty(f)) {
        style_grey(cr, 0.35);
        type_write(pen, plot_label_font, "n/a", f->in.x + f->in.w / 2, f->in.y + f->in.h / 2, 0.5,
                   0.5);
    }
    cairo_save(cr);
    cairo_rectangle(cr, f->in.x - 3, f->in.y - 3, f->in.w + 6, f->in.h + 6);
    cairo_clip(cr);
    if (p->diagonal)
        diagonal(cr, f);
    for (size_t i = 0; i < p->n_series && p->kind != PLOT_SCATTER; i++)
        band(cr, f, &p->series[i]);
    for (size_t k = p->n_series; k-- > 0;) {          /* the first series, the real one, on top */
        const struct plot_series *s = &p->series[k];
        if (p->kind == PLOT_SCATTER)
            error_bars(cr, f, s);
        else
            stroke(cr, f, s);
        if (p->kind != PLOT_STEP)
            markers(cr, f, s, p->kind == PLOT_SCATTER && s->n > 60 ? 2.6 : 4);
        references(cr, f, s);
    }
    cairo_restore(cr);
}
