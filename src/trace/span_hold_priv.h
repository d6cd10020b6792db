/* span_hold_priv.h: spans that wait for what is said behind them (their service, their trace), and
 * what readers of JSON share. Within trace/ only.
 */
#ifndef TRACE_SPAN_HOLD_PRIV_H
#define TRACE_SPAN_HOLD_PRIV_H

#include "base/mem.h"
#include "trace/json.h"
#include "trace/span_import_priv.h"

enum { SPAN_HELD_MAX = 1 << 20 };      /* at once; further ones are dropped as too many */

struct span_held {
    struct span s;
    struct str process;        /* who knows the service, where a format has such */
    enum import_cause cause;   /* IMPORT_CAUSES: good; else why it is dropped, and what shows it */
    struct str bad;
};

struct span_hold {
    struct arena *a;           /* the spans' strings; made by the owner */
    struct span_held *held;
    size_t n, cap;
};

struct span_held span_held_new(uint64_t line);
void span_fault(struct span_held *h, enum import_cause c, struct str bad);   /* the first counts */
void span_hold(struct span_hold *h, struct span_held *s);
bool span_release(struct span_hold *h, struct span_import *x, struct err *err);
void span_hold_free(struct span_hold *h);

/* Copies into the hold: of a text, of the scalar that stands next ("" if none), of an id. */
struct str span_keep(struct span_hold *h, struct str s);
struct str span_text(struct span_hold *h, struct json *j);
struct str span_id(struct span_hold *h, struct span_import *x, struct json *j);

/* Of a JSON object's members: which of names[0..n) is the key? n: none. One that was there before
 * is a fault of the span; `seen` is a set of them. */
int span_member(struct span_hold *h, struct span_held *s, struct str key, const char *const *names,
                int n, unsigned *seen);

/* Microseconds to ns; null: SPAN_NO_TIME. A fraction is no number of theirs. */
int64_t span_us(struct span_hold *h, struct span_held *s, struct json *j, enum import_cause c);

/* The serviceName of the object that stands next; "" if it has none. */
struct str span_service(struct span_hold *h, struct json *j);

/* Count what stopped the reading of a stream, or that nothing was in it, and free j. */
void span_json_end(struct span_import *x, struct json *j, bool any);

#endif
