/* measure.h: what a function needs, from measurements: an entry of profile.json.
 *
 * A file of measurements has one a line: durations in microseconds (or "12ms", "0.5s", "7us"),
 * memory in MiB (or "22Mi", "512Ki", "1Gi", as kubectl prints), cpu in millicores (or "3m"). An
 * entry has the percentiles 0 1 5 25 50 75 95 99 100 of each, linear between order statistics;
 * durations in ms.
 *
 * compat: the original sorts, takes the means of the k smallest, k = 1, 2, ..., and then
 * percentiles of that sequence; its "100-percentile" is therefore the mean. Source: vSwarm,
 * tools/profiler.
 */
#ifndef LOAD_MEASURE_H
#define LOAD_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "load/proxies.h"

enum measure_kind { MEASURE_DURATION, MEASURE_MEMORY, MEASURE_CPU };

struct measures {                /* free() at */
    double *at;                  /* ms, MiB, millicores */
    size_t n, cap;
};

/* One word, such as "22Mi"; false when it is none, or negative. */
bool measure_word(struct str word, enum measure_kind kind, double *x);

/* False: EXIT_NOINPUT; EXIT_DATA for a line that is no measurement (file, line, value) or none. */
bool measures_read(const char *path, enum measure_kind kind, struct measures *m, struct err *err);

/* Sorts m. NaN and have = false for none. */
struct proxy_axis measures_axis(struct measures *m, bool compat);

/* Write entries p[0..n) to path; append: beside those that it has, replacing equal keys. */
bool proxies_write(const struct proxy *p, size_t n, bool append, const char *path,
                   struct err *err);

#endif
