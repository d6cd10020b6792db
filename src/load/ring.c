/* ring.c: two counters that only grow; each thread writes its own. They lie on cache lines of their
 * own, or the threads would pass one line back and forth. */
#include "load/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct ring {
    _Alignas(64) atomic_size_t put;
    _Alignas(64) atomic_size_t taken;
    _Alignas(64) char *at;
    size_t capacity, size;
};

struct ring *ring_new(size_t capacity, size_t size)
{
    REQUIRE(capacity && (capacity & (capacity - 1)) == 0);
    struct ring *r = aligned_alloc(64, sizeof *r);
    REQUIRE(r);
    memset(r, 0, sizeof *r);
    r->at = mem_array(capacity, size);
    r->capacity = capacity;
    r->size = size;
    return r;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    free(r->at);
    free(r);
}

bool ring_put(struct ring *r, const void *element)
{
    size_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
    if (put - atomic_load_explicit(&r->taken, memory_order_acquire) == r->capacity)
        return false;
    memcpy(r->at + (put & (r->capacity - 1)) * r->size, element, r->size);
    atomic_store_explicit(&r->put, put + 1, memory_order_release);
    return true;
}

bool ring_take(struct ring *r, void *element)
{
    size_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&r->put, memory_order_acquire))
        return false;
    memcpy(element, r->at + (taken & (r->capacity - 1)) * r->size, r->size);
    atomic_store_explicit(&r->taken, taken + 1, memory_order_release);
    return true;
}

size_t ring_count(const struct ring *r)
{
    return atomic_load_explicit(&r->put, memory_order_acquire) -
           atomic_load_explicit(&r->taken, memory_order_acquire);
}
