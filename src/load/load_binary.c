/* load_binary.c: the plan in 8 bytes a call. Lengths are believed only as far as bytes follow. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/load_priv.h"

enum { STEP = 4096 };    /* calls read at a time: a false length costs no memory */

static bool take_bytes(struct load_reader *r, void *p, size_t n)
{
    unsigned char *to = p;
    while (n) {
        if (load_peek(r) < 0)
            return load_refuse(r, "the file ends early");
        size_t k = r->have - r->at < n ? r->have - r->at : n;
        memcpy(to, r->block + r->at, k);
        r->at += k;
        to += k;
        n -= k;
    }
    return true;
}

static bool take_number(struct load_reader *r, size_t bytes, uint64_t *x)
{
    unsigned char b[8];
    if (!take_bytes(r, b, bytes))
        return false;
    *x = 0;
    for (size_t i = bytes; i-- > 0;)
        *x = *x << 8 | b[i];
    return true;
}

static bool take_name(struct load_reader *r, struct names *into, uint32_t *id)
{
    char word[LOAD_MOST_NAME];
    uint64_t n;
    if (!take_number(r, 4, &n))
        return false;
    if (n > LOAD_MOST_NAME)
        return load_refuse(r, "a name of more than %d bytes", LOAD_MOST_NAME);
    if (!take_bytes(r, word, (size_t)n))
        return false;
    if (!str_utf8((struct str){ word, (size_t)n }))
        return load_refuse(r, "a name that is not UTF-8");
    *id = names_id(into, (struct str){ word, (size_t)n });
    return true;
}

bool load_binary_begin(struct load_reader *r)
{
    char magic[8];
    uint64_t n;
    if (!take_bytes(r, magic, sizeof magic))
        return false;
    if (memcmp(magic, LOAD_MAGIC, sizeof magic) != 0)
        return load_refuse(r, "is neither a load.json nor a binary plan");
    if (!take_number(r, 4, &n))
        return false;
    for (r->targets = 0; r->targets < n; r->targets++) {
        MEM_RESERVE(r->target, 2 * r->targets + 2, r->target_cap);
        uint32_t *t = r->target + 2 * r->targets;
        if (!take_name(r, r->endpoints, &t[0]) || !take_name(r, r->functions, &t[1]))
            return false;
    }
    return true;
}

static bool take_times(struct load_reader *r, uint64_t n)
{
    uint32_t step[STEP];
    while (r->n_at < n) {
        size_t k = n - r->n_at < STEP ? (size_t)(n - r->n_at) : STEP;
        if (!take_bytes(r, step, k * sizeof *step))
            return false;
        MEM_RESERVE(r->at_us, r->n_at + k, r->at_cap);
        for (size_t i = 0; i < k; i++, r->n_at++) {
            r->at_us[r->n_at] = step[i];
            if (r->n_at && step[i] < r->at_us[r->n_at - 1])
                return load_refuse(r, "time %zu comes after a later one", r->n_at);
        }
    }
    return true;
}

static bool take_targets(struct load_reader *r, uint64_t n)
{
    uint32_t step[STEP];
    while (r->n_endpoint < n) {
        size_t k = n - r->n_endpoint < STEP ? (size_t)(n - r->n_endpoint) : STEP;
        if (!take_bytes(r, step, k * sizeof *step))
            return false;
        MEM_RESERVE(r->endpoint, r->n_endpoint + k, r->endpoint_cap);
        MEM_RESERVE(r->function, r->n_endpoint + k, r->function_cap);
        for (size_t i = 0; i < k; i++, r->n_endpoint++) {
            if (step[i] >= r->targets)
                return load_refuse(r, "target %u of %zu", step[i], r->targets);
            r->endpoint[r->n_endpoint] = r->target[2 * step[i]];
            r->function[r->n_endpoint] = r->target[2 * step[i] + 1];
        }
    }
    return true;
}

bool load_binary_next(struct load_reader *r)
{
    uint64_t n, calls;
    if (!take_number(r, 8, &n))
        return false;
    if (n != LOAD_LAST)
        return take_times(r, n) && take_targets(r, n);
    r->ended = true;
    if (!take_number(r, 8, &calls))
        return false;
    if (calls != r->calls)
        return load_refuse(r, "%llu calls were read, %llu written", (unsigned long long)r->calls,
                           (unsigned long long)calls);
    return load_peek(r) < 0 ? false : load_refuse(r, "more follows the end");
}
