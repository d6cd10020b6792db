/* azure_v2.c: Azure Functions 2021. A row is one invocation, in the order of their ends.
 *
 *     app,func,end_timestamp,duration        seconds from the trace's origin
 *
 * It arrives at end - duration, as one subtraction of doubles, so that what the original computed
 * is met to the bit; the first few began before the origin and are negative. */
#include <math.h>
#include <stdlib.h>

#include "trace/decimal_priv.h"
#include "trace/invocations_priv.h"

static bool files(const char *folder, const struct invocations_options *o, char ***paths, size_t *n,
                  struct err *err)
{
    (void)o, (void)err;
    char *path = folder_file(folder, "AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt");
    *n = 0;
    if (path) {
        *paths = mem_array(1, sizeof **paths);
        (*paths)[(*n)++] = path;
    }
    return true;
}

static bool header(const struct str *field, size_t n, bool compat, struct columns *c,
                   const char **missing)
{
    (void)compat;
    struct { const char *name; size_t *at; } wanted[] = {
        { "app", &c->app }, { "func", &c->function }, { "end_timestamp", &c->time },
        { "duration", &c->duration }
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *missing = wanted[i].name;
        *wanted[i].at = column_of(field, n, wanted[i].name);
        if (*wanted[i].at == NO_COLUMN)
            return false;
    }
    return true;
}

static bool sane_time(double t)
{
    return fabs(t) <= (double)INVOCATIONS_DAYS_MAX * DAY_SECONDS;
}

static void row(const struct columns *c, bool compat, struct str line, uint32_t number,
                struct row_worker *w, struct rows *r)
{
    double end, duration;
    bool quoted;
    const struct str *f = row_split(c, compat, line, number, w, r, &quoted);
    if (!f)
        return;
    struct row_key k = { .owner = STR(""), .app = STR(""), .function = f[c->function] };
    if (!compat)
        k.app = f[c->app];
    struct str ended = f[c->time], took = f[c->duration];
    if (!decimal_f64(ended, &end) || (!compat && !sane_time(end))) {
        row_note(r, INV_TIME, number, ended);
        return;
    }
    if (!decimal_f64(took, &duration) || (!compat && !(duration >= 0 && sane_time(duration)))) {
        row_note(r, INV_DURATION, number, took);
        return;
    }
    size_t known = r->n_keys;
    uint32_t key = row_key_of(w, r, k, quoted);
    if (key >= known && !(row_key_good(&k) || (compat && k.function.n == 0))) {
        row_forget(w, r);
        row_note(r, INV_KEY, number, k.function);
        return;
    }
    MEM_GROW(r->time, r->n_times, r->time_cap);
    r->time[r->n_times++] = (struct time_row){ .s = end - duration, .key = key };
}

const struct invocations_format azure_v2 = {
    .name = "azure-v2",
    .alias = "azure_v2",
    .kind = INVOCATIONS_TIMES,
    .pickle = "azure_v2.pkl",
    .files = files,
    .header = header,
    .row = row,
};
