/* importers.h: where graphs may come from. One const struct a source, listed once. */
#ifndef CLI_IMPORTERS_H
#define CLI_IMPORTERS_H

#include "trace/import.h"

struct importer {
    const char *name, *prose;
    unsigned tick_us;          /* of its graphs; 0 is 1000 */
    bool (*stream)(char *const *paths, size_t n, const struct import_options *o,
                   callgraph_sink sink, void *ctx, struct import_report *rep, struct err *err);
};

extern const struct importer *const importers[];   /* ends with NULL */

/* By name, or "auto": by what the files hold (standard input cannot be looked into; what is unknown
 * is taken for Alibaba's). NULL (EXIT_USAGE) for no importer, and for files of several kinds. */
const struct importer *importer_find(const char *name, char *const *paths, size_t n,
                                     struct err *err);

#endif
