/* plot_priv.h: what the files plot*.c share: a panel with its scales and its place on the page. */
#ifndef REPORT_PLOT_PRIV_H
#define REPORT_PLOT_PRIV_H

#include "report/plot.h"
#include "report/style.h"

struct plot_frame {
    const struct plot_panel *p;
    struct scale x, y;
    double left, top, right, bottom;    /* margins that axes and title need, points */
    struct type_box in;                 /* where data are drawn, points */
    bool tilted;                        /* category names lean */
};

extern const struct type_font plot_tick_font, plot_label_font, plot_title_font;

/* plot_axes.c */
struct plot_frame plot_frame_new(const struct plot_panel *p);       /* scales from the data */
void plot_measure_sides(struct plot_frame *f, struct type_pen *pen, double height_guess);
void plot_measure_ends(struct plot_frame *f, struct type_pen *pen,
                       double width); /* top and bottom */
void plot_place(struct plot_frame *f, struct type_box in);
void plot_axes(const struct plot_frame *f, struct type_pen *pen);
void plot_reference_lines(const struct plot_frame *f, struct type_pen *pen);
size_t plot_ticks_x(const struct plot_frame *f, double width, struct scale_tick *t);
size_t plot_ticks_y(const struct plot_frame *f, double height, struct scale_tick *t);

/* plot_marks.c, plot_bars.c, plot_heat.c */
void plot_marks(const struct plot_frame *f, struct type_pen *pen);
void plot_bars(const struct plot_frame *f, struct type_pen *pen);
void plot_open_diamond(cairo_t *cr, double x, double y, double size);
void plot_heat(const struct plot_frame *f, struct type_pen *pen);
double plot_heat_bar_width(const struct plot_frame *f, struct type_pen *pen);

static inline bool plot_by_category(enum plot_kind k)
{
    return k == PLOT_BAR || k == PLOT_POINTS || k == PLOT_BOX;
}

#endif
