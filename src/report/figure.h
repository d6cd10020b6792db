/* figure.h: a figure from its description (NAME.fig) and the CSV files that experiments wrote.
 *
 * A .fig file is a spec (spec.h). Keys before the first [panel] describe the figure and are
 * the defaults of every panel; without any [panel] there is one panel.
 *
 *   figure   title    what it is (document metadata, list)            needed
 *            caption  printed under it in the paper                   needed
 *            number   the paper's own number, such as "Figure 5"
 *            width    column (3.33 in) or page (7.0 in) [column]      height  inches [by rows]
 *            columns  panels in a row [all of them, at most 4]
 *            legend   yes or no [yes if there are groups]
 *            real     the group drawn in black [real]
 *            order    groups in the order of their styles; labels  a: Text, b: Text
 *            style    a: blue, b: orange (style.h) where order should not decide
 *            reflabel what the diamonds of `ref` are [paper]
 *   panel    kind     cdf ccdf line scatter bar points box heat tree  needed
 *            csv      file in the data folder                         needed
 *            where    rows to use: a=b, c=d|e, f!=g
 *            group    column: one series each      facet  column: one panel each
 *            title    [the facet's word]
 *            x y lo hi q1 q3 ref     columns (see below)
 *            xlabel ylabel zlabel; xlog ylog, xpercent ypercent zpercent (yes, no);
 *            xmin xmax ymin ymax zmin zmax
 *            xorder yorder   categories in this order [of first appearance]
 *            xlabels ylabels a: Text, b: Text
 *            numbers  yes: print values; format "0.00" (number.h)     diagonal yes: y = x
 *            hline vline     VALUE words   a reference line; may repeat
 *
 *   cdf, ccdf  x: samples, or counts of them with `weight`; a 95 % band (Dvoretzky, Kiefer and
 *              Wolfowitz, n = the sum of weights) unless band = no. With y: ready points.
 *              ccdf is the share at or above x.
 *   line       x, y (numbers); lo, hi: band      scatter  the same, lo, hi: error bars
 *   bar, points  x: category, y; lo, hi: interval; one row per category and group
 *   box        x: category, y: samples (median, quartiles, whiskers p5 and p95), or ready-made:
 *              y, q1, q3, lo, hi
 *   heat       x, y: categories, z: the value; ref: cells where it is not 0 are hatched
 *   tree       columns graph (the facet), id, parent (empty for the root, else an earlier id),
 *              label, type, start, finish (ms); one graph a panel
 */
#ifndef REPORT_FIGURE_H
#define REPORT_FIGURE_H

#include "base/mem.h"
#include "report/plot.h"
#include "report/spec.h"
#include "report/table.h"

struct figure {
    struct arena *mem;
    struct plot plot;
    const char *title, *caption, *number;   /* number may be "" */
    const char *provenance;                 /* program, commit and SHA-256 of each input */
    const char **inputs;                    /* the CSV files' names, as in the spec */
    size_t n_inputs;
};

/* Everything the figure needs now lives in f->mem. Errors name file, line and value. */
bool figure_read(struct figure *f, const char *spec_path, const char *data_dir, struct err *err);
void figure_free(struct figure *f);

/* OUTBASE.pdf, .svg, .png. */
bool figure_write(const struct figure *f, const char *outbase, struct err *err);
void figure_draw(cairo_t *cr, void *figure);    /* a canvas_fn; 72 units an inch */

#endif
