/* trees.c: see the header. */
#include "cli/trees.h"

#include <math.h>

struct tree_graph trees_of(const struct callgraph *g, const struct names *names, uint32_t tick_us,
                           struct arena *mem)
{
    struct tree_call *c = ARENA_ARRAY(mem, g->n, struct tree_call);
    double ms = tick_us / 1000.0;
    for (size_t i = 0; i < g->n; i++) {
        const struct call *k = &g->calls[i];
        c[i].parent = i ? k->parent : TREE_ROOT;
        c[i].label = names_get(names, k->dst);
        c[i].type = call_type_name((enum call_type)k->type);
        c[i].start = g->timed ? (double)k->start * ms : NAN;
        c[i].finish = g->timed ? (double)call_finish(k) * ms : NAN;
    }
    return (struct tree_graph){ c, g->n };
}
