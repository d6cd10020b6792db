/* invoke.h: a run, from a plan to its record: what `invoke`, benches and experiments share.
 *
 *     plan_source -> plan_feed (thread) -> fire_run -> client -> record (thread) -> files, tally
 *
 *     struct invoke *v = invoke_new(&o, &err);
 *     plan = plan_load_open(path, ..., invoke_client(v), &err);      endpoints become known
 *     invoke_run(v, plan_load_source(plan), plan_load_calls(plan), &stop, &report, &err);
 */
#ifndef LOAD_INVOKE_H
#define LOAD_INVOKE_H

#include <signal.h>

#include "load/client.h"
#include "load/fire.h"
#include "load/plan_feed.h"
#include "load/tally.h"

struct invoke_options {
    struct client_options client;
    const char *csv, *latencies, *zipkin;    /* files and a URL; NULL: none */
    int64_t start_wall;        /* when the plan's 0 is; 0: as soon as connections are up */
    int64_t lateness_bound;    /* ns: a p99 above it makes the run invalid */
    int cpu;                   /* the sender's processor; -1: any */
    FILE *log;                 /* told at once which addresses cannot be reached; NULL: nobody */
};

struct invoke_report {
    struct tally tally;
    struct fire_report fire;
    struct client_counts connections;
    uint64_t planned, unposted;
    size_t peers_up;           /* addresses that were reached before the start */
    int64_t start;             /* the plan's 0, on moment_now's clock */
    double seconds;            /* from the plan's 0 to the last end */
    double lateness_p99_us, bound_us;
    bool valid;
};

struct invoke;
struct invoke *invoke_new(const struct invoke_options *o, struct err *err);
void invoke_free(struct invoke *v);
struct client *invoke_client(struct invoke *v);

/* False: files could not be written, the plan broke off, or the start has passed. The report has
 * what there is in every case but the last; free it with invoke_report_free. */
bool invoke_run(struct invoke *v, struct plan_source source, uint64_t planned,
                const volatile sig_atomic_t *stop, struct invoke_report *r, struct err *err);
void invoke_report_free(struct invoke_report *r);

void invoke_report_json(const struct invoke_report *r, const struct client *c, FILE *f);
void invoke_report_words(const struct invoke_report *r, const struct client *c, FILE *f);

#endif
