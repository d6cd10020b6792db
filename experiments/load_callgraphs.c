/* load_callgraphs: what a model writes, a system runs.
 *
 * Method   Call graphs of the reference workload, and as many that the model wrote, are replayed:
 *          each root is called at a Poisson moment, the emulator's services sleep as their graph
 *          says and call one another over the wire. The response time obtained stands beside the
 *          one in the graph. What is obtained is measured: claims hold it to bounds alone.
 * Reads    real.csv, generated-model.csv
 * Writes   load_callgraphs.csv   name,trace_ms,obtained_ms   a row per graph
 *          load_callgraphs_sum.csv   name,graphs,answered,children,early,late_p50_ms,
 *                                    trace_p50_ms,obtained_p50_ms,trace_p99_ms,obtained_p99_ms
 *          early: graphs that ended before their trace says; late: obtained less trace
 * Scale    small: 150 graphs of three calls or more and at most 2 s, 50/s;  full: 5,000
 */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/driver.h"
#include "load/client.h"
#include "load/fire.h"
#include "load/moment.h"
#include "load/outcome.h"
#include "load/plan_graphs.h"
#include "load/serve.h"

enum { LEAST_CALLS = 3, LONGEST_MS = 2000, RATE = 50 };

struct replay {
    const char *name;
    FILE *csv;
    double *trace, *obtained, *late;    /* (n) ms */
    size_t n, early, roots;
};

static volatile sig_atomic_t stop;

static void *serve(void *server)
{
    server_run(server, &stop);
    return NULL;
}

static void take(void *ctx, const struct invocation *i)
{
    struct replay *r = ctx;
    r->roots++;
    if (i->status != GRPC_OK)
        return;
    double trace = (double)i->expected / 1e6, obtained = (double)(i->done - i->issued) / 1e6;
    r->early += obtained < trace;
    r->trace[r->n] = trace;
    r->late[r->n] = obtained - trace;
    r->obtained[r->n++] = obtained;
    fprintf(r->csv, "%s,%.6g,%.6g\n", r->name, trace, obtained);
}

/* The first `most` graphs that have something below the root and are not longer than a run can
 * wait for. */
static struct graphset *some_graphs(const struct driver *d, const char *file, size_t most)
{
    struct graphset *all = driver_graphs(d, file);
    struct graphset *s = graphset_new();
    s->tick_us = all->tick_us;
    for (size_t i = 0; i < all->n && s->n < most; i++)
        if (all->graphs[i].n >= LEAST_CALLS &&
            all->graphs[i].calls[0].rt * all->tick_us <= LONGEST_MS * 1000)
            graphset_copy(s, &all->graphs[i], all->names);
    graphset_free(all);
    return s;
}

static enum fire_next take_next(void *source, struct invocation *i)
{
    struct plan_source *s = source;
    struct err err = { 0 };
    return s->next(s->ctx, i, &err) ? FIRE_CALL : FIRE_END;
}

/* Fire the roots at a server in a thread of its own. */
static uint64_t run(const struct driver *d, const struct graphset *s, struct replay *r)
{
    struct err err = { 0 };
    char target[32];
    pthread_t thread;
    struct serve_options so = { .listen = "127.0.0.1:0", .graphs = s, .latency = SERVE_TRACE,
                                .cpu = -1, .seed = d->seed };
    struct server *server = server_new(&so, &err);
    driver_need(d, server != NULL, &err);
    stop = 0;
    REQUIRE(pthread_create(&thread, NULL, serve, server) == 0);
    snprintf(target, sizeof target, "127.0.0.1:%u", server_port(server));
    struct client_options co = { .form = request_standard, .timeout = 30 * MOMENT_S,
                                 .connections = 1, .most = 1, .port = 80, .target = target,
                                 .seed = d->seed };
    struct client *c = client_new(&co, take, r, &err);
    driver_need(d, c != NULL, &err);
    struct plan_graphs_options po = { .rate = RATE, .speed = 1, .seed = d->seed, .shards = 1 };
    struct plan_graphs *plan = plan_graphs_new(s, &po, c, &err);
    driver_need(d, plan != NULL, &err);
    struct plan_source source = plan_graphs_source(plan);
    struct wire w = client_wire(c);
    static const volatile sig_atomic_t never = 0;
    client_connect(c, moment_now() + 5 * MOMENT_S);
    fire_run((struct fire_plan){ &source, take_next }, &w, moment_now(), &never);
    stop = 1;
    pthread_join(thread, NULL);
    uint64_t children = server_counts(server).children;
    plan_graphs_free(plan);
    client_free(c);
    server_free(server);
    return children;
}

static void replay(const struct driver *d, const char *name, const char *file, FILE *csv, FILE *sum)
{
    struct graphset *s = some_graphs(d, file, d->full ? 5000 : 150);
    struct replay r = { .name = name, .csv = csv };
    r.trace = mem_array(s->n, sizeof *r.trace);
    r.obtained = mem_array(s->n, sizeof *r.obtained);
    r.late = mem_array(s->n, sizeof *r.late);
    uint64_t children = run(d, s, &r);
    gsl_sort(r.trace, 1, r.n);
    gsl_sort(r.obtained, 1, r.n);
    gsl_sort(r.late, 1, r.n);
    fprintf(sum, "%s,%zu,%zu,%llu,%zu,%.6g", name, r.roots, r.n, (unsigned long long)children,
            r.early, gsl_stats_median_from_sorted_data(r.late, 1, r.n));
    for (int k = 0; k < 2; k++)
        fprintf(sum, ",%.6g,%.6g",
                gsl_stats_quantile_from_sorted_data(r.trace, 1, r.n, k ? 0.99 : 0.5),
                gsl_stats_quantile_from_sorted_data(r.obtained, 1, r.n, k ? 0.99 : 0.5));
    fputc('\n', sum);
    free(r.trace);
    free(r.obtained);
    free(r.late);
    graphset_free(s);
}

int main(int argc, char **argv)
{
    struct driver d = driver_start(argc, argv, "load_callgraphs");
    struct outfile csv = driver_csv(&d, "load_callgraphs.csv", "name,trace_ms,obtained_ms");
    struct outfile sum = driver_csv(&d, "load_callgraphs_sum.csv",
        "name,graphs,answered,children,early,late_p50_ms,trace_p50_ms,obtained_p50_ms,trace_p99_ms,"
        "obtained_p99_ms");
    replay(&d, "real", "real.csv", csv.f, sum.f);
    replay(&d, "model", "generated-model.csv", csv.f, sum.f);
    driver_close(&csv);
    driver_close(&sum);
    return driver_end(&d);
}
