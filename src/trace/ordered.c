/* ordered.c: one lock, held only to decide what to do next. A thread prefers merging to reading:
 * it frees a slot. */
#include "trace/ordered_priv.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/threads.h"

struct state {
    const struct ordered *o;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t taken, merged;      /* items begun, items done with */
    bool *ready;               /* (slots): worked, not merged */
    bool reading, merging, ended, stopped;
};

static void merge_one(struct state *s)
{
    size_t slot = s->merged % s->o->slots;
    s->merging = true;
    bool call = !s->stopped, go_on = true;
    pthread_mutex_unlock(&s->lock);
    if (call)
        go_on = s->o->merge(s->o->ctx, slot);
    pthread_mutex_lock(&s->lock);
    s->merging = false;
    s->stopped |= !go_on;
    s->ready[slot] = false;
    s->merged++;
    pthread_cond_broadcast(&s->changed);
}

static void take_one(struct state *s, size_t worker)
{
    size_t slot = s->taken % s->o->slots;
    s->reading = true;
    pthread_mutex_unlock(&s->lock);
    bool more = s->o->next(s->o->ctx, slot);
    pthread_mutex_lock(&s->lock);
    s->reading = false;
    s->ended |= !more;
    s->taken += more;
    pthread_cond_broadcast(&s->changed);
    if (!more)
        return;
    pthread_mutex_unlock(&s->lock);
    s->o->work(s->o->ctx, slot, worker);
    pthread_mutex_lock(&s->lock);
    s->ready[slot] = true;
    pthread_cond_broadcast(&s->changed);
}

static void run(void *ctx, size_t item, size_t worker)
{
    (void)item;
    struct state *s = ctx;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        bool over = s->ended || s->stopped;
        if (!s->merging && s->ready[s->merged % s->o->slots])
            merge_one(s);
        else if (!over && !s->reading && s->taken < s->merged + s->o->slots)
            take_one(s, worker);
        else if (over && !s->reading && s->merged == s->taken)
            break;
        else
            pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

bool ordered_run(const struct ordered *o)
{
    REQUIRE(o->threads >= 1 && o->slots >= o->threads);
    struct state s = { .o = o, .ready = mem_array(o->slots, sizeof *s.ready) };
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.changed, NULL);
    threads_for(o->threads, o->threads, run, &s);
    pthread_cond_destroy(&s.changed);
    pthread_mutex_destroy(&s.lock);
    free(s.ready);
    return !s.stopped;
}
