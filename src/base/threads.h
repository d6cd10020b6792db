/* threads.h: do n independent things on a few threads.
 *
 * fn(ctx, item, worker) is called once for every item in [0, n), in no
 * promised order, on worker numbers in [0, threads). Item i must write only
 * slot i and draw only from stream i; then results do not depend on the number
 * of threads. One thread reduces afterwards, in order.
 */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <stddef.h>

typedef void (*threads_fn)(void *ctx, size_t item, size_t worker);

/* threads = 1 runs on the caller; 0 means threads_default(). Returns when all items are done. */
void threads_for(size_t threads, size_t n, threads_fn fn, void *ctx);

size_t threads_default(void);   /* processors this process may use, at least 1 */

#endif
