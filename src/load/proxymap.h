/* proxymap.h: which proxy stands in for which function of a trace.
 *
 * The error of a pair is a distance of logarithms, of memory (MB) and duration (ms) at one
 * percentile of both:   sqrt((ln m_t - ln m_p)^2 + (ln d_t - ln d_p)^2).
 *
 *   greedy     each function the first proxy of the least error; what is reported is its name
 *   unique     each proxy at most once, the sum of errors least (assign.h); its key is reported.
 *              More functions than proxies, or no such assignment: greedy, and fell_back says why
 *   capacity   each proxy at most `capacity` times, likewise
 *
 * Source: vSwarm, tools/load-generator (percentile 75); invitro's mapper takes 50. A function whose
 * percentile is 0 was quicker or smaller than its table resolves: half a unit is put in its place,
 * compat: .01 as the original has it. A logarithm of nothing, or of what is absent, is an infinite
 * error; NaN is one too, save under compat, where greedy passes over it and unique fails of it.
 * Beyond the original: `most` is the largest error allowed and filters leave proxies out; under
 * unique and capacity what finds no place then stays without a proxy, the fewest possible.
 */
#ifndef LOAD_PROXYMAP_H
#define LOAD_PROXYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "load/proxies.h"
#include "trace/functions.h"

#define PROXYMAP_NONE UINT32_MAX

enum proxymap_rule { PROXYMAP_GREEDY, PROXYMAP_UNIQUE, PROXYMAP_CAPACITY };

struct proxymap_options {
    enum proxymap_rule rule;
    size_t capacity;             /* for PROXYMAP_CAPACITY, at least 1 */
    int percentile;              /* one that all tables have: 1 25 50 75 99 100 */
    double most;                 /* largest error of a pair; INFINITY: any */
    const char *kind;            /* only proxies of this class, or of none; NULL: any */
    bool no_pipelined;           /* leave out proxies that say they are pipelined */
    bool compat;
};

struct proxymap {
    size_t n;
    uint32_t *proxy;             /* (n) index, or PROXYMAP_NONE; functions in trace order */
    const char **reported;       /* (n) name or key; "" for none; the proxies' own strings */
    double *error;               /* (n) infinite for PROXYMAP_NONE */
    double total;                /* sum over mapped functions, in order */
    size_t mapped, used;         /* functions with a proxy; different proxies */
    size_t candidates;           /* proxies left by the filters */
    const char *fell_back;       /* why greedy was taken instead; NULL: it was not */
};

/* Indices into the tables; false when one of them lacks the percentile. */
bool proxymap_percentile(int percentile, size_t *duration, size_t *memory, size_t *proxy);

/* The point of a function or proxy: natural logarithms of memory and duration; *infinite when one
 * of them has none. */
struct proxymap_point {
    double memory, duration;
    bool infinite;
};
struct proxymap_point proxymap_function_point(const struct function *f, int percentile,
                                              bool compat);
struct proxymap_point proxymap_proxy_point(const struct proxy *p, int percentile);
double proxymap_error(struct proxymap_point t, struct proxymap_point p);

/* False (EXIT_USAGE): the capacity is too small for the functions, or the filters leave nothing. */
bool proxymap_find(const struct functions *f, const struct proxies *p,
                  const struct proxymap_options *o, struct proxymap *m, struct err *err);
void proxymap_free(struct proxymap *m);

/* trace_key,proxy,error (17 digits), in trace order. */
bool proxymap_write(const struct functions *f, const struct proxymap *m, const char *path,
                   struct err *err);

#endif
