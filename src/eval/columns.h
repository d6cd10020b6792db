/* columns.h: a call graph as a row of numbers for a classifier.
 *
 * columns_shape: 32 numbers about shape and times, none about names.
 * columns_identity: the same and 7 about names, as log frequencies in a slice of real graphs. The
 * slice must be independent of both classes: frequencies in the training graphs would call every
 * copy of them usual, and leave-one-out frequencies give the class away.
 *
 * Times enter as log2(1 + ms). Where one of the two sides has no times, the classifier leaves the
 * columns from COLUMNS_TIMES to COLUMNS_SHAPE out on both.
 */
#ifndef EVAL_COLUMNS_H
#define EVAL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "eval/profile.h"

enum { COLUMNS_TIMES = 20, COLUMNS_SHAPE = 32, COLUMNS_IDENTITY = 39 };

struct frequencies;
struct frequencies *frequencies_new(const struct profile *slice);
void frequencies_free(struct frequencies *f);

struct columns {
    const char *const *names;     /* (n) */
    size_t n;
    bool needs_slice;
    void (*fill)(const struct profile *p, size_t i, const struct frequencies *slice, float *row);
};

extern const struct columns columns_shape, columns_identity;

#endif
