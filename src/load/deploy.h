/* deploy.h: one Knative service for each function of a trace, through kn and kubectl.
 *
 * As vSwarm's load generator: the proxy's yaml with its metadata.name followed by "-" and 20
 * letters of [a-z0-9] (a yaml without a name is "function"), and a script with the predeployment
 * commands, `kubectl apply -f`, and the postdeployment commands, both in the build folder, run by
 * the shell. Readiness is polled in `kn service list` after every 50 services and at the end;
 * endpoints are read from the same list.
 *
 * Differences: no service is deleted but those of deploy_delete's caller, and the build folder's
 * other files stay; predeployment commands run once per yaml, not once per service, and before the
 * first of its services; names are compared whole; a function whose yaml, script or service fails
 * is named and counted and takes no other with it; names follow from the seed; dry: files are
 * written and nothing is run.
 */
#ifndef LOAD_DEPLOY_H
#define LOAD_DEPLOY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "load/endpoints.h"

struct deploy_options {
    const char *build;           /* folder of yaml files and scripts, made if need be */
    const char *yamls;           /* folder that relative yaml paths start from; NULL: the current */
    bool dry;
    const char *template;        /* dry: endpoints by it, %s being the service's name */
    double poll_s;               /* between looks at the list */
    double ready_s;              /* longest wait; 0: the larger of 15 s a service and 900 s */
    uint64_t seed;
    FILE *words;                 /* what happens, a line each; NULL: nothing is said */
};

struct deploy_count {
    size_t services, failed, not_ready, no_endpoint;
};

/* Deploy a service for every mapped function; endpoint[i] is NULL where there is none. False only
 * when nothing at all can be done: no build folder, no template, no kn or kubectl. */
bool deploy_functions(const struct functions *f, const struct proxymap *m, const struct proxies *p,
                      const struct deploy_options *o, struct arena *mem, const char **endpoint,
                      struct deploy_count *count, struct err *err);

/* A single yaml under its own name (profiling); *service and *endpoint are mem's. False where a
 * service of that name was there before; *service is then NULL: it is not ours to delete. */
bool deploy_one(const struct deployment *d, const struct deploy_options *o, struct arena *mem,
                const char **service, const char **endpoint, struct err *err);

/* kn service delete of that one service, which the caller deployed. */
bool deploy_delete(const char *service, const struct deploy_options *o, struct err *err);

/* yaml text with metadata.name = its name (or "function") + suffix; *name is mem's. False when
 * there is no metadata or it is written in a way we do not read. */
bool deploy_rename(struct str yaml, const char *suffix, struct buf *out, struct arena *mem,
                   const char **name, struct err *err);

/* One line of `kn service list --no-headers`: is it the service, where, and is it ready? */
bool deploy_list_line(struct str line, const char *service, struct str *endpoint, bool *ready);

#endif
