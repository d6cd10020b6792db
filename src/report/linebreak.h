/* linebreak.h: where the lines of a paragraph end (Knuth and Plass, 1981), on numbers alone.
 *
 * A paragraph is items: boxes (width), glue (width, stretch, shrink; a line may end before it, and
 * then it vanishes) and penalties (a line may end there at a cost, with `width` of a hyphen). The
 * breaks chosen make the sum of squared demerits of all lines least, so that no line pays for the
 * others. Source: "Breaking paragraphs into lines", Software: Practice and Experience 11; without
 * fitness classes and looseness.
 */
#ifndef REPORT_LINEBREAK_H
#define REPORT_LINEBREAK_H

#include <stdbool.h>
#include <stddef.h>

enum linebreak_kind { LINEBREAK_BOX, LINEBREAK_GLUE, LINEBREAK_PENALTY };

struct linebreak_item {
    enum linebreak_kind kind;
    double width, stretch, shrink;  /* points; of a penalty only width */
    double cost;                    /* of a penalty: 0 is free, 50 a hyphen */
    bool hyphen;                    /* two of these in a row cost extra */
};

struct linebreak_line {
    size_t from, to; /* items [from, to) are on the line; leading glue is already skipped */
    bool hyphen;                    /* ends at a penalty with a hyphen */
    double ratio; /* glue becomes width + ratio * (stretch or shrink); 0 on the last line */
};

/* Break items into lines of `width` points (the first of `first`) and return their number;
 * free(*lines). A box wider than the line gets a line of its own and sticks out. */
size_t linebreak(const struct linebreak_item *items, size_t n, double first, double width,
                 struct linebreak_line **lines);

#endif
