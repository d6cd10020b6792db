/* collector.h: call graphs sent to a collector of traces as if they happened now.
 *
 *      due  |..x....x.x......x...|  seconds     a trace begins here, with the time of day,
 *             |------>|                         and is posted when its last span has ended
 *
 * The schedule is fixed before the first trace leaves and waits for nobody (open loop): how late a
 * trace left, and how long its answer took, both count from when it was due to leave. When too
 * many posts wait for answers a trace is dropped and counted, not held back.
 *
 * What is measured here (lateness, answers) is not reproducible; the schedule is.
 */
#ifndef LOAD_COLLECTOR_H
#define LOAD_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "trace/exporter.h"

struct collector_options {
    const struct exporter *format;   /* with `graph` */
    const char *url, *type;          /* where to; content type */
    double rate;                     /* traces a second, > 0 */
    double duration_s;               /* traces begin within it; 0: each graph once */
    bool even;                       /* equal gaps, not a Poisson process's */
    uint64_t seed;
    size_t in_flight;                /* most posts without an answer */
    double timeout_s;                /* of a post */
    volatile const int *stop;        /* begin no more when it is not 0; NULL: never */
};

struct collector_report {
    size_t traces, spans;            /* posted; of these traces */
    uint64_t bytes;
    size_t accepted;                 /* answered with 2xx */
    size_t refused, failed;          /* other answers; none */
    size_t dropped;                  /* not posted: too many in flight */
    char first[256];                 /* what the first of refused or failed was */
    double seconds;                  /* from the first due time to the last answer */
    double late_ms[3], answer_ms[3]; /* p50, p99, largest; NaN without any */
};
/* A run is on time when p99 of the lateness is at most this. */
#define COLLECTOR_LATE_MS 10.0

/* When traces begin: out[0..n) ascending seconds from 0. */
void collector_schedule(const struct collector_options *o, size_t n, double *out);

/* How many traces that makes of `graphs` graphs, and the same schedule; free it. */
double *collector_plan(const struct collector_options *o, size_t graphs, size_t *n);

/* Send the graphs of s in their order, again from the first when they end. Untimed ones are not
 * allowed. False: the url is of no use. */
bool collector_run(const struct graphset *s, const struct collector_options *o,
                   struct collector_report *rep, struct err *err);

#endif
