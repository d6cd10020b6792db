/* paper_layout_priv.h: what stands on the pages of the PDF: within paper_*.c alone.
 *
 * A float's content is a block: figure or grid, with its caption's lines.
 */
#ifndef REPORT_PAPER_LAYOUT_PRIV_H
#define REPORT_PAPER_LAYOUT_PRIV_H

#include "report/paper_pages.h"
#include "report/paper_priv.h"
#include "report/typeset.h"

struct paper_line {             /* what a PAPER_LINE atom shows */
    struct typeset_line words;
    struct type_font font;
    double leading;             /* distance from the line above; the words stand in its middle */
    double tint_left;           /* >= 0: grey behind it from there to the column's edge (code) */
    double bar;                 /* > 0: a rule at this x (quotation) */
    int outline;                /* > 0: a heading of this level for the PDF's outline */
    const char *title;          /* of that heading */
    const char *anchor;
};

struct grid_layout;

struct paper_block {            /* what a PAPER_FLOAT atom shows */
    const struct paper_float *f;
    double width, scale;        /* scale: of a figure or table wider than its place */
    struct typeset_line *caption;
    size_t n_caption;
    double body;                /* height of figure or table */
    struct grid_layout *grid;
    bool continued;             /* not the first part of its table */
};

struct paper_layout {
    struct paper *p;
    struct arena *mem;
    struct typeset *t;
    cairo_t *scratch;
    struct paper_atom *atom;
    size_t n, cap;
    struct paper_line *title;   /* lines across the page */
    size_t n_title, title_cap;
};

extern const struct type_font paper_body, paper_caption;
#define PAPER_COLUMN 240.0      /* 3.33 in */
#define PAPER_GUTTER 24.0
#define PAPER_WIDTH 504.0       /* 7 in */
#define PAPER_LEADING 11.3

bool paper_blocks(struct paper_layout *l, struct err *err);   /* paper_blocks.c: atoms, title */

/* A float's block and its atom's size. *rest is NULL for the first block of a float; on return it
 * is what a table too tall for a page leaves for the next block, for a further call. */
struct paper_block *paper_block_of(struct paper_layout *l, const struct paper_float *f,
                                   struct paper_atom *atom, struct grid_layout **rest);

/* paper_grid.c: a table on paper, rules above and below, numbers at the right. */
struct grid_layout *grid_lay_out(struct paper_layout *l, const struct grid *g, double narrow,
                                 double wide);
double grid_layout_width(const struct grid_layout *g);
double grid_layout_height(const struct grid_layout *g);
/* Cut off what would make it taller than most: the rest, with the same columns, or NULL. */
struct grid_layout *grid_layout_split(struct paper_layout *l, struct grid_layout *k, double most);
void grid_draw(const struct grid_layout *g, struct type_pen *pen, double x, double y);

#endif
