/* plot_heat.c: a heat map, its numbers where a cell has room for them, and its colour bar. */
#include <math.h>

#include "report/number.h"
#include "report/plot_priv.h"

static struct scale heat_scale(const struct plot_panel *p)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; p->n_series && i < p->series[0].n; i++)
        if (isfinite(p->series[0].lo[i])) {
            lo = fmin(lo, p->series[0].lo[i]);
            hi = fmax(hi, p->series[0].lo[i]);
        }
    bool fixed_lo = !isnan(p->z.lo), fixed_hi = !isnan(p->z.hi);
    return scale_nice(SCALE_LINEAR, fixed_lo ? p->z.lo : lo, fixed_hi ? p->z.hi : hi, fixed_lo,
                      fixed_hi);
}

static const double bar_gap = 8, bar_width = 7;

double plot_heat_bar_width(const struct plot_frame *f, struct type_pen *pen)
{
    if (f->p->kind != PLOT_HEAT)
        return 0;
    struct scale z = heat_scale(f->p);
    struct scale_tick t[SCALE_TICKS];
    size_t n = scale_ticks(&z, 5, f->p->z.percent, t, SCALE_TICKS);
    double w = 0;
    for (size_t i = 0; i < n; i++)
        w = fmax(w, type_size(pen->cr, plot_tick_font, t[i].label, 0).w);
    if (f->p->z.label && *f->p->z.label)
        w += type_size(pen->cr, plot_label_font, "X", 0).h + 2;
    return bar_gap + bar_width + 3 + w;
}

static void color_bar(const struct plot_frame *f, struct type_pen *pen, struct scale z)
{
    cairo_t *cr = pen->cr;
    double x = f->in.x + f->in.w + bar_gap;
    int steps = 64;
    for (int i = 0; i < steps; i++) {
        struct style_rgb c = style_heat((i + 0.5) / steps);
        cairo_set_source_rgb(cr, c.r, c.g, c.b);
        /* half a point of overlap hides the seams that anti-aliasing would show */
        cairo_rectangle(cr, x, f->in.y + f->in.h * (1 - (i + 1.0) / steps), bar_width,
                        f->in.h / steps + (i ? 0.5 : 0));
        cairo_fill(cr);
    }
    z.from = f->in.y + f->in.h;
    z.to = f->in.y;
    struct scale_tick t[SCALE_TICKS];
    size_t n = scale_ticks(&z, 5, f->p->z.percent, t, SCALE_TICKS);
    double w = 0;
    for (size_t i = 0; i < n; i++) {
        style_grey(cr, 0);
        type_write(pen, plot_tick_font, t[i].label, x + bar_width + 3, scale_at(&z, t[i].at), 0,
                   0.5);
        w = fmax(w, type_size(cr, plot_tick_font, t[i].label, 0).w);
    }
    if (f->p->z.label && *f->p->z.label)
        type_write_turned(pen, plot_label_font, f->p->z.label, x + bar_width + 5 + w,
                          f->in.y + f->in.h / 2, 0.5, 0, 90, f->in.h);
}

/* Strokes across a cell whose value rests on too little. */
static void hatch(cairo_t *cr, double x, double y, double w, double h)
{
    double gap = 3;
    cairo_save(cr);
    cairo_rectangle(cr, x, y, w, h);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, 0.55, 0.55, 0.55);
    cairo_set_line_width(cr, 0.4);
    for (double at = gap / 2; at < w + h; at += gap) {
        cairo_move_to(cr, x + at, y);
        cairo_line_to(cr, x + at - h, y + h);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

void plot_heat(const struct plot_frame *f, struct type_pen *pen)
{
    const struct plot_panel *p = f->p;
    cairo_t *cr = pen->cr;
    struct scale z = heat_scale(p);
    double w = f->in.w / (double)p->x.n_names, h = f->in.h / (double)p->y.n_names;
    for (size_t i = 0; p->n_series && i < p->series[0].n; i++) {
        const struct plot_series *s = &p->series[0];
        double v = s->lo[i], x = scale_at(&f->x, s->x[i]), y = scale_at(&f->y, s->y[i]);
        struct style_rgb c = isnan(v) ? (struct style_rgb){ 0.93, 0.93, 0.93 }
                                      : style_heat((v - z.lo) / (z.hi - z.lo));
        cairo_rectangle(cr, x - w / 2 + 0.3, y - h / 2 + 0.3, w - 0.6, h - 0.6);
        cairo_set_source_rgb(cr, c.r, c.g, c.b);
        cairo_fill(cr);
        if (s->ref && s->ref[i] != 0)
            hatch(cr, x - w / 2 + 0.3, y - h / 2 + 0.3, w - 0.6, h - 0.6);
        char words[NUMBER_SIZE];
        number_write(v, p->format ? p->format : "0.00", words);
        struct type_box b = type_size(cr, plot_tick_font, words, 0);
        style_grey(cr, style_is_light(c) ? 0 : 1);
        if (p->numbers && b.w <= w - 2 && b.h <= h)
            type_write(pen, plot_tick_font, words, x, y, 0.5, 0.5);
    }
    color_bar(f, pen, z);
}
