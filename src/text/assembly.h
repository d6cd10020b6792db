/* assembly.h: layers become a graph again.
 *
 * The calls of a layer get the ids prefix.edge_id; the prefix of a layer below is that of the layer
 * above and the index of its sub-header, but parts of a split keep the split's prefix (spec 4.1).
 */
#ifndef TEXT_ASSEMBLY_H
#define TEXT_ASSEMBLY_H

#include "text/flat.h"
#include "text/layer_text.h"

struct layer_place {
    const int64_t *prefix;         /* (depth) */
    size_t depth;                  /* 0 for the root layer */
};

/* Add the edges of t, with their sources taken from its start_node ("" where it has none). */
void assembly_collect(const struct layer_text *t, struct layer_place at, struct flat *calls);

/* Where the layer of sub-header i of t stands. The prefix lies in the arena. */
struct layer_place assembly_below(const struct layer_text *t, struct layer_place at, size_t i,
                                  struct arena *arena);

/* Layers in the order of the files: pre-order, the root layer first. */
struct assembly {
    struct arena *arena;           /* borrowed: of the texts' lists and of the prefixes */
    struct flat calls;
    struct str service;            /* the root header's id */
    struct header root;
    struct pending {
        struct layer_place at;
        struct header header;
    } *due;                        /* (n_due) layers that must still come, the next one last */
    size_t n_due, cap, layers;
};

struct assembly assembly_begin(struct arena *arena);
void assembly_free(struct assembly *a);

/* Take the next layer. False (and *why says it) when it is not the one that is due: another header
 * than was announced, edges in a bad state. */
bool assembly_take(struct assembly *a, const struct layer_text *t, const char **why);

static inline bool assembly_complete(const struct assembly *a)
{
    return a->layers > 0 && a->n_due == 0;
}

#endif
