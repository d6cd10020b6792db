/* otlp_priv.h: what OTLP's two spellings share. Within trace/ only. */
#ifndef TRACE_OTLP_PRIV_H
#define TRACE_OTLP_PRIV_H

#include "trace/span_hold_priv.h"

/* SpanKind and Status.code as numbers; others are taken as 0: unspecified, unset. */
uint8_t otlp_kind(uint64_t v);
uint8_t otlp_status(uint64_t v);

/* Unix ns; 0 is none. False beyond what fits. */
bool otlp_time(uint64_t v, int64_t *ns);

/* The spans held are one resource's: service is its service.name. */
bool otlp_release(struct span_hold *h, struct span_import *x, struct str service, struct err *err);

#endif
