/* grid.h: a table ready to be shown, from its description (NAME.tab) and CSV files.
 *
 * A .tab file is a spec (spec.h) without sections:
 *
 *   title, caption   as for figures; needed         number   the paper's own, such as "Table 2"
 *   csv      file in the data folder; needed        where    rows to use: a=b, c=d|e, f!=g
 *   column   SOURCE | Header | format | best | lo hi      one each, in order; needed
 *            SOURCE  a column of the CSV (with pivot: a word of the pivot column)
 *            Header  with the unit: "Time (ms)" [SOURCE]
 *            format  text, or a number format (number.h) [text]
 *            best    low or high: the best number of the column is set bold [-]
 *            lo hi   two columns of the CSV: the ends of an interval, printed [lo, hi]
 *   unranked words of the first column that are never best: floors, copies
 *   order    words of the first column in the order of rows; labels  a: Text
 *   pivot    a long CSV made wide: one row for each word of `rows`, one column for each word
 *            of `pivot` that a `column` names; cells are `value` with `lo` and `hi`
 *   rows     the key column of a pivot; rowheader  its header
 *   value, lo, hi      columns of the CSV, for pivot
 *   sheet    name of the worksheet, at most 31 characters [the file's name]
 *   chart    column, line or scatter: Header, Header...     a native chart in the workbook:
 *            the first column (scatter: the first named column) against the named ones
 *
 *     title = Fidelity to the training graphs
 *     caption = Distances with 95 % intervals; the best in bold.
 *     csv = compare.csv
 *     where = view=traffic
 *     rows = name
 *     rowheader = Generator
 *     pivot = metric
 *     value = value
 *     lo = lo
 *     hi = hi
 *     column = kl | KL | 0.00 | low
 *     column = auc | AUC | 0.00 | low
 *     chart = column: KL, AUC
 */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct grid_cell {
    const char *text;           /* of a text column; else NULL */
    double x, lo, hi;           /* NaN: absent */
    bool best;
};

struct grid_column {
    const char *source, *header, *format;   /* format NULL: text */
    int best;                   /* -1 low, +1 high, 0 none */
    bool interval;
};

enum grid_chart { GRID_NO_CHART, GRID_COLUMN_CHART, GRID_LINE_CHART, GRID_SCATTER_CHART };

struct grid {
    struct arena *mem;
    const char *name, *title, *caption, *number, *sheet;
    size_t cols, rows;
    struct grid_column *column;     /* (cols) */
    struct grid_cell *cell;         /* (rows, cols) */
    enum grid_chart chart;
    size_t *chart_column, n_chart;  /* indices */
    const char *csv, *sha256;       /* the input and its digest */
};

bool grid_read(struct grid *g, const char *spec_path, const char *data_dir, struct err *err);
void grid_free(struct grid *g);

/* The words of a cell: "0.42", "0.42 [0.39, 0.45]", "n/a"; appended to out. */
void grid_words(const struct grid *g, size_t row, size_t col, struct buf *out);

void grid_markdown(const struct grid *g, struct buf *out);
void grid_html(const struct grid *g, struct buf *out);     /* <table> without caption */

#endif
