/* profiling.h: a function deployed alone, called at a low rate, and watched through kubectl.
 *
 * As vSwarm's tools/profiler: deploy, call rps times a second for duration_s, and meanwhile look at
 * `kubectl top pod` iterations times, at equal distances; a service that was deployed here is
 * deleted afterwards. The first call, which starts the pod, is not counted.
 *
 * Differences: other services are left alone; the calls are made by our own client as a plan of
 * seconds (`tracewright invoke`); a call's duration is what the client sees, from sent to its end,
 * not the last word of the reply; failed calls are not measured; a function that cannot be deployed
 * or measured is named and takes no other with it.
 */
#ifndef LOAD_PROFILING_H
#define LOAD_PROFILING_H

#include "load/deploy.h"
#include "load/measure.h"

struct profiling_options {
    struct deploy_options deploy;
    const char *invoker;         /* the program whose `invoke` makes the calls */
    double rps;                  /* calls a second, > 0 */
    size_t iterations, duration_s;
    unsigned port;
    bool compat;                 /* cumulative means */
};

/* Fill *p (strings are mem's). False: err says why. */
bool profiling_measure(const struct deployment *d, const struct profiling_options *o,
                       struct arena *mem, struct proxy *p, struct err *err);

/* "POD CPU MEMORY" of `kubectl top pod --no-headers`: is the pod the service's? */
bool profiling_top_line(struct str line, const char *service, double *millicores, double *mib);

/* Seconds and calls of the plan: call k at k/rps; its text appended to out. */
void profiling_plan(const char *endpoint, double rps, size_t duration_s, struct buf *out);

#endif
