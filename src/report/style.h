/* style.h: the one look of every figure: colours, dashes, markers, sizes.
 *
 * Okabe and Ito's colours, told apart by the colour-blind, and each with a dash and a marker of
 * its own, so that a figure survives a black-and-white print. Style 0 is black: real data.
 * Heat maps use cividis (Nunez, Anderton and Renslow, 2018), which grows in lightness.
 */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include <cairo.h>
#include <stddef.h>

enum { STYLE_REAL = 0, STYLE_COUNT = 8 };

#define STYLE_COLUMN_IN 3.33     /* one column of a paper, inches */
#define STYLE_PAGE_IN 7.0        /* both columns */
#define STYLE_LABEL_PT 8.0
#define STYLE_TICK_PT 7.0

struct style_rgb { double r, g, b; };

/* By number (taken modulo STYLE_COUNT), or by name: black blue vermillion green purple orange sky
 * yellow; style_find returns STYLE_COUNT for another word. */
struct style_rgb style_color(size_t style);
size_t style_find(const char *name);

void style_ink(cairo_t *cr, size_t style, double alpha);     /* the source colour */
void style_grey(cairo_t *cr, double lightness);
void style_stroke(cairo_t *cr, size_t style,
                  double width); /* colour, dash, width of the next stroke */
void style_marker(cairo_t *cr, size_t style, double x, double y,
                  double size); /* filled, with a white rim */

/* share in [0, 1] -> cividis; light: black words are readable on it. */
struct style_rgb style_heat(double share);
int style_is_light(struct style_rgb c);

#endif
