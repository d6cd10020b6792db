/* layers.h: a call graph cut into layers, as TraceLLM's recursive texts have it.
 *
 *     0            a layer is the calls that one call makes:   {0}  {0.1 0.2}  {0.1.1}
 *     0.1  0.2     layers come in pre-order of their first calls
 *     0.1.1
 *
 * A layer of more than 15 calls is cut into parts of 13, 14 or 15 calls (one draw per layer); more
 * than 5 parts are gathered by fives into merged parts, again and again. A part that stays alone in
 * its five is not wrapped. Layers that only hold parts are `split`; parts share the parent call.
 *
 *     91 calls:  split { split { 15 15 15 15 15 }  split { 15 1 } }
 *
 * Source: spec 2.2. The meaning of the ten header values is there.
 */
#ifndef TEXT_LAYERS_H
#define TEXT_LAYERS_H

#include <gsl/gsl_rng.h>

#include "base/mem.h"
#include "text/header.h"
#include "trace/callgraph.h"

enum { LAYER_WIDEST = 15, LAYER_GROUP = 5 };

struct layer {
    uint32_t parent;              /* the call that makes these; CALL_NONE at the root */
    bool split;                   /* subs are parts; otherwise they are layers one level down */
    uint32_t *calls;              /* (n) ascending; of a split, those of all parts */
    size_t n;
    const struct layer **subs;    /* (n_subs) in order */
    size_t n_subs;
    struct header header;         /* all ten keys; without caller for USER's root layer */
};

struct layers {
    const struct layer **at;      /* (n); at[0] is the root layer */
    size_t n;
};

/* All memory is the arena's. rng NULL: parts of 15. */
struct layers layers_of(const struct callgraph *g, const struct names *names, gsl_rng *rng,
                        struct arena *arena);

/* The number that stands in "<subgraph of edge_id N>" before this sub. */
static inline uint32_t layer_index(const struct callgraph *g, const struct layer *sub)
{
    return g->calls[sub->parent].id;
}

/* The bytes that a name may not hold inside these texts (escape.h). */
#define LAYER_ESCAPES "/:,()<>"

#endif
