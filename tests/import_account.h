/* import_account.h: whatever an import came to, all rows and graphs are used or have a cause. */
#ifndef TESTS_IMPORT_ACCOUNT_H
#define TESTS_IMPORT_ACCOUNT_H

#include <string.h>

#include "trace/import.h"

static inline void check_account(const struct import_report *r)
{
    uint64_t rows = r->rows_used, graphs = r->graphs_used;
    for (int c = 0; c < IMPORT_CAUSES; c++) {
        rows += r->cause[c].rows;
        graphs += r->cause[c].graphs;
        if (r->cause[c].rows + r->cause[c].graphs + r->cause[c].files)
            assert_true(strlen(r->cause[c].example) > 0);
    }
    assert_int_equal(rows, r->rows_read);
    assert_int_equal(graphs, r->graphs_read);
}

#endif
