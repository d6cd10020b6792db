/* workload.h: arrivals with a request each, and what became of them.
 *
 * Requests are in the order of their arrival (seconds); idx is the place a request had when its
 * workload was made or merged. slo is in seconds. A file has a line of JSON for each:
 *   {"idx":0,"model_name":"gpt0","arrival":1.5,"slo":1,"data":null}
 *
 * Source: alpa_serve/simulator/workload (Workload, Request). Differences: merging is stable (by
 * arrival, workload, place) and changes no input; statistics exist without warm-up.
 */
#ifndef REPLAY_WORKLOAD_H
#define REPLAY_WORKLOAD_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/names.h"

struct request {
    double arrival, slo;
    uint64_t idx;
    uint32_t model;            /* id in the workload's names */
};

struct workload {
    struct names *models;
    struct request *at;        /* (n) */
    size_t n, cap;
};

struct workload *workload_new(void);
void workload_free(struct workload *w);            /* NULL is fine */
void workload_add(struct workload *w, const char *model, double arrival, double slo);  /* idx n */

void workload_write(const struct workload *w, FILE *f);
/* Lines that are no request are counted in *bad, the first told in *word; NULL: none is good. */
struct workload *workload_read(const char *path, size_t *bad, char word[256], struct err *err);

/* Requests from, from + step, ... before to, as Python's [from:to:step]: negative ends count from
 * the end, WORKLOAD_OPEN is an end left out; step is not 0. idx is kept. */
#define WORKLOAD_OPEN INT64_MIN
struct workload *workload_slice(const struct workload *w, int64_t from, int64_t to, int64_t step);

/* All of them by (arrival, which, place), numbered anew. n >= 1. */
struct workload *workload_merge(struct workload *const *w, size_t n);

/* out[i] is every k-th request from i on. */
void workload_split_round_robin(const struct workload *w, size_t k, struct workload **out);

/* A new part begins with the first arrival later than its part's first arrival + length_s, so
 * borders drift. Returns the parts, free() the array; *n of them, none of an empty workload. */
struct workload **workload_split_interval(const struct workload *w, double length_s, size_t *n);

/* 1/(mean gap + 1e-6), population standard deviation of the gaps times that; 0 below 2. */
double workload_rate(const struct workload *w);
double workload_cv(const struct workload *w);

/* "Workload(len=..., rate=..., CV=..., tstamps=[...] ...)", a line. */
void workload_words(const struct workload *w, FILE *f);

/* What became of request i: times in seconds, and whether it was served. */
struct outcome {
    double start, finish;
    bool rejected;
};

struct served {                /* of one model, or of all */
    const char *model;         /* "" for all */
    size_t requests;
    double goodput;            /* share that finished within the SLO and was not rejected */
    double throughput;         /* good ones over the time between first and last start; 0 if none */
    double mean, sd, p50, p90, p99;   /* seconds from start to finish of the good (all: of all) */
    double rate;               /* requests over the time between first and last start */
};

/* Requests of the first and last warmup_s seconds' worth of the count are left out at both ends:
 * floor(warmup_s / (last - first start) * n) each. percentile q is sorted[floor(q n)]. Models come
 * by ascending number of requests; out has room for all of them and the sum, which is last.
 * Returns how many entries. */
size_t workload_served(const struct workload *w, const struct outcome *o, double warmup_s,
                       struct served *out);

#endif
