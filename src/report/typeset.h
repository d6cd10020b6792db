/* typeset.h: runs of styled words -> justified lines of placed pieces.
 *
 * Words are measured by pango, lines chosen by linebreak.h, words broken by hyphen.h. A line's
 * pieces carry their place, so drawing needs no further decision. Points throughout.
 */
#ifndef REPORT_TYPESET_H
#define REPORT_TYPESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "report/type.h"

enum {
    TYPESET_BOLD = 1,
    TYPESET_ITALIC = 2,
    TYPESET_CODE = 4,
    TYPESET_SUP = 8,
    TYPESET_SUB = 16,
    TYPESET_STYLES = 32
};

struct typeset_run {
    const char *text;           /* "\n" is a forced line end */
    unsigned style;             /* TYPESET_* */
    const char *link;           /* "https://..." or "#name"; NULL: none */
    const char *anchor;         /* a destination at this place; text is then "" */
};

struct typeset_piece {
    const char *text, *link, *anchor;
    unsigned style;
    double x, width;            /* from the left edge of the column */
};

struct typeset_line {
    struct typeset_piece *piece;
    size_t n;
};

enum typeset_align { TYPESET_JUSTIFY, TYPESET_LEFT, TYPESET_CENTER };

struct typeset_shape {
    struct type_font font;
    double width, indent, first;    /* line width; left indent of all lines; more for the first */
    enum typeset_align align;
};

/* Measures; one per document. */
struct typeset;
struct typeset *typeset_new(cairo_t *scratch);
void typeset_free(struct typeset *t);

size_t typeset_paragraph(struct typeset *t, struct arena *mem, const struct typeset_run *runs,
                         size_t n, const struct typeset_shape *shape, struct typeset_line **lines);

/* The font of a style on top of a base, and how far its baseline is lifted (sup, sub). */
struct type_font typeset_font(struct type_font base, unsigned style, double *lift);
double typeset_width(struct typeset *t, struct type_font font, const char *text);

#endif
