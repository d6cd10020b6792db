/* tables_priv.h: call graphs as independent draws from tables, the family both probabilistic
 * baselines belong to.
 *
 *     root --type by level--> leaf? --no--> how many children --> each child: type by level ...
 *
 * Every call draws its type, whether it is a leaf, its number of children, its destination and its
 * times independently of everything but its level and type; its caller is its parent's destination.
 * What a table is keyed by is the difference between the baselines.
 *
 * Times are fitted into parents from the top down, so the root keeps its drawn response time:
 * a child starts at its drawn place but not after its parent finishes, and its response time is cut
 * to what its parent has left. No draw can fail for its times.
 *
 * Source of the idea: the tables P(type | level), P(leaf | level) and children by level that
 * "Characterizing Microservice Dependency and Performance" (SoCC 2021) and ERMS publish for the
 * Alibaba traces; independent draws from them are the model other papers call probabilistic.
 */
#ifndef GEN_TABLES_PRIV_H
#define GEN_TABLES_PRIV_H

#include <stdbool.h>

#include "gen/bag.h"
#include "gen/generator.h"

struct tables_key {
    bool leaf_by_type;     /* leaf share by (level, type); else by level over types that may call */
    bool dst_by_level;     /* destination by (level, type); else by type alone */
    bool time_by_cell;     /* response time by (level, type); else one table for all calls */
    bool gaps; /* a child starts a drawn gap after its elder sibling's finish (its parent's
                  start if eldest); else uniformly within what its parent has left */
};

struct tables {
    struct tables_key key;
    const struct graphset *train;
    bool timed;            /* all training graphs are */
    size_t levels;
    struct bag service;
    struct bag *type, *children;          /* (levels) */
    struct bag *leaf, *dst, *rt,
        *gap; /* (levels, CALL_TYPES); cells a key does not use stay empty */
};

struct tables *tables_fit(const struct graphset *train, struct tables_key key);
enum draw_outcome tables_draw(const struct tables *t, const struct prompt *p, gsl_rng *rng,
                              struct graphset *out);
void tables_free(struct tables *t);

/* The cell of a table keyed by (level, type), either of which may be pooled (0). */
static inline size_t tables_cell(size_t level, size_t type)
{
    return level * CALL_TYPES + type;
}

#endif
