/* dgg_priv.h: a weighted graph of calls to a tree of calls. Within trace/ only.
 *
 * DGG merges all calls from one node to another into an edge with a weight, their number in the
 * whole graph. We unmerge so that every edge becomes exactly `weight` calls:
 *
 *     USER -1-> A -2-> B -3-> C        0 A   0.1 B   0.1.1 C   0.1.2 C   0.2 B   0.2.1 C
 *
 * A node called k times stands k times in the tree (in order of calls, callers in topological
 * order), and the w calls of each of its edges are dealt to these k as evenly as may be, the first
 * getting one more. So a node with several callers stands below each of them, and the tree has
 * as many calls as the weights sum up to: nothing multiplies. Calls of a node to itself are
 * dealt to those of the k that others called; the called ones do not call themselves again.
 * Siblings keep the order of the edges.
 *
 * No unique source, or other than one call from it, or a longer cycle: no tree.
 */
#ifndef TRACE_DGG_PRIV_H
#define TRACE_DGG_PRIV_H

#include "trace/import.h"

struct dgg_edge {
    uint32_t source, target;   /* nodes, counted from 0 */
    uint32_t weight;           /* >= 1 */
    uint8_t type;              /* enum call_type */
};

enum { DGG_CALLS_MAX = 1 << 16, DGG_LEVELS_MAX = 400 };   /* as deep as CSV can say it again */

/* Fill calls (room for the sum of the weights, at most DGG_CALLS_MAX) in pre-order with parent,
 * level, id, type, kind; src and dst are nodes. Returns IMPORT_CAUSES when done, else the cause and
 * the node to show. */
enum import_cause dgg_unroll(const struct dgg_edge *edges, size_t n_edges, uint32_t n_nodes,
                             struct call *calls, uint32_t *bad);

#endif
