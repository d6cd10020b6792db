/* cell_headers.h: where the headers of the accuracy map come from, and the layered models. */
#ifndef CLI_CELL_HEADERS_H
#define CLI_CELL_HEADERS_H

#include "cli/driver.h"
#include "gen/cells.h"
#include "trace/reference.h"

/* No driver learns from reference traces past these. */
enum { CELL_TRAINED_TRACES = 150 * REFERENCE_TRACES };

/* In this order of preference: TraceLLM's prompt files in --data (<calls>_<depth>.txt: the name is
 * the cell; the last prompt of each is lost under --compat tracellm alone); alibaba-headers there,
 * with those of the graphs read; without --data those of reference traces past the first
 * CELL_TRAINED_TRACES. All cells have headers then. A file that cannot be read is named on
 * stderr. */
struct cells *cell_headers(const struct driver *d, const struct graphset *real);

/* What ships learnt the reference workload of this seed: of another it knows no service. */
enum { CELL_SHIPPED_SEED = 1 };

/* Where the layered model NAME is that is asked, to be freed: one that comes with the project, or,
 * at full scale, with --data, with another seed than it knows or if none of that name is shipped,
 * the one that this run trained. */
char *cell_model(const struct driver *d, const char *name);

#endif
