/* ring.h: elements of one size from one thread to another, without locks.
 *
 * One thread puts, one takes. What was put before is seen by whoever takes.
 */
#ifndef LOAD_RING_H
#define LOAD_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring;
struct ring *ring_new(size_t capacity, size_t size);    /* capacity: a power of two */
void ring_free(struct ring *r);
bool ring_put(struct ring *r, const void *element);     /* false: full */
bool ring_take(struct ring *r, void *element);          /* false: empty */
size_t ring_count(const struct ring *r);

#endif
