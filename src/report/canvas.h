/* canvas.h: one drawing, three files: vector PDF, SVG, and PNG at 200 dots an inch.
 *
 * The same drawing gives the same bytes, whatever was drawn before it in this process: dates are
 * set (SOURCE_DATE_EPOCH, else 1980-01-01), and the running numbers that cairo puts into SVG are
 * replaced by numbers that count from the drawing's own start.
 */
#ifndef REPORT_CANVAS_H
#define REPORT_CANVAS_H

#include <cairo.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"

struct canvas_info {
    double width, height;       /* points */
    const char *title;          /* PDF Title, PNG Title, SVG <title> */
    const char *subject;        /* the caption */
    const char *provenance;     /* PDF Keywords, PNG Comment, SVG <desc> */
};

typedef void (*canvas_fn)(cairo_t *cr, void *ctx);

/* Write outbase.pdf, .svg and .png, each aside and renamed. */
bool canvas_write(const char *outbase, const struct canvas_info *info, canvas_fn draw, void *ctx,
                  struct err *err);

/* The bytes of one of them, appended to out. id is put before every id of the SVG, so that
 * several can live in one HTML file. */
bool canvas_pdf(struct buf *out, const struct canvas_info *info, canvas_fn draw, void *ctx,
                struct err *err);
bool canvas_png(struct buf *out, const struct canvas_info *info, canvas_fn draw, void *ctx,
                struct err *err);
bool canvas_svg(struct buf *out, const struct canvas_info *info, const char *id, canvas_fn draw,
                void *ctx, struct err *err);

/* Set title, subject, keywords, creator and date of a PDF surface. */
void canvas_label_pdf(cairo_surface_t *pdf, const struct canvas_info *info);

/* A context that measures and draws nothing; canvas_done frees it. */
cairo_t *canvas_scratch(void);
void canvas_done(cairo_t *cr);

/* "2026-01-31T00:00:00Z" of SOURCE_DATE_EPOCH, or of 1980-01-01. */
void canvas_date(char out[32]);
time_t canvas_time(void);

#endif
