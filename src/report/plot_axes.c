/* plot_axes.c: scales, margins, ticks, grid. See plot.h.
 *
 * Margins are measured from the words that will stand in them before anything is drawn, and
 * panels of one column share the widest left margin, so that axes line up and no label is cut.
 */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "report/plot_priv.h"

const struct type_font plot_tick_font = { TYPE_SANS, STYLE_TICK_PT, false, false, false };
const struct type_font plot_label_font = { TYPE_SANS, STYLE_LABEL_PT, false, false, false };
const struct type_font plot_title_font = { TYPE_SANS, STYLE_LABEL_PT, true, false, false };

static const double tick_length = 2.5, tick_gap = 2, label_gap = 3;

struct range { double lo, hi, least_positive; bool zero; };

static void widen(struct range *r, const double *v, size_t n)
{
    for (size_t i = 0; v && i < n; i++) {
        if (!isfinite(v[i]))
            continue;
        r->lo = fmin(r->lo, v[i]);
        r->hi = fmax(r->hi, v[i]);
        r->zero = r->zero || v[i] == 0;
        if (v[i] > 0)
            r->least_positive = fmin(r->least_positive, v[i]);
    }
}

static struct scale axis_scale(const struct plot_axis *a, struct range r, bool from_zero)
{
    bool fixed_lo = !isnan(a->lo), fixed_hi = !isnan(a->hi);
    if (a->log) {
        enum scale_kind kind = r.zero ? SCALE_LOG_ZERO : SCALE_LOG;
        double lo = fixed_lo ? a->lo : r.least_positive, hi = fixed_hi ? a->hi : r.hi;
        if (!isfinite(lo) || !(hi > 0))
            lo = 1, hi = 10;
        return scale_nice(kind, lo, hi, fixed_lo, fixed_hi);
    }
    if (from_zero) {
        r.lo = fmin(r.lo, 0);
        r.hi = fmax(r.hi, 0);
    }
    return scale_nice(SCALE_LINEAR, fixed_lo ? a->lo : r.lo, fixed_hi ? a->hi : r.hi, fixed_lo,
                      fixed_hi);
}

static struct scale category_scale(size_t n)
{
    return (struct scale){ SCALE_LINEAR, -0.5, (double)n - 0.5, 0, 1 };
}

struct plot_frame plot_frame_new(const struct plot_panel *p)
{
    struct plot_frame f = { .p = p };
    struct range x = { INFINITY, -INFINITY, INFINITY, false }, y = x;
    for (size_t i = 0; i < p->n_series; i++) {
        const struct plot_series *s = &p->series[i];
        widen(&x, s->x, s->n);
        widen(&y, s->y, s->n);
        struct range lows = { INFINITY, -INFINITY, INFINITY, false };
        widen(p->y.log && p->kind != PLOT_BOX ? &lows : &y, s->lo, s->n);
        widen(&y, s->q1, s->n);
        if (p->kind != PLOT_STEP)       /* on a log axis an interval down to 0 shows no 0 */
            y.least_positive = fmin(y.least_positive, lows.least_positive);
        widen(&y, s->hi, s->n);
        widen(&y, s->ref, s->n);
    }
    for (size_t i = 0; i < p->n_lines; i++)
        widen(p->lines[i].vertical ? &x : &y, &p->lines[i].at, 1);
    if (p->kind != PLOT_STEP && !y.zero)    /* no mark lies on the end of a log axis */
        y.least_positive *= 0.9;
    f.x = p->x.names ? category_scale(p->x.n_names) : axis_scale(&p->x, x, false);
    f.y = p->y.names ? category_scale(p->y.n_names) : axis_scale(&p->y, y, p->kind == PLOT_BAR);
    return f;
}

size_t plot_ticks_x(const struct plot_frame *f, double width, struct scale_tick *t)
{
    size_t want = (size_t)fmin(fmax(width / 34, 2), 8);
    return scale_ticks(&f->x, want, f->p->x.percent, t, SCALE_TICKS);
}

size_t plot_ticks_y(const struct plot_frame *f, double height, struct scale_tick *t)
{
    size_t want = (size_t)fmin(fmax(height / 20, 2), 6);
    return scale_ticks(&f->y, want, f->p->y.percent, t, SCALE_TICKS);
}

static double widest(const struct plot_axis *a, const struct scale_tick *t, size_t n,
                     struct type_pen *pen)
{
    double w = 0;
    if (a->names)
        for (size_t i = 0; i < a->n_names; i++)
            w = fmax(w, type_size(pen->cr, plot_tick_font, a->names[i], 0).w);
    else
        for (size_t i = 0; i < n; i++)
            if (t[i].major)
                w = fmax(w, type_size(pen->cr, plot_tick_font, t[i].label, 0).w);
    return w;
}

void plot_measure_sides(struct plot_frame *f, struct type_pen *pen, double height_guess)
{
    struct scale_tick t[SCALE_TICKS];
    f->left = f->right = 2;
    if (f->p->kind == PLOT_TREE)
        return;
    size_t n = f->p->y.names ? 0 : plot_ticks_y(f, height_guess, t);
    f->left = widest(&f->p->y, t, n, pen) + tick_length + tick_gap + 1;
    if (f->p->y.label && *f->p->y.label)
        f->left += type_size(pen->cr, plot_label_font, f->p->y.label, height_guess).h + label_gap;
    n = f->p->x.names ? 0 : plot_ticks_x(f, 150, t);
    double last = f->p->x.names ? 0 : widest(&f->p->x, t, n, pen) / 2;
    f->right = fmin(last, 12) + 3 + plot_heat_bar_width(f, pen);
}

/* Category names: in their slot if every word fits (wrapped), else leaning. */
static double category_height(struct plot_frame *f, struct type_pen *pen, double width)
{
    double slot = width / (double)f->p->x.n_names - 2, h = 0, w = 0;
    f->tilted = false;
    for (size_t i = 0; i < f->p->x.n_names; i++) {
        const char *s = f->p->x.names[i];
        w = fmax(w, type_size(pen->cr, plot_tick_font, s, 0).w);
        h = fmax(h, type_size(pen->cr, plot_tick_font, s, slot).h);
        while (*s) {
            char word[128];
            size_t n = strcspn(s, " ");
            size_t len = n < sizeof word - 1 ? n : sizeof word - 1;
            memcpy(word, s, len);
            word[len] = '\0';
            f->tilted = f->tilted || type_size(pen->cr, plot_tick_font, word, 0).w > slot;
            s += n + (s[n] == ' ');
        }
    }
    return f->tilted ? w * sin(acos(-1.0) / 5) + 9 : h;
}

void plot_measure_ends(struct plot_frame *f, struct type_pen *pen, double width)
{
    f->top = 4;
    f->bottom = 2;
    if (f->p->title && *f->p->title)
        f->top = type_size(pen->cr, plot_title_font, f->p->title, width).h + 4;
    if (f->p->kind == PLOT_TREE)
        return;
    double line = type_size(pen->cr, plot_tick_font, "0", 0).h;
    f->bottom = tick_length + tick_gap + (f->p->x.names ? category_height(f, pen, width) : line);
    if (f->p->x.label && *f->p->x.label)
        f->bottom += type_size(pen->cr, plot_label_font, f->p->x.label, width).h + 1;
}

void plot_place(struct plot_frame *f, struct type_box in)
{
    f->in = in;
    f->x.from = in.x;
    f->x.to = in.x + in.w;
    f->y.from = in.y + in.h;
    f->y.to = in.y;
    if (f->p->kind == PLOT_HEAT) {      /* the first row of a heat map is the upper one */
        f->y.from = in.y;
        f->y.to = in.y + in.h;
    }
}

static void line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

static void x_names(const struct plot_frame *f, struct type_pen *pen)
{
    double y = f->in.y + f->in.h + tick_length + tick_gap;
    double slot = f->in.w / (double)f->p->x.n_names;
    for (size_t i = 0; i < f->p->x.n_names; i++) {
        double x = scale_at(&f->x, (double)i);
        if (f->tilted)
            type_write_turned(pen, plot_tick_font, f->p->x.names[i], x + 3, y, 1, 0, 36, 0);
        else
            type_write_wrapped(pen, plot_tick_font, f->p->x.names[i], x, y, 0.5, 0, slot - 2);
    }
}

static void y_names(const struct plot_frame *f, struct type_pen *pen)
{
    for (size_t i = 0; i < f->p->y.n_names; i++)
        type_write(pen, plot_tick_font, f->p->y.names[i], f->in.x - tick_length - tick_gap,
                   scale_at(&f->y, (double)i), 1, 0.5);
}

/* Two short slanted strokes where the axis jumps from 0 to the first power. */
static void axis_break(cairo_t *cr, double x, double y, bool vertical)
{
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_set_line_width(cr, 3);
    if (vertical)
        line(cr, x, y - 1.5, x, y + 1.5);
    else
        line(cr, x - 1.5, y, x + 1.5, y);
    style_grey(cr, 0.25);
    cairo_set_line_width(cr, 0.6);
    for (int k = -1; k <= 1; k += 2)
        if (vertical)
            line(cr, x - 2.5, y + 1.4 * k + 1, x + 2.5, y + 1.4 * k - 1);
        else
            line(cr, x + 1.4 * k - 1, y + 2.5, x + 1.4 * k + 1, y - 2.5);
}

/* A label that would touch the one before it is left out; its tick stays. */
static void x_axis(const struct plot_frame *f, struct type_pen *pen)
{
    struct scale_tick t[SCALE_TICKS];
    size_t n = plot_ticks_x(f, f->in.w, t);
    double y = f->in.y + f->in.h, free_from = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double x = scale_at(&f->x, t[i].at);
        style_grey(pen->cr, 0.25);
        cairo_set_line_width(pen->cr, 0.6);
        line(pen->cr, x, y, x, y + (t[i].major ? tick_length : tick_length * 0.6));
        style_grey(pen->cr, 0);
        double half = t[i].major ? type_size(pen->cr, plot_tick_font, t[i].label, 0).w / 2 : 0;
        if (!t[i].major || x - half < free_from)
            continue;
        type_write(pen, plot_tick_font, t[i].label, x, y + tick_length + tick_gap, 0.5, 0);
        free_from = x + half + 2;
    }
    if (f->x.kind == SCALE_LOG_ZERO)
        axis_break(pen->cr, f->in.x + f->in.w * SCALE_ZERO_SHARE * 1.15, y, false);
}

static void y_axis(const struct plot_frame *f, struct type_pen *pen)
{
    struct scale_tick t[SCALE_TICKS];
    size_t n = plot_ticks_y(f, f->in.h, t);
    for (size_t i = 0; i < n; i++) {
        double y = scale_at(&f->y, t[i].at);
        if (t[i].major) {
            style_grey(pen->cr, 0.9);
            cairo_set_line_width(pen->cr, 0.5);
            line(pen->cr, f->in.x, y, f->in.x + f->in.w, y);
        }
        style_grey(pen->cr, 0.25);
        cairo_set_line_width(pen->cr, 0.6);
        line(pen->cr, f->in.x - (t[i].major ? tick_length : tick_length * 0.6), y, f->in.x, y);
        style_grey(pen->cr, 0);
        if (t[i].major)
            type_write(pen, plot_tick_font, t[i].label, f->in.x - tick_length - tick_gap, y, 1,
                       0.5);
    }
}

void plot_axes(const struct plot_frame *f, struct type_pen *pen)
{
    const struct plot_panel *p = f->p;
    cairo_t *cr = pen->cr;
    cairo_set_dash(cr, NULL, 0, 0);
    style_grey(cr, 0);
    if (p->title)
        type_write_wrapped(pen, plot_title_font, p->title, f->in.x, f->in.y - 3, 0, 1, f->in.w);
    if (p->kind == PLOT_TREE)
        return;
    if (p->y.names)
        y_names(f, pen);
    else
        y_axis(f, pen);
    style_grey(cr, 0);
    if (p->x.names)
        x_names(f, pen);
    else
        x_axis(f, pen);
    style_grey(cr, 0);
    if (p->x.label)
        type_write_wrapped(pen, plot_label_font, p->x.label, f->in.x + f->in.w / 2,
                           f->in.y + f->in.h + f->bottom, 0.5, 1, f->in.w);
    if (p->y.label && *p->y.label)
        type_write_turned(pen, plot_label_font, p->y.label, f->in.x - f->left,
                          f->in.y + f->in.h / 2, 0.5, 0, 90, f->in.h);
    style_grey(cr, 0.25);
    cairo_set_line_width(cr, 0.6);
    line(cr, f->in.x, f->in.y + f->in.h, f->in.x + f->in.w, f->in.y + f->in.h);
    line(cr, f->in.x, f->in.y, f->in.x, f->in.y + f->in.h);
    if (f->y.kind == SCALE_LOG_ZERO)
        axis_break(cr, f->in.x, f->in.y + f->in.h * (1 - SCALE_ZERO_SHARE * 1.15), true);
    if (f->x.kind == SCALE_LOG_ZERO)
        axis_break(cr, f->in.x + f->in.w * SCALE_ZERO_SHARE * 1.15, f->in.y + f->in.h, false);
}

/* How many points of the panel lie under a box. */
static size_t covered(const struct plot_frame *f, struct type_box b)
{
    size_t n = 0;
    for (size_t k = 0; k < f->p->n_series; k++)
        for (size_t i = 0; i < f->p->series[k].n; i++) {
            double x = scale_at(&f->x, f->p->series[k].x[i]),
                   y = scale_at(&f->y, f->p->series[k].y[i]);
            n += x > b.x - 3 && x < b.x + b.w + 3 && y > b.y - 3 && y < b.y + b.h + 3;
        }
    return n;
}

/* The words of a horizontal line: left or right, above or below, where they cover least. */
static void line_words(const struct plot_frame *f, struct type_pen *pen, const char *words,
                       double y)
{
    struct type_box size = type_size(pen->cr, plot_tick_font, words, 0), best = size;
    size_t least = (size_t)-1;
    for (int k = 0; k < 4; k++) {
        struct type_box b = size;
        b.x = k & 1 ? f->in.x + 2 : f->in.x + f->in.w - size.w - 1;
        b.y = k & 2 ? y + 1 : y - size.h;
        size_t n = covered(f, b);
        if (n < least && b.y >= f->in.y - 2 && b.y + b.h <= f->in.y + f->in.h + 1)
            least = n, best = b;
    }
    if (least < (size_t)-1)
        type_write(pen, plot_tick_font, words, best.x, best.y, 0, 0);
}

void plot_reference_lines(const struct plot_frame *f, struct type_pen *pen)
{
    static const double dash[] = { 1.5, 1.5 };
    for (size_t i = 0; i < f->p->n_lines; i++) {
        const struct plot_line *l = &f->p->lines[i];
        double at = scale_at(l->vertical ? &f->x : &f->y, l->at);
        if (isnan(at))
            continue;
        style_grey(pen->cr, 0.35);
        cairo_set_line_width(pen->cr, 0.8);
        cairo_set_dash(pen->cr, dash, 2, 0);
        if (l->vertical)
            line(pen->cr, at, f->in.y, at, f->in.y + f->in.h);
        else
            line(pen->cr, f->in.x, at, f->in.x + f->in.w, at);
        cairo_set_dash(pen->cr, NULL, 0, 0);
        style_grey(pen->cr, 0.25);
        bool near_right = at > f->in.x + f->in.w * 0.6;
        if (l->vertical)
            type_write(pen, plot_tick_font, l->label, at + (near_right ? -2 : 2), f->in.y,
                       near_right, 0);
        else
            line_words(f, pen, l->label, at);
    }
}
