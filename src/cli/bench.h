/* bench.h: how fast the engine does one kind of work on the sizes S, M and L, beside what sgemm
 * alone does on the same threads in the same run.
 *
 * A kind of work is one file that exports one const struct bench_kind; cmd_bench.c lists them.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "llm/model.h"

struct bench_ask {
    struct llama_config config;   /* of size S, M or L: vocabulary 1024, 512 positions, tied head */
    size_t batch;                 /* sequences worked on at once */
    size_t threads;               /* at least 1 */
    uint64_t seed;                /* of weights and tokens */
    enum bench_weights { BENCH_F32, BENCH_BF16, BENCH_INT8 } weights;   /* generate: held as */
    enum bench_cache { BENCH_CACHE_F32, BENCH_CACHE_F16 } cache;        /* generate: so are these */
    double ceiling;               /* flops/s of sgemm just now: how much work is a few seconds */
};

struct bench_done {
    size_t tokens;                /* worked on while the clock ran */
    double seconds;
    double flops_per_token;       /* as this kind counts them */
};

struct bench_kind {
    const char *name, *what;      /* as on the command line; a sentence */
    size_t batch;                 /* when none is asked for */
    bool (*run)(const struct bench_ask *ask, struct bench_done *done, struct err *err);
};

extern const struct bench_kind bench_train, bench_generate, bench_plain;

/* The work of bench_train on sequences of rows[0], ... rows[n - 1] tokens, again and again in a
 * random order; each is at least 1 and at most the context. A step is batch times the context
 * tokens, in as many slots as the batch has sequences. */
bool bench_train_on(const struct bench_ask *ask, const size_t *rows, size_t n,
                    struct bench_done *done, struct err *err);

/* Flops a second of 1024 x 1024 x 1024 products, one on every thread at once: median of nine. */
double bench_ceiling(size_t threads);

/* Bytes a second of threads that read a quarter of a GiB, a share each, and do nothing else: median
 * of nine. */
double bench_bandwidth(size_t threads);

/* Seconds of a clock that only goes forward. */
double bench_now_s(void);

#endif
