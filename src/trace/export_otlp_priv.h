/* export_otlp_priv.h: what OTLP's two forms share. Within trace/ only. */
#ifndef TRACE_EXPORT_OTLP_PRIV_H
#define TRACE_EXPORT_OTLP_PRIV_H

#include "trace/spans.h"

extern const struct str otlp_none;   /* the name of a span without one */

/* 32 digits: shorter ids get zeros in front, and otlp_attributes the id itself. */
struct str otlp_trace_id(const struct span *s, struct arena *a);

/* span_attributes, and at a root whose id was too short the id as it was. */
size_t otlp_attributes(const struct span *s, struct span_attribute out[SPAN_ATTRIBUTES_MAX + 1]);

#endif
