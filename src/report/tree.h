/* tree.h: a call graph as people read it: calls indented under their callers, times as bars.
 *
 *     MS_00001               |==============|   0-10 ms
 *     ├─ MS_00002              |======|
 *     │  └─ MS_00003 x49        ||
 *     └─ MS_00004                         |==|
 *
 * Neighbouring siblings whose whole subtrees are alike (labels, types, shape) are folded into
 * one line with their number; its bar spans them all. If lines are still too many, the last says
 * how many calls are not shown.
 */
#ifndef REPORT_TREE_H
#define REPORT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/type.h"

#define TREE_ROOT ((size_t)-1)

struct tree_call {
    size_t parent;              /* index of an earlier call; TREE_ROOT for the first alone */
    const char *label, *type;   /* type: http rpc db mc mq, or any word */
    double start, finish;       /* ms from the start of the graph; NaN: not known */
};

struct tree_graph {
    const struct tree_call *calls;
    size_t n;
};

struct tree_row {
    size_t call;                /* index; meaningless in the row that says what is hidden */
    size_t depth;
    size_t times;               /* folded siblings, 1 or more */
    size_t calls;               /* calls this row stands for, hidden ones below it included */
    bool last;                  /* of its siblings */
    bool more;                  /* the last row: `calls` are not shown */
    unsigned long long rails;   /* bit d: a line runs down at depth d (depths above 63: none) */
    double start, finish;
};

/* false if parents are not earlier calls or there is not exactly one root, the first. */
bool tree_valid(const struct tree_graph *g);

/* At most max_rows rows (0: no bound) of a valid graph; returns their number. free(*rows). */
size_t tree_rows(const struct tree_graph *g, size_t max_rows, struct tree_row **rows);

/* Points that tree_draw needs to show all rows, but at most TREE_MOST_ROWS, at their best size. */
enum { TREE_MOST_ROWS = 24 };
double tree_height(const struct tree_graph *g);

/* Draw into a box; types by colour (tree_style). */
void tree_draw(const struct tree_graph *g, struct type_pen *pen, struct type_box in);
size_t tree_style(const char *type);

/* Write as text, `width` columns wide (40 or more), at most max_rows lines of calls. Colour uses
 * ANSI sequences; callers pass tree_colors(f): a terminal, TERM not dumb, NO_COLOR empty. */
void tree_print(const struct tree_graph *g, FILE *f, size_t width, size_t max_rows, bool color);
bool tree_colors(FILE *f);

#endif
