/* figure_priv.h: what the files figure*.c share. */
#ifndef REPORT_FIGURE_PRIV_H
#define REPORT_FIGURE_PRIV_H

#include "report/figure.h"

/* A panel in the making: its section of the spec, its rows of the table. */
struct figure_panel {
    struct figure *f;
    struct spec *s;
    size_t section;
    const char *kind;
    const struct table *t;
    const size_t *rows;
    size_t n;
    const char **groups;            /* raw words; one "" without a group column */
    size_t n_groups;
    size_t group_col;               /* meaningless without */
    bool grouped;
    const char **xs, **ys;          /* categories: raw words */
    size_t n_xs, n_ys;
};

/* Value of a key in the panel's section, else in the figure's head. */
const char *figure_key(struct figure_panel *p, const char *key, const char *standard);
size_t figure_section_of(struct figure_panel *p, const char *key);   /* where that value stands */

/* Fill series and, for categories, names. figure_series.c */
bool figure_series(struct figure_panel *p, struct plot_panel *out, struct err *err);

/* figure_tree.c */
bool figure_tree(struct figure_panel *p, struct plot_panel *out, struct err *err);

#endif
