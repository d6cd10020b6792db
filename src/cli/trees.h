/* trees.h: a call graph as report/tree.h wants it. */
#ifndef CLI_TREES_H
#define CLI_TREES_H

#include "report/tree.h"
#include "trace/callgraph.h"

/* Labels are borrowed from names, the calls lie in mem; times are ms. */
struct tree_graph trees_of(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                           struct arena *mem);

#endif
