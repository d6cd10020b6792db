/* mapping.h: which model stands for which function.
 *
 * Functions i = 0..n-1 in stored order, m models; every model has at least one function.
 *   stripe        i mod m
 *   round_robin   floor(m i / n): contiguous blocks, which is what the original calls by that name
 *   volume        the largest function first, each to the model with the least so far (LPT)
 *   random        a seeded shuffle, then stripe
 */
#ifndef REPLAY_MAPPING_H
#define REPLAY_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mapping {
    const char *name, *prose;
    void (*map)(const uint64_t *volume, size_t n, size_t m, uint64_t seed, size_t *model);
};

extern const struct mapping *const mappings[];    /* ends with NULL */
const struct mapping *mapping_find(const char *name);

/* Set model[i] for functions of total volume[i] > 0. False: n < m. */
bool mapping_apply(const struct mapping *how, const uint64_t *volume, size_t n, size_t m,
                   uint64_t seed, size_t *model, struct err *err);

#endif
