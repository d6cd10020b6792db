/* reference.h: a seeded workload whose law is known, in the clothes of Alibaba 2022.
 *
 * A reference is a world: services with a popularity, microservices with a latency, and for every
 * service a set of topologies. Trace i of a world depends on (seed, preset, i) alone, so any
 * number of threads writes the same bytes. Measuring against it needs no download and has an exact
 * answer, because the law below is all there is.
 *
 *     popularity   -> service -> topology -> times -> rows -> (defects)
 *     service_info    family     Zipf        lognormal, sequential or not
 *
 * The law, preset 2022. Facts are of the public Alibaba 2022 traces: TAB is TraceLLM's 1,091
 * tabular example graphs, DGG is DGG's service_info table and graph set, RAW22 1,000 raw rows, R
 * what others report of 64.7 M raw rows.
 *
 *   services     2,014; traffic by rank has DGG's cumulative shares, log-log between the ranks
 *   families     the giants (ranks 1-10) have fixed families, as the named giants of TAB and DGG
 *                have; below them families are dealt by traffic share, so a seed moves names and
 *                details, not marginals. reference_family.c has one paragraph each.
 *   topologies   per service 1 to 163 (DGG: 1, 3, 11, 39, 40, 163 at p10 ... p99), the plateau at
 *                39 being the cluster family; popularity k^-0.8, which puts .15 to .4 of a
 *                service's traces on its first topology (DGG)
 *   shape        mc, db, mq call nothing (TAB); children by level, types by level, a sibling
 *                repeats with probability .37 (TAB), in bursts for a few services
 *   hot spots    shared destinations come from pools with Zipf slope 1.32 (TAB); the busiest 5 % of
 *                the microservices end up with about 80 % of the calls (TAB: 73)
 *   times        integer ms; a leaf's rt is 0 with its type's probability, else lognormal around
 *                its destination's own median; siblings run one after another unless their
 *                (caller, pair) is concurrent, which is drawn once per pair; a caller's own work
 *                comes before, between and after; one slow family; time-outs at 30 s and 60 s (R)
 *   arrivals     Poisson, 20,000 an hour
 *   rows         remote calls twice with probability .35 (rpc) and .25 (http) (RAW22)
 *
 * Popularity holds for all traces. Size, depth, types and times hold for the graphs that TraceLLM
 * would keep of 20,000 traces, exact repeats dropped (TAB is such a set); fewer traces keep more
 * small graphs and more traces fewer, in the source as here: of 200,000 traces .12 of what is kept
 * are single calls, of 20,000 .32, of 3,000 .47. reference_check.h measures all of this.
 *
 * Preset 2021 is the heavier, deeper year: Burr sizes (median about 10, 19 % above 40 calls, at
 * most 1,500), mean depth 4.3 to 4.7, 58 % rpc. RAW21 is 17 traces only and larger still (median
 * 21, p90 154, depth 6); the SoCC'21 text has a mean depth of 4.27 and about 10 % above 40.
 */
#ifndef TRACE_REFERENCE_H
#define TRACE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "trace/callgraph.h"

enum reference_preset { REFERENCE_2022, REFERENCE_2021 };

struct reference_options {
    uint64_t traces;              /* 0: REFERENCE_TRACES */
    uint64_t first;               /* of reference_graphs: the number of the first trace */
    uint64_t seed;
    enum reference_preset preset;
    bool defects;                 /* corrupt the rows, as the raw samples are */
    double defect_rate;           /* times as often as those are; 0: 1 */
    size_t threads;               /* 0: all; never changes a byte */
};

enum {
    REFERENCE_TRACES = 20000,     /* the number at which the marginals are calibrated */
    REFERENCE_SERVICES = 2014     /* as many as DGG's service_info has */
};

struct reference;
struct reference *reference_new(uint64_t seed, enum reference_preset preset);
void reference_free(struct reference *r);

/* The clean graphs of o->traces traces from o->first on (o->defects is ignored), in order of
 * arrival: their clock begins at 0 with the first. */
struct graphset *reference_graphs(const struct reference_options *o);

/* The raw table, header first: a row per call, about a third of the rpc and http calls twice, as
 * both sides record them. Rows of a trace follow one another (with defects a few stragglers do
 * not). `truth` may be NULL; it gets one row per clean call:
 *     traceid,service,rpc_id,rpctype,um,dm,start,rt,lines,defects
 * lines: where its rows stand in the raw file (header is 1), blank-separated, empty if none;
 * defects: what was done to them, blank-separated (names in reference_defect_names). */
bool reference_callgraphs(const struct reference_options *o, FILE *csv, FILE *truth,
                          struct err *err);

#endif
