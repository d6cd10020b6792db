/* feature.h: what is counted in a call graph.
 *
 * A feature turns a graph into a short list of (key, count). Keys are 64-bit: hashes of spellings
 * where the feature is a name or a call, or the number itself where it is a quantity. So a set of
 * graphs becomes a vector of counts, and nearly every metric is a function of two or three vectors.
 */
#ifndef EVAL_FEATURE_H
#define EVAL_FEATURE_H

#include <stddef.h>
#include <stdint.h>

#include "eval/profile.h"

struct tally {
    uint64_t key;        /* first, for keys_lower */
    double count;
};

struct tallies {         /* grows; emptied by the caller */
    struct tally *at;
    size_t n, cap;
};

struct feature {
    const char *name;
    /* Append the tallies of graph i; the same key may be appended several times. */
    void (*collect)(const struct profile *p, size_t i, struct tallies *out);
    /* Position of a key on a number line; NULL where keys are only names. */
    double (*position)(uint64_t key);
    bool presence;       /* each distinct key counts once per graph */
    bool timed;          /* graphs without times have no tallies */
};

void tallies_add(struct tallies *t, uint64_t key, double count);

/* A call is (caller, callee, type). */
uint64_t feature_call_key(const struct profile *p, const struct call *c);

/* One tally a call: */
extern const struct feature feature_calls, feature_destinations;
extern const struct feature feature_calls_presence;   /* one per distinct call of a graph */
extern const struct feature feature_lrt;              /* log2(1 + response time in ms) */

/* One a microservice of a graph, USER excepted: */
extern const struct feature feature_in_degree;        /* calls received */
extern const struct feature feature_out_degree;       /* calls issued; 0 where it only receives */

/* One a graph: */
extern const struct feature feature_services, feature_size, feature_depth;
extern const struct feature feature_structure, feature_structure3;   /* 3: of 3 calls or more */
extern const struct feature feature_full, feature_full3;             /* structure, ids and times */
extern const struct feature feature_valid;            /* 1: callgraph_check finds nothing; else 0 */

#endif
