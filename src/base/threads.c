/* threads.c: threads are started per call (some 20 us each): our items take milliseconds. Work
 * that cannot afford that should make its items larger. */
#define _GNU_SOURCE   /* sched_getaffinity: the processors we may use, not those that exist */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

struct job {
    atomic_size_t next;
    size_t n;
    threads_fn fn;
    void *ctx;
};

struct worker {
    struct job *job;
    size_t number;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    for (size_t i; (i = atomic_fetch_add(&w->job->next, 1)) < w->job->n;)
        w->job->fn(w->job->ctx, i, w->number);
    return NULL;
}

void threads_for(size_t threads, size_t n, threads_fn fn, void *ctx)
{
    if (threads == 0)
        threads = threads_default();
    if (threads > n)
        threads = n;
    struct job job = { .n = n, .fn = fn, .ctx = ctx };
    struct worker *w = mem_array(threads ? threads : 1, sizeof *w);
    for (size_t i = 0; i < threads; i++)
        w[i] = (struct worker){ .job = &job, .number = i };
    size_t started = 1;   /* a thread the machine refuses leaves its share to the others */
    while (started < threads && pthread_create(&w[started].thread, NULL, work, &w[started]) == 0)
        started++;
    if (threads)
        work(&w[0]);
    for (size_t i = 1; i < started; i++)
        pthread_join(w[i].thread, NULL);
    free(w);
}

size_t threads_default(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : (size_t)n;
}
