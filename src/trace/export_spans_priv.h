/* export_spans_priv.h: what the exporters of spans share. Within trace/ only. */
#ifndef TRACE_EXPORT_SPANS_PRIV_H
#define TRACE_EXPORT_SPANS_PRIV_H

#include "trace/exporter.h"
#include "trace/spans.h"

/* The spans of a graph, shifted, in x->a; *n of them. */
struct span *export_spans(const struct export_graph *x, size_t *n);

/* The same spans by service: order[] holds their indices, services in order of first appearance,
 * spans of one in their own order. */
const size_t *export_by_service(const struct export_graph *x, const struct span *s, size_t n);

/* Append s as a string of JSON, quotes included; or of DOT, which escapes alike but for \u. */
void export_json_str(struct buf *b, struct str s);

/* ,"key":"value" */
void export_json_member(struct buf *b, const char *key, struct str value);

extern const char *const export_kind_names[CALL_KINDS];   /* "internal" "server" ... */

#endif
