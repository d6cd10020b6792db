/* table.h: a CSV file with a header line, as columns of words and numbers.
 *
 * What experiments write and what figures, tables and the paper read. RFC 4180: fields are
 * separated by commas; a field in double quotes may hold commas, line breaks and "" for ".
 * A BOM and CRLF are accepted, empty lines skipped. Every row must have as many fields as the
 * header, and header names must be different and not empty: anything else is an error
 * with file and line. A cell that is empty, "n/a", "NA" or "nan" is a number that does not
 * exist: NaN. Everything belongs to the table and goes with table_free.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct table {
    struct arena *mem;
    const char *name;       /* what errors call it: the path */
    size_t cols, rows;
    const char **header;    /* (cols) */
    const char **cell;      /* (rows, cols), UTF-8 */
    size_t *line;           /* (rows) line in the file, from 1 */
};

bool table_parse(struct table *t, const char *name, struct str text, struct err *err);
bool table_read(struct table *t, const char *path, struct err *err);
void table_free(struct table *t);    /* safe on a zeroed table and after a failure */

/* The column called name; an error names the columns that exist. */
bool table_col(const struct table *t, const char *name, size_t *col, struct err *err);
bool table_has(const struct table *t, const char *name);

const char *table_text(const struct table *t, size_t row, size_t col);

/* false (with file, line, column, value) if the cell is neither a number nor absent (NaN). */
bool table_number(const struct table *t, size_t row, size_t col, double *x, struct err *err);

/* Rows for which every "column=value" of the comma-separated condition holds, in file order.
 * "column!=value" excludes; "column=a|b" accepts either; NULL or "" is every row.
 * *rows is the table's; an empty result is no error. */
bool table_where(const struct table *t, const char *condition, size_t **rows, size_t *n,
                 struct err *err);

/* The different words of a column over rows[0..n), in order of first appearance. */
size_t table_distinct(const struct table *t, size_t col, const size_t *rows, size_t n,
                      const char ***words);

/* The same words, those of wanted[0..n_wanted) first and in that order. *words is the table's. */
size_t table_ordered(const struct table *t, size_t col, const size_t *rows, size_t n,
                     const char **wanted, size_t n_wanted, const char ***words);

#endif
