/* type.c: see the header. */
#include "report/type.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const families[] = { "DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono" };

static PangoFontDescription *description_of(struct type_font font)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family_static(d, families[font.family]);
    pango_font_description_set_size(d, (int)lround(font.size * PANGO_SCALE));
    if (font.bold)
        pango_font_description_set_weight(d, PANGO_WEIGHT_BOLD);
    if (font.italic)
        pango_font_description_set_style(d, font.family == TYPE_SERIF ? PANGO_STYLE_ITALIC
                                                                      : PANGO_STYLE_OBLIQUE);
    if (font.narrow)
        pango_font_description_set_stretch(d, PANGO_STRETCH_CONDENSED);
    return d;
}

PangoLayout *type_layout(cairo_t *cr, struct type_font font, const char *text, double width)
{
    PangoContext *c = pango_cairo_create_context(cr);
    pango_cairo_context_set_resolution(c, 72);
    cairo_font_options_t *o = cairo_font_options_create();
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(c, o);
    cairo_font_options_destroy(o);
    pango_context_set_round_glyph_positions(c, FALSE);
    PangoLayout *l = pango_layout_new(c);
    g_object_unref(c);
    PangoFontDescription *d = description_of(font);
    pango_layout_set_font_description(l, d);
    pango_font_description_free(d);
    if (width > 0) {
        pango_layout_set_width(l, (int)ceil(width * PANGO_SCALE));
        pango_layout_set_wrap(l, PANGO_WRAP_WORD_CHAR);
    }
    pango_layout_set_text(l, text, -1);
    return l;
}

struct type_box type_size(cairo_t *cr, struct type_font font, const char *text, double width)
{
    PangoLayout *l = type_layout(cr, font, text, width);
    PangoRectangle logical;
    pango_layout_get_extents(l, NULL, &logical);
    g_object_unref(l);
    return (struct type_box){ 0, 0, (double)logical.width / PANGO_SCALE,
                              (double)logical.height / PANGO_SCALE };
}

static void note(struct type_pen *p, const char *text, const PangoRectangle *ink)
{
    double x0 = (double)ink->x / PANGO_SCALE, y0 = (double)ink->y / PANGO_SCALE;
    double xs[4] = { x0, x0 + (double)ink->width / PANGO_SCALE, x0, 0 };
    double ys[4] = { y0, y0, y0 + (double)ink->height / PANGO_SCALE, 0 };
    xs[3] = xs[1];
    ys[3] = ys[2];
    double lo_x = INFINITY, lo_y = INFINITY, hi_x = -INFINITY, hi_y = -INFINITY;
    for (int i = 0; i < 4; i++) {
        cairo_user_to_device(p->cr, &xs[i], &ys[i]);
        lo_x = fmin(lo_x, xs[i]);
        hi_x = fmax(hi_x, xs[i]);
        lo_y = fmin(lo_y, ys[i]);
        hi_y = fmax(hi_y, ys[i]);
    }
    MEM_GROW(p->noted, p->n, p->cap);
    MEM_GROW(p->text, p->n, p->text_cap);
    p->noted[p->n] = (struct type_box){ lo_x, lo_y, hi_x - lo_x, hi_y - lo_y };
    p->text[p->n++] = mem_strdup(text);
}

static void put(struct type_pen *p, struct type_font font, const char *text, double x, double y,
                double ax, double ay, double angle, double width)
{
    if (!*text)
        return;
    PangoLayout *l = type_layout(p->cr, font, text, width);
    if (width > 0 && ax == 0.5)
        pango_layout_set_alignment(l, PANGO_ALIGN_CENTER);
    PangoRectangle ink, logical;
    pango_layout_get_extents(l, &ink, &logical);
    double w = width > 0 ? width : (double)logical.width / PANGO_SCALE;
    double h = (double)logical.height / PANGO_SCALE;
    double down = ay == TYPE_BASELINE ? (double)pango_layout_get_baseline(l) / PANGO_SCALE : ay * h;
    cairo_save(p->cr);
    cairo_translate(p->cr, x, y);
    cairo_rotate(p->cr, -angle * acos(-1.0) / 180);
    cairo_translate(p->cr, -ax * w, -down);
    cairo_move_to(p->cr, 0, 0);
    note(p, text, &ink);
    pango_cairo_show_layout(p->cr, l);
    cairo_new_path(p->cr);      /* pango leaves its current point behind */
    cairo_restore(p->cr);
    g_object_unref(l);
}

void type_write(struct type_pen *p, struct type_font font, const char *text, double x, double y,
                double ax, double ay)
{
    put(p, font, text, x, y, ax, ay, 0, 0);
}

void type_write_turned(struct type_pen *p, struct type_font font, const char *text, double x,
                       double y, double ax, double ay, double angle, double width)
{
    put(p, font, text, x, y, ax, ay, angle, width);
}

void type_write_wrapped(struct type_pen *p, struct type_font font, const char *text, double x,
                        double y, double ax, double ay, double width)
{
    put(p, font, text, x, y, ax, ay, 0, width);
}

void type_pen_free(struct type_pen *p)
{
    for (size_t i = 0; i < p->n; i++)
        free((void *)p->text[i]);
    free(p->text);
    free(p->noted);
    *p = (struct type_pen){ .cr = p->cr };
}

/* What the library found for a font. */
static PangoFontDescription *found(cairo_t *cr, struct type_font font)
{
    PangoLayout *l = type_layout(cr, font, "x", 0);
    PangoContext *c = pango_layout_get_context(l);
    PangoFont *f = pango_context_load_font(c, pango_layout_get_font_description(l));
    PangoFontDescription *d = f ? pango_font_describe(f) : pango_font_description_new();
    if (f)
        g_object_unref(f);
    g_object_unref(l);
    return d;
}

/* The three families, and that the serif has narrow italics, which come in another package. */
bool type_check(struct err *err)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    cairo_t *cr = cairo_create(s);
    bool good = true;
    for (int i = 0; good && i < 4; i++) {
        struct type_font want = { .family = i == 3 ? TYPE_SERIF : i, .size = 10 };
        want.narrow = want.italic = i == 3;
        PangoFontDescription *d = found(cr, want);
        const char *got = pango_font_description_get_family(d);
        bool narrow = pango_font_description_get_stretch(d) < PANGO_STRETCH_NORMAL;
        if (!got || strcmp(got, families[want.family]) != 0 || narrow != want.narrow)
            good = err_set(err, EXIT_NOINPUT,
                           "the font \"%s%s\" is missing (\"%s\" would stand in): "
                           "install fonts-dejavu-core and fonts-dejavu-extra",
                           families[want.family], want.narrow ? " Condensed Italic" : "",
                           got ? got : "nothing");
        pango_font_description_free(d);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(s);
    return good;
}
