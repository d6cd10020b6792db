/* plan_feed.c: a thread between the source and a ring of 64 Ki calls. */
#include "load/plan_feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "load/ring.h"

enum { CAPACITY = 1 << 16 };

struct plan_feed {
    struct plan_source source;
    struct ring *ring;
    pthread_t thread;
    atomic_bool ended, stop;
    struct err err;
};

static void rest(void)
{
    nanosleep(&(struct timespec){ 0, 500000 }, NULL);
}

static void *read_ahead(void *feed)
{
    struct plan_feed *f = feed;
    struct invocation i = { 0 };
    while (!atomic_load(&f->stop) && f->source.next(f->source.ctx, &i, &f->err)) {
        while (!ring_put(f->ring, &i) && !atomic_load(&f->stop))
            rest();
        i = (struct invocation){ 0 };
    }
    atomic_store(&f->ended, true);
    return NULL;
}

/* A short plan, and the first 64 Ki calls of a long one, are there before the first call. */
struct plan_feed *plan_feed_start(struct plan_source source)
{
    struct plan_feed *f = mem_alloc(sizeof *f);
    f->source = source;
    f->ring = ring_new(CAPACITY, sizeof(struct invocation));
    REQUIRE(pthread_create(&f->thread, NULL, read_ahead, f) == 0);
    while (!atomic_load(&f->ended) && ring_count(f->ring) < CAPACITY)
        rest();
    return f;
}

static enum fire_next take(void *feed, struct invocation *i)
{
    struct plan_feed *f = feed;
    bool ended = atomic_load(&f->ended);    /* before the look: what was put earlier is seen */
    if (ring_take(f->ring, i))
        return FIRE_CALL;
    return ended ? FIRE_END : FIRE_LATER;
}

struct fire_plan plan_feed_plan(struct plan_feed *f)
{
    return (struct fire_plan){ f, take };
}

bool plan_feed_end(struct plan_feed *f, struct err *err)
{
    atomic_store(&f->stop, true);
    pthread_join(f->thread, NULL);
    bool good = f->err.status == 0;
    if (!good && err)
        *err = f->err;
    ring_free(f->ring);
    free(f);
    return good;
}
