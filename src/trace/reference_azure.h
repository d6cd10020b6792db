/* reference_azure.h: serverless workloads of a known law, in the clothes of Azure 2019 and 2021.
 *
 * Neither real trace can be shipped; these write the same files, under the published names, and the
 * truth aside. Function f depends on (seed, f) and the options alone, so any number of threads
 * writes the same bytes.
 *
 * The law. There are N functions and a number I of invocations a day expected of all of them.
 *
 *   popularity   the function of rank k = 1..N has the share k^-1.1 / sum; ranks are dealt to
 *                functions at random. Its rate is r = share I / 86400 a second
 *   poisson      gaps exponential of mean 1/r
 *   bursty       a stationary renewal process, gaps gamma of mean 1/r and cv 4
 *   periodic     every p seconds from a phase uniform in [0, p), where p is 1/r rounded to whole
 *                seconds, at least 1; no jitter. Its rate is 1/p
 *   diurnal      Poisson of rate r (1 + 0.8 cos 2 pi (t - 14 h) / 24 h): busiest at 14:00
 *   mixed        of the functions 30 % are periodic, 30 % poisson, 25 % diurnal, 15 % bursty; those
 *                of a popularity as of any other
 *   heavy        poisson, with popularity k^-2: the first function has 61 % of all invocations
 *
 *   apps         a function opens a new app with probability 0.4, an app a new owner with 0.5
 *   azure-v1     counts of these arrivals by the minute; a day lists only functions it saw.
 *                Triggers: timer (periodic), event (poisson), http (diurnal), queue (bursty)
 *   azure-v2     an invocation lasts 0 with probability 0.0865 (as in the real trace), else
 *                lognormal with the function's own median, itself lognormal around 0.3 s (sigma 1),
 *                and sigma 0.8. Rows are those that end in (0, days), in the order of their ends,
 *                to the microsecond. The first began before the origin, where a function had been
 *                at work for an hour. Of the functions 1 in 50 has the id of the function before
 *                it, in an app of its own: ids are unique within an app alone
 *
 * Truth, DIR/truth.csv: owner,app,function,law,rate_per_s,cv,period_s,phase_s,invocations
 * (cv and period empty where the law has none; invocations: written to the files).
 */
#ifndef TRACE_REFERENCE_AZURE_H
#define TRACE_REFERENCE_AZURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum azure_law { LAW_POISSON, LAW_BURSTY, LAW_PERIODIC, LAW_DIURNAL, LAW_MIXED, LAW_HEAVY, LAWS };
extern const char *const azure_law_names[LAWS];

struct reference_azure_options {
    size_t functions;              /* at least 1 */
    uint32_t days;                 /* 1 .. 99 */
    enum azure_law law;
    double invocations;            /* a day, of all functions together; > 0 */
    uint64_t seed;
    size_t threads;                /* 0: all; never changes a byte */
};

/* Write the raw files and truth.csv into folder `dir`, made if need be. */
bool reference_azure_v1(const struct reference_azure_options *o, const char *dir, struct err *err);
bool reference_azure_v2(const struct reference_azure_options *o, const char *dir, struct err *err);

#endif
