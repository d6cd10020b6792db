/* workbook.h: tables.xlsx: a README sheet, one sheet a table, Claims, Provenance.
 *
 * Numbers are numbers with their format; an interval takes two columns of its own beside its
 * value; headers and the key column are frozen, with a filter; an absent number is an empty cell.
 * The file's bytes depend on what it holds alone: its date is SOURCE_DATE_EPOCH, else 1980-01-01.
 */
#ifndef REPORT_WORKBOOK_H
#define REPORT_WORKBOOK_H

#include "report/grid.h"

struct workbook_input {
    struct grid *grids;             /* in the order of sheets; their sheet names must differ */
    size_t n;
    const char *data_dir;           /* where FILE.meta.json is looked for, and claims.csv */
    const char *claims;             /* file of the claims in data_dir, or NULL */
};

bool workbook_write(const struct workbook_input *in, const char *path, struct err *err);

#endif
