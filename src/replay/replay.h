/* replay.h: new arrivals for models, from the arrivals of the functions they stand for.
 *
 *     trace -> slice -> functions -> models -> windows (estimate.h) -> processes -> arrivals
 *
 * Times are seconds from the trace's origin and stay absolute. The careful way keeps the expected
 * number of arrivals of every window; compat is AlpaServe's (process.h, estimate.h say how they
 * differ). No model's draw depends on another's: model m draws from the streams named m, compat's
 * window k from stream (m, k).
 *
 * Source: alpa_serve/trace (Trace.replay, TraceReplay).
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "replay/estimate.h"

enum replay_kind {
    REPLAY_COUNTS,     /* azure_v1: invocations per minute */
    REPLAY_TIMES       /* azure_v2: a time for each */
};

struct replay_options {
    enum replay_kind kind;
    const char *trace;              /* as reports call it: "azure_v1" */
    const char *arrivals;           /* and the distribution: "exponential" */
    const char *start, *end;        /* the slice as words, "D.H.M" */
    double start_s, end_s;
    const struct process *process;  /* NULL: vanilla, the arrivals as they are */
    double interval_s, rate_scale, cv_scale, time_scale;
    long replicate;
    uint64_t seed;
    bool compat, moments;
    size_t least;                   /* estimate.h */
    size_t threads;
};

/* The original's guards, in its order; careful ones on top unless compat. A word that is not an
 * error (compat's replication below 1) goes to *warning, else that is NULL. */
bool replay_check(const struct replay_options *o, const char **warning, struct err *err);

/* "a,b,c", or "gpt:5" for gpt0 to gpt4: names in *name (n), which with their letters are one block
 * to free(). False: a name is empty or, unless compat, there twice. */
bool replay_models(const char *text, bool compat, char ***name, size_t *n, struct err *err);

/* What a model stands for within the slice: times, ascending, or counts from the slice's start. */
struct replay_share {
    const double *t;
    size_t n;
    const uint64_t *count;          /* (minutes) */
    size_t minutes;
};

struct replay {
    const char *model;
    struct arrivals arrivals;
    struct process_window *window;  /* (windows) rate 0: no process; NULL for vanilla */
    size_t windows;
};

/* Fit and draw each model's share: out[0..n). Free with replay_free. */
void replay_run(const struct replay_options *o, const char *const *model,
                const struct replay_share *share, size_t n, struct replay *out);
void replay_free(struct replay *r, size_t n);

#endif
