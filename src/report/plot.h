/* plot.h: a figure is panels; a panel is series on two axes. Draws arrays, knows no files.
 *
 *     struct plot_series s[] = { { .label = "real", .style = 0, .n = 3, .x = x, .y = y } };
 *     struct plot_panel p = { .kind = PLOT_LINE, .series = s, .n_series = 1,
 *                             .x = { .label = "size" }, .y = { .label = "share" } };
 *     struct plot f = { .width = 3.33, .height = 2.2, .columns = 1, .panels = &p, .n_panels = 1 };
 *     plot_draw(&f, &(struct type_pen){ .cr = cr });
 *
 * All arrays are borrowed. Values are finite or NaN (not measured: the line is interrupted, the
 * bar says n/a). Legends stand above the panels, never on data.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

#include "report/scale.h"
#include "report/type.h"

struct tree_graph;

enum plot_kind {
    PLOT_LINE,      /* y over x with markers; lo, hi: a band */
    PLOT_STEP,      /* y holds from x to the next x (CDF); lo, hi: a band */
    PLOT_SCATTER,   /* markers; lo, hi: error bars */
    PLOT_BAR,       /* x is the index of the category; lo, hi: an interval; from 0 up */
    PLOT_POINTS,    /* as bars, but markers: for log axes and values whose 0 means nothing */
    PLOT_BOX,       /* x the category; y median, q1, q3 the box, lo, hi the whiskers (p5, p95) */
    PLOT_HEAT,      /* one series: x, y the indices of categories, lo the value */
    PLOT_TREE       /* a call graph drawn as a tree (tree.h) */
};

struct plot_series {
    const char *label;
    size_t style;               /* style.h; 0 is black */
    size_t n;
    const double *x, *y;        /* (n) */
    const double *lo, *hi;      /* (n) or NULL */
    const double *q1, *q3;      /* (n), boxes alone */
    const double *ref;          /* (n) or NULL: the paper's value, drawn as an open diamond */
};

struct plot_axis {
    const char *label;          /* with the unit: "Response time (ms)" */
    bool log, percent;
    double lo, hi;              /* ends asked for; NaN: from the data */
    const char *const *names;   /* categories, or NULL */
    size_t n_names;
};

struct plot_line {              /* a reference line across the panel, with its words at the end */
    bool vertical;
    double at;
    const char *label;
};

struct plot_panel {
    enum plot_kind kind;
    const char *title;          /* or NULL */
    struct plot_axis x, y, z;   /* z: label and ends of a heat map's values */
    const struct plot_series *series;
    size_t n_series;
    const struct plot_line *lines;
    size_t n_lines;
    bool numbers;               /* print values at bars */
    bool diagonal;              /* y = x, for comparisons */
    const char *format;         /* of printed numbers: "0.00", "0.0%", "#,##0" (number.h) */
    const struct tree_graph *tree;
};

struct plot {
    double width, height;       /* inches; height 0: chosen from the number of rows */
    size_t columns;             /* panels in a row */
    const struct plot_panel *panels;
    size_t n_panels;
    bool legend;
    const char *ref_label;      /* what open diamonds are, such as "paper"; NULL: none */
};

/* Inches. */
double plot_height(const struct plot *f);

/* Why the figure cannot be drawn (a negative value on a log axis, bars on one), or NULL. Static
 * text. */
const char *plot_refuses(const struct plot *f);

/* Draw at the origin of the pen's context. Words written are noted in the pen. */
void plot_draw(const struct plot *f, struct type_pen *pen);

#endif
