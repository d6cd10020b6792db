/* zipkin.h: finished calls as spans of Zipkin's v2 JSON, posted to a collector.
 *
 * A span per call: kind CLIENT, localEndpoint "invoker" (the original's service name),
 * remoteEndpoint the function, tags endpoint, phase, grpc.status and lateness. Trace and span ids
 * are those of the traceparent header the call carried.
 */
#ifndef LOAD_ZIPKIN_H
#define LOAD_ZIPKIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "load/invocation.h"

/* Append one span (no comma). wall - moment is what turns the run's clock into the time of day. */
void zipkin_span(struct buf *b, const struct invocation *i, const char *endpoint,
                 const char *function, int64_t wall_minus_moment);

struct zipkin;
/* url: http://host[:port]/path. NULL: EXIT_USAGE. */
struct zipkin *zipkin_open(const char *url, struct err *err);
void zipkin_free(struct zipkin *z);    /* NULL is fine */

/* POST a JSON array of spans, at most 2 s; after a failure nothing more is tried. */
bool zipkin_post(struct zipkin *z, struct str json);

#endif
