/* callstats.h: what is usual for a service, and what is rare.
 *
 * Per service: the p90, maximum and mean of the root's finish (ms), its rare calls, and for every
 * (caller, type) the callees seen, which are the candidates when one is to be filled in. A call
 * here is (src, type, dst); it is counted once per graph. Rare: in fewer than 10 % of the graphs of
 * its service. The instruction format draws its conditions from this.
 *
 * p90 is the element at index floor(0.9 n) of the sorted finishes. A service with fewer than
 * CALLSTATS_MIN graphs has no latency figures: they are NaN, and null in JSON.
 *
 * Careful mode takes all graphs as one population. TraceLLM mode keeps the figures of the original
 * program: graphs deeper than 15 or seen before, in any file, are skipped, names are padded to MS_
 * and 5, S_ and 9 digits, and files are merged one by one: p90 is the minimum over files, maximum
 * the maximum, mean always 0, lists of rare calls are concatenated. Its graphs are those of its own
 * preprocessing (compat.h), or ours.
 */
#ifndef TRACE_CALLSTATS_H
#define TRACE_CALLSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "trace/callgraph.h"
#include "trace/compat.h"

/* Graphs of a service (in TraceLLM mode: of one file) that latencies need. */
enum { CALLSTATS_MIN = 10 };

enum callstats_mode { CALLSTATS_CAREFUL, CALLSTATS_TRACELLM };

struct callstats_call {
    const char *src, *dst;
    enum call_type type;
    uint64_t graphs;           /* of the service with this call; 0 in lists of rare calls */
};

struct callstats_service {
    const char *name;
    uint64_t graphs;
    double p90_ms, max_ms, mean_ms;          /* of the root's finish */
    const struct callstats_call *rare;       /* (n_rare) by src, type, dst; TraceLLM: as found */
    size_t n_rare;
    const struct callstats_call *calls;      /* (n_calls) by src, type, dst */
    size_t n_calls;
};

struct callstats;
struct callstats *callstats_new(enum callstats_mode mode);
void callstats_free(struct callstats *s);      /* and all it handed out */

/* Count a graph whose times are ticks of tick_us microseconds. */
void callstats_add(struct callstats *s, const struct callgraph *g, const struct names *names,
                   uint32_t tick_us);

/* The same for a graph of step 2 of TraceLLM's preprocessing; TraceLLM mode alone. */
void callstats_add_compat(struct callstats *s, const struct compat_graph *g);

/* A file ends. Changes nothing in careful mode. */
void callstats_end_file(struct callstats *s);

/* No more graphs come: work everything out. Needed before what follows. */
void callstats_finish(struct callstats *s);

/* By name, ascending. */
size_t callstats_services(const struct callstats *s);
const struct callstats_service *callstats_at(const struct callstats *s, size_t i);

/* NULL when the service is not known. */
const struct callstats_service *callstats_find(const struct callstats *s, const char *service);
bool callstats_is_rare(const struct callstats_service *v, const char *src, enum call_type type,
                       const char *dst);

/* {"mode":"careful"|"tracellm","services":[{"service","graphs","p90_ms","max_ms","mean_ms",
 *  "rare":[{"src","type","dst"}],"candidates":[{"src","type","dst":[{"name","graphs"}]}]}]} */
void callstats_write(const struct callstats *s, FILE *json);

/* A table of the top services by graphs. */
void callstats_words(const struct callstats *s, size_t top, FILE *words);

/* A finished one from what callstats_write wrote. `path` is for messages. */
struct callstats *callstats_read(const char *path, struct str json, struct err *err);

#endif
