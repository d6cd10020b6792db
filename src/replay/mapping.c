/* mapping.c: see the header. Integers throughout: the original's m * i / n is one too. */
#include "replay/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

static void stripe(const uint64_t *volume, size_t n, size_t m, uint64_t seed, size_t *model)
{
    (void)volume;
    (void)seed;
    for (size_t i = 0; i < n; i++)
        model[i] = i % m;
}

static void block(const uint64_t *volume, size_t n, size_t m, uint64_t seed, size_t *model)
{
    (void)volume;
    (void)seed;
    for (size_t i = 0; i < n; i++)
        model[i] = m * i / n;
}

struct sized {
    uint64_t volume;
    size_t index;
};

static int larger_first(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;
    if (x->volume != y->volume)
        return x->volume < y->volume ? 1 : -1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void by_volume(const uint64_t *volume, size_t n, size_t m, uint64_t seed, size_t *model)
{
    (void)seed;
    struct sized *order = mem_array(n, sizeof *order);
    uint64_t *load = mem_array(m, sizeof *load);
    for (size_t i = 0; i < n; i++)
        order[i] = (struct sized){ volume[i], i };
    qsort(order, n, sizeof *order, larger_first);
    for (size_t i = 0; i < n; i++) {
        size_t least = 0;   /* the first of equals; an unused model comes before a used one */
        for (size_t k = 1; k < m; k++)
            if (load[k] < load[least])
                least = k;
        model[order[i].index] = least;
        load[least] += order[i].volume;
    }
    free(order);
    free(load);
}

static void shuffled(const uint64_t *volume, size_t n, size_t m, uint64_t seed, size_t *model)
{
    (void)volume;
    size_t *order = mem_array(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    gsl_rng *r = rng_stream(seed, "replay/mapping", 0);
    rng_shuffle(r, order, n);
    gsl_rng_free(r);
    for (size_t i = 0; i < n; i++)
        model[order[i]] = i % m;
    free(order);
}

static const struct mapping mapping_stripe = { "stripe", "one after another", stripe };
static const struct mapping mapping_block = { "round_robin", "contiguous blocks", block };
static const struct mapping mapping_volume = { "volume", "equal volumes", by_volume };
static const struct mapping mapping_random = { "random", "shuffled by --seed", shuffled };

const struct mapping *const mappings[] = {
    &mapping_stripe, &mapping_block, &mapping_volume, &mapping_random, NULL
};

const struct mapping *mapping_find(const char *name)
{
    if (strcmp(name, "block") == 0)
        return &mapping_block;
    for (size_t i = 0; mappings[i]; i++)
        if (strcmp(mappings[i]->name, name) == 0)
            return mappings[i];
    return NULL;
}

bool mapping_apply(const struct mapping *how, const uint64_t *volume, size_t n, size_t m,
                   uint64_t seed, size_t *model, struct err *err)
{
    REQUIRE(m >= 1);
    if (n < m)
        return err_set(err, EXIT_DATA, "#function %zu < #models %zu: every model needs a function "
                       "with an invocation in the slice", n, m);
    how->map(volume, n, m, seed, model);
    return true;
}
