/* clone_page.h: "how real, how private": one page about synthetic traces, as PDF and HTML. */
#ifndef CLI_CLONE_PAGE_H
#define CLI_CLONE_PAGE_H

#include "cli/clone_learn.h"
#include "cli/clone_measure.h"

enum { CLONE_FOLD_LEAST = 10 };    /* graphs that share a word for several calls */

enum clone_phase { CLONE_READ, CLONE_TRIAL, CLONE_TRAIN, CLONE_WRITE, CLONE_CHECK, CLONE_MEASURE,
                   CLONE_PHASES };

struct clone_facts {
    const char *format;            /* of the traces */
    size_t real, train, unseen, made, calls_real, calls_made, words;   /* words: of usual parts */
    struct clone_learnt learnt;
    double minutes, phase_s[CLONE_PHASES];   /* asked for; what the time went to */
    bool renamed, interfaces, clocked;       /* clocked: the minutes chose model and passes */
    uint64_t seed;
};

/* Write DIR/report.pdf, report.html, report.json and, in DIR/private, the tables behind them. */
bool clone_page(const char *dir, const struct clone_facts *facts, const struct clone_sets *sets,
                const struct clone_arrivals *arrivals, const struct clone_arrivals_distance *starts,
                const double *start_s, const struct clone_measured *m, struct err *err);

#endif
