/* type.h: words on a page, through pango.
 *
 * Sizes are points; the user space of every cairo context of this room is points too, with the
 * origin at the top left. Hinting is off and metrics are unrounded, so the same words are
 * equally wide in PDF, SVG and PNG, and a layout made once serves all three.
 */
#ifndef REPORT_TYPE_H
#define REPORT_TYPE_H

#include <pango/pangocairo.h>

#include "base/err.h"

enum { TYPE_SANS, TYPE_SERIF, TYPE_MONO };

struct type_font {
    int family;             /* TYPE_* */
    double size;            /* points */
    bool bold, italic, narrow;
};

struct type_box {           /* top left corner and size, points */
    double x, y, w, h;
};

/* A pen draws on cr; every word it writes is noted, so that a test can ask for overlaps. */
struct type_pen {
    cairo_t *cr;
    struct type_box *noted; /* ink rectangles on the page, axis-parallel */
    const char **text;      /* their words, owned by the pen */
    size_t n, cap, text_cap;
};

void type_pen_free(struct type_pen *p);

/* The fonts of the house are there: an error names the font that came instead. */
bool type_check(struct err *err);

/* A layout of one or more lines (wrapped at width points when width > 0). g_object_unref it. */
PangoLayout *type_layout(cairo_t *cr, struct type_font font, const char *text, double width);

/* Width and height (of the lines, not of the ink) in points. */
struct type_box type_size(cairo_t *cr, struct type_font font, const char *text, double width);

/* Write text so that the point (ax, ay) of its box lies on (x, y): 0 is left or top, 1 right or
 * bottom, .5 the middle. ay = TYPE_BASELINE puts the first line's baseline on y. angle turns it
 * anticlockwise about (x, y), in degrees. width > 0 wraps it. */
#define TYPE_BASELINE (-1.0)
void type_write(struct type_pen *p, struct type_font font, const char *text, double x, double y,
                double ax, double ay);
void type_write_turned(struct type_pen *p, struct type_font font, const char *text, double x,
                       double y, double ax, double ay, double angle, double width);
void type_write_wrapped(struct type_pen *p, struct type_font font, const char *text, double x,
                        double y, double ax, double ay, double width);

#endif
