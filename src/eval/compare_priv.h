/* compare_priv.h: the re-draws a comparison keeps, for paired differences. */
#ifndef EVAL_COMPARE_PRIV_H
#define EVAL_COMPARE_PRIV_H

#include "base/mem.h"

struct compare_draws {
    struct arena *arena;       /* names and reasons */
    size_t entrants, metrics, redraws;
    double *value;             /* (VIEWS, entrants, metrics, redraws + 1); re-draw 0: as measured */
};

#endif
