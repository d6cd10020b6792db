/* decimal_priv.h: decimal text to the nearest double, fast. Within trace/ only. */
#ifndef TRACE_DECIMAL_PRIV_H
#define TRACE_DECIMAL_PRIV_H

#include <stdbool.h>

#include "base/str.h"

/* What str_f64 says, to the bit; blanks around the number are forgiven. */
bool decimal_f64(struct str s, double *x);

#endif
