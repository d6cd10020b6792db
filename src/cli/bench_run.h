/* bench_run.h: time a program from outside, as its user would: from fork to exit, by our clock.
 *
 * For the drivers of make bench, which stand our program beside others.
 */
#ifndef CLI_BENCH_RUN_H
#define CLI_BENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Run argv and give its standard output, at most n - 1 bytes of it: did it end well? */
bool bench_program(char *const argv[], char *out, size_t n);

/* A program that stays: it says a line when it is ready, then answers every line with a line.
 * Waiting, it costs nothing. */
struct bench_peer {
    pid_t child;                       /* 0: there is none */
    int to, from;
};
bool bench_peer_start(struct bench_peer *p, char *const argv[]);
bool bench_peer_ask(struct bench_peer *p, char *answer, size_t n);   /* "go"; False: it is gone */
void bench_peer_end(struct bench_peer *p);                           /* its input ends: it ends */

/* build/experiments/NAME -> build/tracewright; free() it. */
char *bench_beside(const char *self);

/* One run of "tracewright bench", its JSON line and the seconds it took from outside. */
struct bench_line {
    double rate, tokens, seconds;      /* tokens/s; of the timed part */
    double gflops, fraction;           /* GF/s; of sgemm */
    double wall_s, cpu_s;              /* from outside, all of it; of all its threads */
};

struct bench_call {
    const char *program, *kind, *size;     /* "train" or "generate"; "S", "M", "L" */
    size_t batch, threads;                 /* batch 0: the kind's own */
    const char *weights;                   /* "f32", "bf16", "int8"; NULL: f32 */
    const char *cache;                     /* "f32", "f16"; NULL: f32 */
    uint64_t seed;
};

/* False, with what it printed, when that is not such a line. */
bool bench_tracewright(const struct bench_call *c, struct bench_line *line, struct err *err);

/* The median of x[0..n), n odd, which is sorted. */
double bench_median(double *x, size_t n);

#endif
