/* paper_pages.h: atoms of a column of text -> places on two-column pages.
 *
 * Atoms are lines, spaces and floats in reading order. Lines marked keep stay with what follows
 * (headings, first and last two lines of a paragraph). A float of column width stands where it
 * is mentioned if it fits, else on top of the next column; one of page width on top of the
 * next page, or below the text where it ends. No text goes past a barrier before all floats that
 * precede it. Columns are balanced where the text ends or waits.
 */
#ifndef REPORT_PAPER_PAGES_H
#define REPORT_PAPER_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum paper_atom_kind { PAPER_LINE, PAPER_SPACE, PAPER_FLOAT, PAPER_BARRIER };

struct paper_atom {
    enum paper_atom_kind kind;
    double height;
    bool keep;              /* with the next atom */
    bool wide;              /* a float of page width */
    const void *what;       /* the caller's */
};

struct paper_page_shape {
    double left, top, column, gap, height;  /* points; height of a full column */
    double float_gap;
    double head;            /* taken from the top of the first page (title) */
};

struct paper_placed {
    size_t page, atom;
    double x, y;            /* top left corner */
};

/* Places of all lines and floats (others have none), page by page; free(*placed). */
size_t paper_pages(const struct paper_atom *atoms, size_t n, const struct paper_page_shape *shape,
                   struct paper_placed **placed, size_t *pages);

#endif
