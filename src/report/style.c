/* style.c: see the header. */
#include "report/style.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    struct style_rgb rgb;
    double dash[4];
    int dashes;
} styles[STYLE_COUNT] = {
    { "black", { 0, 0, 0 }, { 0 }, 0 },
    { "blue", { 0, 0x72 / 255.0, 0xB2 / 255.0 }, { 5, 1.6 }, 2 },
    { "vermillion", { 0xD5 / 255.0, 0x5E / 255.0, 0 }, { 2, 1.4 }, 2 },
    { "green", { 0, 0x9E / 255.0, 0x73 / 255.0 }, { 6, 1.5, 1.2, 1.5 }, 4 },
    { "purple", { 0xCC / 255.0, 0x79 / 255.0, 0xA7 / 255.0 }, { 1, 1.2 }, 2 },
    { "orange", { 0xE6 / 255.0, 0x9F / 255.0, 0 }, { 8, 2 }, 2 },
    { "sky", { 0x56 / 255.0, 0xB4 / 255.0, 0xE9 / 255.0 }, { 4, 1.2, 1.2, 1.2 }, 4 },
    { "yellow", { 0xF0 / 255.0, 0xE4 / 255.0, 0x42 / 255.0 }, { 3, 3 }, 2 },
};

struct style_rgb style_color(size_t style)
{
    return styles[style % STYLE_COUNT].rgb;
}

size_t style_find(const char *name)
{
    size_t i = 0;
    while (i < STYLE_COUNT && strcmp(styles[i].name, name) != 0)
        i++;
    return i;
}

void style_ink(cairo_t *cr, size_t style, double alpha)
{
    struct style_rgb c = style_color(style);
    cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha);
}

void style_grey(cairo_t *cr, double lightness)
{
    cairo_set_source_rgb(cr, lightness, lightness, lightness);
}

void style_stroke(cairo_t *cr, size_t style, double width)
{
    style_ink(cr, style, 1);
    cairo_set_line_width(cr, width);
    cairo_set_dash(cr, styles[style % STYLE_COUNT].dash, styles[style % STYLE_COUNT].dashes, 0);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
}

static void polygon(cairo_t *cr, double x, double y, double r, int corners, double turn)
{
    for (int i = 0; i < corners; i++) {
        double a = turn + 2 * acos(-1.0) * i / corners;
        cairo_line_to(cr, x + r * sin(a), y - r * cos(a));
    }
    cairo_close_path(cr);
}

void style_marker(cairo_t *cr, size_t style, double x, double y, double size)
{
    double r = size / 2, pi = acos(-1.0);
    cairo_new_path(cr);
    switch (style % STYLE_COUNT) {
    case 0: cairo_arc(cr, x, y, r, 0, 2 * pi); break;
    case 1: polygon(cr, x, y, r * 1.25, 4, pi / 4); break;       /* square */
    case 2: polygon(cr, x, y + r * 0.15, r * 1.35, 3, 0); break; /* triangle */
    case 3: polygon(cr, x, y, r * 1.3, 4, 0); break;             /* diamond */
    case 4: polygon(cr, x, y - r * 0.15, r * 1.35, 3, pi); break;
    case 5: polygon(cr, x, y, r * 1.15, 5, 0); break;
    case 6: polygon(cr, x, y, r * 1.15, 6, 0); break;
    default: polygon(cr, x, y, r * 1.15, 8, pi / 8); break;
    }
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_set_line_width(cr, 0.8);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_stroke_preserve(cr);
    style_ink(cr, style, 1);
    cairo_fill(cr);
}

struct style_rgb style_heat(double share)
{
    static const unsigned char stop[][3] = {
        { 0, 32, 77 }, { 0, 48, 111 }, { 42, 64, 108 }, { 72, 82, 107 }, { 94, 99, 110 },
        { 114, 117, 117 }, { 135, 134, 120 }, { 158, 154, 115 }, { 183, 175, 106 },
        { 209, 198, 93 }, { 235, 221, 74 }, { 255, 234, 70 },
    };
    int last = (int)(sizeof stop / sizeof *stop) - 1;
    double f = fmin(fmax(share, 0), 1) * last;
    int i = (int)f < last ? (int)f : last - 1;
    double t = f - i;
    const unsigned char *a = stop[i], *b = stop[i + 1];
    return (struct style_rgb){ (a[0] + t * (b[0] - a[0])) / 255, (a[1] + t * (b[1] - a[1])) / 255,
                               (a[2] + t * (b[2] - a[2])) / 255 };
}

int style_is_light(struct style_rgb c)
{
    return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b > 0.47;
}
