/* proxies.h: the functions that can stand in for those of a trace, with what they need.
 *
 * profile.json is an object: key -> { "name", "yaml", "cpu" (millicores), "memory" (MiB),
 * "duration" (ms) }, each of the three with "{0,1,5,25,50,75,95,99,100}-percentile" as numbers, and
 * may say "class" (such as "serving") and "pipelined" (true or false). config.json is a list of
 * { "yaml-location", "predeployment-commands", "postdeployment-commands" } and belongs to the
 * proxies whose yaml is equal to the location.
 *
 * Source: vSwarm, tools/load-generator and tools/profiler; "class" and "pipelined" are ours, for
 * the filter that the original's README names and its code lacks. NaN and Infinity are read, as
 * Python's json does. A percentile that is absent or no number is NaN with have = false.
 */
#ifndef LOAD_PROXIES_H
#define LOAD_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

enum { PROXY_PCTS = 9 };
extern const int proxy_pct[PROXY_PCTS];    /* 0 1 5 25 50 75 95 99 100 */

struct proxy_axis {
    double at[PROXY_PCTS];
    bool have[PROXY_PCTS];
};

struct proxy {
    const char *key, *name, *yaml;         /* name: the key if there is none; yaml "" likewise */
    const char *kind;                      /* "class", NULL: it does not say */
    int pipelined;                         /* 1, 0; -1: it does not say */
    struct proxy_axis cpu, memory, duration;
    const char *const *before, *const *after;    /* commands; of config.json */
    size_t n_before, n_after;
};

struct proxies {
    struct arena *mem;                     /* holds everything */
    struct proxy *at;                      /* in the file's order */
    size_t n;
};

/* Index of a percentile in proxy_pct, or -1. */
int proxy_pct_index(int percentile);

/* False: EXIT_NOINPUT, or EXIT_DATA when it is no object or an empty one. */
bool proxies_read(const char *path, struct proxies *p, struct err *err);
void proxies_free(struct proxies *p);      /* safe on a zeroed one */

/* A made-up set for the reference workload: families of six variants, p75 durations .75 ms to 27 s,
 * p75 memory 24 to 510 MiB: the spans of vSwarm's profile of 191. proxies_free it. */
enum { REFERENCE_PROXIES = 191 };
struct proxies proxies_reference(size_t n, uint64_t seed);

/* Give the proxies their commands; *matched is how many found an entry. */
bool proxies_configure(struct proxies *p, const char *path, size_t *matched, struct err *err);

struct deployment {                        /* an entry of config.json by itself */
    const char *yaml;
    const char *const *before, *const *after;
    size_t n_before, n_after;
};
bool deployments_read(const char *path, struct arena *mem, struct deployment **list, size_t *n,
                      struct err *err);

#endif
