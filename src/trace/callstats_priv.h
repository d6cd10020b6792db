/* callstats_priv.h: how statistics are kept while they grow; for callstats*.c alone. */
#ifndef TRACE_CALLSTATS_PRIV_H
#define TRACE_CALLSTATS_PRIV_H

#include "trace/callstats.h"

struct seen_call {             /* one (service, src, type, dst), in order of first appearance */
    uint32_t service, src, dst;
    enum call_type type;
    uint64_t graphs, last;     /* number of the last graph that had it: counts once per graph */
};

struct finishes {              /* of the roots of one service, ms */
    double *at;
    size_t n, cap;
};

struct tally {                 /* of everything (careful), or of one file */
    struct seen_call *call;
    size_t n, cap;
    uint32_t *slot;            /* open addressing, index + 1; n_slots is a power of two */
    size_t n_slots;
    struct finishes *service;  /* by service id */
    size_t cap_services;
};

struct latency {
    double p90, max, mean;
    bool known;
};

struct callstats {
    enum callstats_mode mode;
    struct names *names;       /* services, microservices */
    struct tally file, all;    /* all: over all files; its finishes are careful mode's */
    uint64_t graph;            /* number of the current one, from 1 */
    uint64_t *seen;            /* TraceLLM: hash set of full hashes */
    size_t n_seen, n_seen_slots;
    struct latency *latency;   /* TraceLLM: merged, by service id */
    size_t cap_latency;
    struct seen_call *rare;    /* by service, concatenated */
    size_t n_rare, cap_rare;

    bool finished;
    struct arena *arena;
    struct callstats_service *service;   /* (n), by name */
    size_t n_services;
};

/* For qsort of struct callstats_call: by source, type, destination. */
int callstats_by_call(const void *a, const void *b);

#endif
