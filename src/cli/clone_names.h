/* clone_names.h: names on their way into a model, out of it, and to strangers.
 *
 * A model learns services, not operations. So for `clone` they become one name,
 *
 *     callee "search", interface "/search.Search/Nearby"  ->  "search" 1F "/search.Search/Nearby"
 *
 * which the model writes as one word, and which is taken apart again afterwards: operations stay
 * with the services that have them.
 */
#ifndef CLI_CLONE_NAMES_H
#define CLI_CLONE_NAMES_H

#include "trace/callgraph.h"

/* Distinct (callee, interface) pairs. */
size_t clone_pairs(const struct graphset *s);

/* A copy in which every interface has gone into its callee's name; without `interfaces` they are
 * only dropped. Arrivals and trace ids stay. */
struct graphset *clone_join(const struct graphset *s, bool interfaces);

/* The reverse; callers become what their callees were called. */
struct graphset *clone_split(const struct graphset *s);

/* A consistent renaming, the same from graph to graph: services service-1, service-2, ... in a
 * random order, interfaces operation-1, ..., endpoints endpoint-1, ... What says nothing stays:
 * USER, and an endpoint that is spelt from its service and interface is spelt from their new names.
 * Appends "kind,real,written" lines to *key. */
void clone_rename(struct graphset *s, uint64_t seed, struct buf *key);

#endif
