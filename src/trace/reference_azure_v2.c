/* reference_azure_v2.c: a row for every invocation, in the order of their ends. Times are whole
 * microseconds from the draw on, so that what is written is exactly what is known. */
#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "trace/invocations.h"
#include "trace/reference_azure_priv.h"

#define ZERO_SHARE 0.0865
#define MEDIAN_S 0.3
#define MEDIAN_SIGMA 1.0
#define DURATION_SIGMA 0.8
#define WARM_UP_S 3600.0
#define DURATION_MAX_S 600.0       /* the cloud's own limit */

struct run {
    int64_t end_us;
    uint32_t duration_us;
    uint32_t f;
    uint64_t order;                /* of the draw: ends may tie */
};

struct runs {
    struct run *at;
    size_t n, cap;
};

static int by_end(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    if (x->end_us != y->end_us)
        return x->end_us < y->end_us ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void draw_function(const struct reference_azure_options *o, struct azure_function *f,
                          size_t index, gsl_rng *r, struct azure_times *t, struct runs *runs)
{
    int64_t last_us = (int64_t)o->days * DAY_SECONDS * 1000000;
    azure_draw(o, f, index, -WARM_UP_S, (double)o->days * DAY_SECONDS, r, t);
    rng_restart(r, o->seed, "reference/azure/durations", index);
    double median = gsl_ran_lognormal(r, log(MEDIAN_S), MEDIAN_SIGMA);
    for (size_t i = 0; i < t->n; i++) {
        bool none = rng_unit(r) < ZERO_SHARE;
        double s = fmin(gsl_ran_lognormal(r, log(median), DURATION_SIGMA), DURATION_MAX_S);
        uint32_t duration = none ? 0 : (uint32_t)(s * 1e6);
        int64_t end = (int64_t)floor(t->t[i] * 1e6) + duration;
        if (end <= 0 || end >= last_us)
            continue;
        MEM_GROW(runs->at, runs->n, runs->cap);
        runs->at[runs->n] = (struct run){ end, duration, (uint32_t)index, runs->n };
        runs->n++;
        f->written++;
    }
}

static bool write_runs(const struct azure_function *f, const struct runs *runs, const char *dir,
                       struct err *err)
{
    struct outfile out;
    char *path = file_join(dir, "AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt");
    bool ok = outfile_open(&out, path, err);
    free(path);
    if (!ok)
        return false;
    fputs("app,func,end_timestamp,duration\n", out.f);
    for (size_t i = 0; i < runs->n; i++) {
        const struct run *x = &runs->at[i];
        fprintf(out.f, "%s,%s,%" PRId64 ".%06" PRId64 ",%u.%06u\n", f[x->f].app, f[x->f].function,
                x->end_us / 1000000, x->end_us % 1000000, x->duration_us / 1000000,
                x->duration_us % 1000000);
    }
    ok = outfile_commit(&out, err);
    outfile_abandon(&out);
    return ok;
}

bool reference_azure_v2(const struct reference_azure_options *o, const char *dir, struct err *err)
{
    if (!file_mkdirs(dir, err))
        return false;
    struct azure_function *f = azure_functions(o, true);
    struct azure_times t = { 0 };
    struct runs runs = { 0 };
    gsl_rng *r = rng_stream(o->seed, "reference/azure/arrivals", 0);
    for (size_t i = 0; i < o->functions; i++)
        draw_function(o, &f[i], i, r, &t, &runs);
    qsort(runs.at, runs.n, sizeof *runs.at, by_end);
    bool ok = write_runs(f, &runs, dir, err) && azure_write_truth(o, f, dir, err);
    gsl_rng_free(r);
    free(runs.at);
    free(t.t);
    free(f);
    return ok;
}
