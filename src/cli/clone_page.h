/* clone_page.h: "how real, how private": one page about synthetic traces, as PDF and HTML.
 *
 * Every figure stands beside what real traces that the model never saw score at the same place, its
 * floor: a number of its own says nothing.
 */
#ifndef CLI_CLONE_PAGE_H
#define CLI_CLONE_PAGE_H

#include "cli/clone_learn.h"
#include "eval/compare.h"
#include "trace/callgraph.h"

struct clone_facts {
    const char *format;            /* of the traces */
    size_t real, train, unseen, made, calls_real, calls_made;
    struct clone_learnt learnt;
    double minutes, minutes_asked;
    bool renamed, interfaces;
    uint64_t seed;
};

/* Names joined, as the model knew them. */
struct clone_sets {
    const struct graphset *train, *unseen, *made;
};

/* Write DIR/report.pdf, report.html, report.json and, in DIR/private, the tables behind them. */
bool clone_page(const char *dir, const struct clone_facts *facts, const struct clone_sets *sets,
                uint64_t seed, size_t threads, struct err *err);

#endif
