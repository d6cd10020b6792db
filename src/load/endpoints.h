/* endpoints.h: the host that answers for each function of a trace.
 *
 * From a template: %s is the proxy's reported name, %k the function's key, %i its index in trace
 * order, %% a percent sign. Or from a file: a JSON object or lines "name,endpoint" (a first line
 * whose second word is "endpoint" is a header), where name is a function's key or else a proxy's
 * reported name. Schemes ("http://") are taken off: load.json holds host names.
 */
#ifndef LOAD_ENDPOINTS_H
#define LOAD_ENDPOINTS_H

#include "base/err.h"
#include "base/mem.h"
#include "load/proxymap.h"

/* Write each function's endpoint to endpoint[0..m->n), NULL where it has no proxy. EXIT_USAGE for a
 * template with another letter after %. Strings are mem's. */
bool endpoints_from_template(const char *template, const struct functions *f,
                             const struct proxymap *m, struct arena *mem, const char **endpoint,
                             struct err *err);

/* The same from a file: NULL also where neither key nor proxy stands in it. */
bool endpoints_from_file(const char *path, const struct functions *f, const struct proxymap *m,
                         struct arena *mem, const char **endpoint, struct err *err);

/* A name through a template by itself: for services, which have names of their own. */
bool endpoints_expand(const char *template, const char *name, const char *key, size_t index,
                      struct buf *out, struct err *err);

#endif
