/* paper.h: a Markdown paper with its figures, tables and numbers -> one PDF and one HTML file.
 *
 *     # Title                        the only heading of its level
 *     Authors, one paragraph.
 *     ## Abstract                    not numbered; other ## and ### are
 *     ## References                  not numbered; items "- [@key] Author. Title. Place, year."
 *
 * Directives, on lines of their own:
 *     {{figure NAME}}                FIGURES/NAME.fig, drawn anew as vectors, numbered
 *     {{table NAME}}                 TABLES/NAME.tab
 * and within text, so that no number is typed:
 *     {{value FILE:ROW:COLUMN:FORMAT}}     the cell of the one row that ROW chooses (a=b,c=d);
 *                                    FORMAT as in number.h, or text. n/a is an error unless FORMAT
 *                                    begins with ?
 *     {{interval FILE:ROW:FORMAT}}   "[lo, hi]" from the columns lo and hi of that row
 *     {{count FILE:ROW}}             how many rows ROW chooses
 *     {{ratio FILE:ROW:COLUMN / FILE:ROW:COLUMN:FORMAT}}    the first over the second
 *     {{ref NAME}}                   "Figure 3", "Table 2" or "Section 4.1" (a section's NAME
 *                                    is its heading in lower case with hyphens)
 *     [@key]  [@a; @b]               citations, numbered in the order of the References
 *     text[^n]  and  [^n]: text      notes, collected before the References
 * Directives in code are left alone. An unknown directive, name, row or key, and data that are
 * missing, are errors with the line.
 *
 * The lint rule: a digit may stand only in a directive, in code, in a link's destination, in a
 * citation, in a word that begins with a letter (p95, x86-64), in a year (1900-2099), in
 * the References, in a note's name, or as the number of a list item.
 */
#ifndef REPORT_PAPER_H
#define REPORT_PAPER_H

#include "base/err.h"
#include "base/str.h"

struct paper_options {
    const char *data_dir, *figure_dir, *table_dir;
};

/* Read SOURCE.md and write OUTBASE.pdf and OUTBASE.html. */
bool paper_make(const char *source, const struct paper_options *o, const char *outbase,
                struct err *err);

/* Only look: false with the first digit that is typed, as file:line: the word. */
bool paper_lint(const char *name, struct str text, struct err *err);

#endif
