/* flat.h: calls with dotted ids, in any order and state, as generated texts give them; what the
 * original thinks of them (spec 1.3), and the call graph they are if they are one. */
#ifndef TEXT_FLAT_H
#define TEXT_FLAT_H

#include "base/mem.h"
#include "trace/callgraph.h"

struct flat_call {
    const int64_t *path;           /* (depth) components of the id */
    size_t depth;
    struct str type, src, dst;     /* names escaped (escape.h) */
    int64_t start, finish;
};

struct flat {
    struct flat_call *calls;
    size_t n, cap;
    struct arena *arena;           /* for the paths; borrowed */
};

void flat_free(struct flat *f);                /* the list; the arena is the caller's */

/* Append a call whose id is the prefix and one more component. */
struct flat_call *flat_add(struct flat *f, const int64_t *prefix, size_t n, int64_t last);

/* Append a call with a dotted id; NULL if a component is no integer or there are too many. */
struct flat_call *flat_add_dotted(struct flat *f, struct str id);

/* Numeric order of ids, component by component, stable; first of equal ids kept. */
void flat_sort(struct flat *f);
void flat_unique(struct flat *f);              /* the list must be sorted */

/* Compare ids: a prefix comes first. */
int flat_cmp(const struct flat_call *a, const struct flat_call *b);

/* The original's validity (spec 1.3), in the order given: second roots and orphans below an absent
 * root pass, starts are not compared. */
bool flat_valid(const struct flat *f);
size_t flat_depth(const struct flat *f);       /* longest id */

/* What a tree of calls must be, beyond flat_valid. */
enum flat_fault {
    FLAT_GOOD, FLAT_EMPTY, FLAT_REPEATED, FLAT_ORPHAN, FLAT_SRC, FLAT_NAME, FLAT_TYPE,
    FLAT_BACKWARD, FLAT_EARLY, FLAT_LATE, FLAT_RANGE, FLAT_FAULTS
};
extern const char *const flat_fault_names[FLAT_FAULTS];

/* All faults as bits 1 << enum flat_fault. The list is sorted by it. */
uint32_t flat_faults(struct flat *f);

/* Add the graph to the set; f is sorted by it. A call that starts before its parent is allowed, as
 * in every graph of the house. On a fault nothing is added; *at is the call. Sources may be empty:
 * then they are the parent's callee, and USER at the root. */
enum flat_fault flat_graph(struct flat *f, struct str service, struct graphset *out, size_t *at);

#endif
