/* compat_priv.h: rows as the original's pandas table has them. Within trace/ only. */
#ifndef TRACE_COMPAT_PRIV_H
#define TRACE_COMPAT_PRIV_H

#include "trace/compat.h"

struct compat_row {
    struct str traceid, service, rpc_id, type, um, dm;
    int64_t timestamp, rt;
    uint64_t line;
};

struct compat_table {
    struct compat_row *rows;   /* those that pass the filters, in file order */
    size_t n, cap;
    struct arena *arena;       /* what the rows' strings need beyond the text itself */
};

/* Read text[0..n) (16 readable bytes follow) of file. Drops are counted in rep. */
void compat_read(const char *text, size_t n, const char *file, struct compat_table *t,
                 struct import_report *rep);

/* Is the graph valid by the original's rules (tracellm 1.3)? Sets depth. */
bool compat_valid(struct compat_graph *g);

/* Numeric order of dotted ids; trailing zero components are equal to absent ones. False in *ok when
 * one is not dotted integers. */
int compat_compare_ids(struct str a, struct str b);
bool compat_is_dotted(struct str id);

/* order := the indices 0..n-1 by key, equal keys as pandas' (numpy's) unstable sort leaves them. */
void compat_order(const int64_t *key, size_t *order, size_t n);

#endif
