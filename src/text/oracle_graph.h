/* oracle_graph.h: is a whole generated graph right? (spec 4.4)
 *
 * finished   every layer valid, none missing
 * valid      finished, and the calls together a graph
 * correct    valid, with as many calls and as deep as the root prompt asks
 *
 * original: validity is spec 1.3 on the calls in the order given, ids not made unique; and of an
 * instruction prompt it reads the first line for the header, which is the system sentence: sizes
 * are never compared, so correct is valid. strict: a tree without any fault, sizes compared.
 */
#ifndef TEXT_ORACLE_GRAPH_H
#define TEXT_ORACLE_GRAPH_H

#include "text/oracle.h"

struct graph_layer {
    struct str prompt, output;
    size_t parent, sub;        /* which layer's which sub-header this answers; SIZE_MAX: the root */
};

struct graph_verdict {
    bool finished, valid, correct;
};

/* Layers parents first, the root layer at 0; a table is one layer. Where the calls make a call
 * graph it is added to `out` (unless NULL), whatever the verdict; *added says whether (or NULL). */
struct graph_verdict oracle_graph(const struct oracle *o, enum text_task task,
                                  const struct graph_layer *layers, size_t n, struct graphset *out,
                                  bool *added);

#endif
