/* invocations.h: a serverless trace in memory, who was invoked when, and its readers.
 *
 * A trace is a list of functions in the order of their first appearance in the files. Either it
 * counts invocations per minute (INVOCATIONS_COUNTS: Azure Functions 2019, "azure-v1") or it has
 * the time of every arrival (INVOCATIONS_TIMES: Azure Functions 2021, "azure-v2", and the Azure LLM
 * inference traces 2023 and 2024, "azure-llm").
 *
 * Times are seconds (double) from the trace's origin, day 0 00:00. Minute m is [60 m, 60 (m + 1)).
 * Days count from 0. Slices are half-open, [start_s, end_s); values are never shifted by them.
 *
 * Source: AlpaServe, alpa_serve/trace (its preprocessing and Trace.slice). Differences, all
 * undone by `compat`:
 *   - a function is owner + app + function, where the original knows the function's id alone and
 *     so merges functions of different apps that have the same id;
 *   - the number of days is the data's, where the original has 14 fixed;
 *   - files with some of the day's minutes are read (the others are 0), where it stops;
 *   - one row twice in one day is added up and counted, where it stops;
 *   - rows that cannot be used are dropped, counted and named, where it stops at the first.
 */
#ifndef TRACE_INVOCATIONS_H
#define TRACE_INVOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum {
    DAY_MINUTES = 1440,
    DAY_SECONDS = 86400,
    INVOCATIONS_DAYS_MAX = 3660,   /* more days than any trace has: guards against wild times */
    AZURE_DAYS = 14                /* of the published traces; the original has no other number */
};

enum invocations_kind { INVOCATIONS_COUNTS, INVOCATIONS_TIMES };

struct invocation_key {            /* "" what the trace does not tell */
    const char *owner, *app, *function;
};

struct invocations_store;          /* where the counts and times lie; see invocations_priv.h */

struct invocations {               /* to read only; all of it is the trace's */
    enum invocations_kind kind;
    uint32_t n_days;               /* at least 1: of the data, or as asked for; AlpaServe's own
                                    * slices know AZURE_DAYS, and clip counts at n_days */
    double origin_unix_s;          /* of day 0 00:00; NaN where the trace does not tell */
    size_t n;                      /* functions; at least 1 */
    struct invocation_key *key;    /* (n) */
    uint64_t *total;               /* (n) invocations of the whole trace, also before the origin */
    struct invocations_store *store;
};

void invocations_free(struct invocations *v);       /* NULL is fine */
size_t invocations_bytes(const struct invocations *v);   /* memory that counts, times, names take */

/* Invocations of function f in [start_s, end_s). Of counts: in the minutes that begin there, so
 * give whole minutes. 0 when end_s <= start_s. */
uint64_t invocations_count(const struct invocations *v, size_t f, double start_s, double end_s);

/* The functions with invocations in [start_s, end_s), in stored order, into index[0..n) (room for
 * v->n); returns how many. */
size_t invocations_alive(const struct invocations *v, double start_s, double end_s, size_t *index);

/* Add function f's counts of minutes [first, last) to sum[0..last - first). Works on both kinds;
 * minutes beyond the data add nothing. */
void invocations_minutes(const struct invocations *v, size_t f, uint32_t first, uint32_t last,
                         uint64_t *sum);

/* INVOCATIONS_TIMES alone: function f's arrivals in [start_s, end_s), ascending, *n of them. They
 * may be negative: an invocation may have begun before the origin. Valid as long as the trace. */
const double *invocations_times(const struct invocations *v, size_t f, double start_s,
                                double end_s, size_t *n);

/* Tokens of those same arrivals, in the same order, where the trace has them ("azure-llm");
 * NULL where not. */
struct invocation_tokens {
    uint32_t context, generated;
};
const struct invocation_tokens *invocations_tokens(const struct invocations *v, size_t f,
                                                   double start_s, double end_s, size_t *n);

/* ---- reading ---- */

enum invocations_cause {           /* why a row was not used; tested in this order */
    INV_LONG, INV_QUOTE, INV_FIELDS, INV_KEY, INV_COUNT, INV_TIME, INV_DURATION, INV_TOKENS,
    INV_CAUSES
};
extern const char *const invocations_cause_names[INV_CAUSES];

struct invocations_tally {
    uint64_t rows;
    char example[256];             /* "file:line: value", of the first; "" while there is none */
};

struct invocations_report {        /* rows_read = rows_used + sum of dropped[].rows + late */
    uint64_t files, bytes;         /* read, after decompression */
    uint64_t rows_read, rows_used;
    struct invocations_tally dropped[INV_CAUSES];
    struct invocations_tally repeated;   /* rows added to an earlier one of the same day */
    uint64_t late;                 /* arrivals after the days asked for: good, not used */
    bool packed;                   /* the source was a pickle or a cache: rows are functions */
};

void invocations_report_words(const struct invocations_report *r, FILE *words);
void invocations_report_write(const struct invocations_report *r, FILE *json);
uint64_t invocations_report_dropped(const struct invocations_report *r);

/* A published schema. Names are "azure-v1", "azure-v2", "azure-llm"; the original's "azure_v1" and
 * "azure_v2" are understood too. NULL: there is no such. */
struct invocations_format;
const struct invocations_format *invocations_format(const char *name);
const char *invocations_format_name(const struct invocations_format *f);
const char *invocations_format_names(void);         /* "azure-v1|azure-v2|azure-llm" */
enum invocations_kind invocations_format_kind(const struct invocations_format *f);

struct invocations_options {
    uint32_t days;                 /* read days 0 .. days - 1; 0: all there are (compat: of an
                                    * azure-v1 folder 14) */
    bool compat;                   /* as the original does, where it stops too */
    size_t threads;                /* 0: all; never changes results */
    bool progress;                 /* show a bar */
};

/* Read `path`: a file of the format (plain or gz, xz, zst, zip ...), one of the original's pickles,
 * a cache that invocations_cache_write made (told by their first bytes), an archive (its members in
 * their order: for azure-v1 a day each), "-" for standard input, or the folder of raw files under
 * their published names:
 *   azure-v1    invocations_per_function_md.anon.d01.csv, d02 ... (also .gz .xz .zst); of a folder
 *               all days from d01 to the last there, or as many as asked for; a gap is
 *               refused
 *   azure-v2    AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt
 *   azure-llm   AzureLLMInferenceTrace_*.csv, every file one function with the file's name
 * or azure_v1.pkl, azure_v2.pkl in it. Raw files win over a pickle beside them.
 * NULL with EXIT_NOINPUT when a file is not there, EXIT_DATA when nothing can be used or compat
 * meets what stopped the original. rep is filled in every case. */
struct invocations *invocations_read(const struct invocations_format *f, const char *path,
                                     const struct invocations_options *o,
                                     struct invocations_report *rep, struct err *err);

/* ---- writing ---- */

/* The original's pickle (protocol 4): an OrderedDict of function id to int32 counts (1440 n_days of
 * them) or float64 start times. Functions of one id are merged, as the original has them. A count
 * above 2^31 - 1 is an error (EXIT_DATA). */
bool invocations_pickle_write(const struct invocations *v, const char *path, struct err *err);

/* Everything, as it lies in memory, with a SHA-256 at the end; reading it back takes what the disk
 * takes. Made for this machine's byte order (little-endian), which its first bytes say. */
bool invocations_cache_write(const struct invocations *v, const char *path, struct err *err);

#endif
