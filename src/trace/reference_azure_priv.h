/* reference_azure_priv.h: functions and their arrivals. Within trace/ only. */
#ifndef TRACE_REFERENCE_AZURE_PRIV_H
#define TRACE_REFERENCE_AZURE_PRIV_H

#include <gsl/gsl_rng.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "trace/reference_azure.h"

struct azure_function {
    char owner[SHA256_HEX], app[SHA256_HEX], function[SHA256_HEX];
    enum azure_law law;            /* one of the four plain ones */
    double rate;                   /* 1/s, on average */
    double period_s, phase_s;      /* periodic alone; else 0 */
    uint64_t written;              /* invocations */
};

struct azure_times {
    double *t;                     /* (n) seconds, ascending; free() it */
    size_t n, cap;
};

/* All functions; malloc'd. shared: some have the id of another's. */
struct azure_function *azure_functions(const struct reference_azure_options *o, bool shared);

/* Function f's arrivals in [from_s, to_s), from its own stream. r is re-aimed. */
void azure_draw(const struct reference_azure_options *o, const struct azure_function *f,
                size_t index, double from_s, double to_s, gsl_rng *r, struct azure_times *out);

bool azure_write_truth(const struct reference_azure_options *o, const struct azure_function *f,
                       const char *dir, struct err *err);

#endif
