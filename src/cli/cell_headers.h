/* cell_headers.h: where the headers of the accuracy map come from. */
#ifndef CLI_CELL_HEADERS_H
#define CLI_CELL_HEADERS_H

#include "cli/driver.h"
#include "gen/cells.h"

/* In this order of preference: TraceLLM's prompt files in --data (<calls>_<depth>.txt: the name is
 * the cell; the last prompt of each is lost under --compat tracellm alone); alibaba-headers there,
 * with those of the graphs read; without --data those of reference traces past the first `read`.
 * All cells have headers then. A file that cannot be read is named on stderr. */
struct cells *cell_headers(const struct driver *d, const struct graphset *real, uint64_t read);

#endif
