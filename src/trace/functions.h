/* functions.h: the functions of a serverless trace, from the three tables of Azure's 2019 schema.
 *
 * DIR/durations.csv    HashOwner HashApp HashFunction Average Count Minimum Maximum
 *                      percentile_Average_{0,1,25,50,75,99,100}: 14 columns in any order, ms
 * DIR/memory.csv       HashOwner HashApp HashFunction SampleCount AverageAllocatedMb
 *                      AverageAllocatedMb_pct{1,5,25,50,75,95,99,100}: 13 columns, MB; the raw
 *                      table has no HashFunction: an application's memory is divided evenly among
 *                      those of its functions that durations.csv has, as invitro's sampler does
 * DIR/invocations.csv  HashOwner HashApp HashFunction Trigger anywhere; from the fifth column on
 *                      calls in a minute (or second), whatever the columns are called
 *
 * A function's key is HashOwner, HashApp and HashFunction in a row, without a separator. Rules,
 * those of vSwarm's tools/load-generator to the letter, save that every drop is counted and the
 * first of its kind named:
 *   a row with another number of fields (invocations: with 4 or fewer) is dropped; invocation rows
 *   may differ in length; a number is what Python's float() or, for calls, int() takes: where one
 *   is not, the row is dropped and so is what an earlier row said of its key; a later row of a key
 *   replaces the earlier and keeps its place; a function of durations.csv that one of the other
 *   tables lacks is dropped; what only they have is not used. Order is that of durations.csv.
 * Stricter: calls beyond 2^31 - 1 in one unit are no number (the original dies of them), nor is a
 * key that is not UTF-8 a key.
 */
#ifndef TRACE_FUNCTIONS_H
#define TRACE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

enum { FUNCTION_DURATIONS = 7, FUNCTION_MEMORIES = 8 };
extern const int function_duration_pct[FUNCTION_DURATIONS];   /* 0 1 25 50 75 99 100 */
extern const int function_memory_pct[FUNCTION_MEMORIES];      /* 1 5 25 50 75 95 99 100 */

struct function {
    const char *key, *owner, *app, *name, *trigger;
    double average, count, minimum, maximum;     /* ms; count: calls they rest on */
    double duration[FUNCTION_DURATIONS];         /* ms */
    double samples, allocated;                   /* MB */
    double memory[FUNCTION_MEMORIES];            /* MB */
    const int32_t *calls;                        /* (units) in each unit; below 0 means none */
    size_t units;
};

struct functions {
    struct arena *mem;             /* holds everything */
    struct function *at;
    size_t n, units;               /* units: of the longest row */
    const char **unit_name;        /* (named) titles of the count columns */
    size_t named;
};

enum functions_table { TABLE_DURATIONS, TABLE_MEMORY, TABLE_INVOCATIONS, FUNCTIONS_TABLES };
enum functions_cause {
    FUNCTIONS_FIELDS,              /* another number of fields */
    FUNCTIONS_NUMBER,              /* a value is no number */
    FUNCTIONS_TEXT,                /* a key is not UTF-8, or a quote stays open */
    FUNCTIONS_AGAIN,               /* an earlier row of the key: replaced or taken back */
    FUNCTIONS_MISSING,             /* durations: another table lacks the key */
    FUNCTIONS_ALONE,               /* memory, invocations: durations.csv lacks the key */
    FUNCTIONS_CAUSES
};

struct functions_report {
    struct {
        uint64_t rows, used;       /* rows = used + sum of dropped */
        uint64_t dropped[FUNCTIONS_CAUSES];
        char example[FUNCTIONS_CAUSES][160];    /* "memory.csv:7: what" */
    } table[FUNCTIONS_TABLES];
};

/* raw: accept the raw memory table. False: a file is not there (EXIT_NOINPUT), a header is not as
 * above, or no function is left (EXIT_DATA). rep is filled in every case; o->mem is NULL on
 * failure. */
bool functions_read(const char *dir, bool raw, struct functions *o, struct functions_report *rep,
                    struct err *err);
void functions_free(struct functions *o);         /* safe on a zeroed one */

/* A line for each cause that dropped something. */
void functions_report_words(const struct functions_report *r, FILE *words);
void functions_report_write(const struct functions_report *r, FILE *json);     /* an object */

/* Write the three tables into dir, which is made if need be. */
bool functions_write(const struct functions *o, const char *dir, struct err *err);

/* What Python's float() and int() take: blanks around, a sign, "_" between digits; float() also
 * "nan", "inf", "infinity" in any case. */
bool functions_float(struct str s, double *x);
bool functions_int(struct str s, int32_t *x);

#endif
