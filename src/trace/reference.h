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
 * The law, preset 2022 (facts: the public Alibaba 2022 traces as TraceLLM, DGG and the SoCC'21
 * authors published them; TAB is TraceLLM's 1,091 tabular example graphs, DGG is DGG's
 * service_info table and graph set):
 *
 *   services     2,014; traffic by rank has DGG's cumulative shares, log-log between the ranks
 *   families     the giants (ranks 1-10) have fixed families, as the named giants of TAB and DGG
 *                have; below them families are dealt by traffic share, so a seed moves names and
 *                details, not marginals. See reference_family.c, one paragraph each.
 *   topologies   per service 1 to 163 (DGG quantiles: 1, 3, 11, 39, 40, 163 at p10 ... p99), the
 *                plateau at 39 being the cluster family; popularity k^-0.8, which puts .15 to .4
 *                of a service's traces on its first topology (DGG)
 *   shape        mc, db, mq call nothing (TAB); children by level, types by level, a sibling
 *                repeats with probability .37 (TAB), in bursts for a few services
 *   hot spots    destinations come from pools with Zipf slope 1.32 (TAB): 5 % of the
 *                microservices take about 73 % of the calls
 *   times        integer ms; a leaf's rt is 0 with its type's probability, else lognormal around
 *                its destination's own median (destinations explain 57-66 % of the variance);
 *                siblings run one after another unless their (caller, pair) is concurrent; one
 *                slow family; time-outs at 30 s and 60 s (R: 64.7 M raw rows)
 *
 * The targets of size, depth, type and time hold for the traces TraceLLM would keep, that is after
 * dropping exact repeats from 20,000 traces (TAB is such a set); popularity holds for all traces.
 * Preset 2021 is the heavier, deeper year: Burr sizes of median near 21 and depth near 6, mostly
 * rpc (17 raw traces and the SoCC'21 text; indicative only).
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
    uint64_t seed;
    enum reference_preset preset;
    bool defects;                 /* corrupt the rows, as the raw samples are */
    size_t threads;               /* 0: all; never changes a byte */
};

enum {
    REFERENCE_TRACES = 20000,     /* the number at which the marginals are calibrated */
    REFERENCE_SERVICES = 2014     /* as many as DGG's service_info has */
};

struct reference;
struct reference *reference_new(uint64_t seed, enum reference_preset preset);
void reference_free(struct reference *r);

/* The clean graphs of traces 0 .. o->traces - 1 (o->defects is ignored), in order of arrival. */
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
