/* team.c: one gate for both: a round ends when the last of all arrives.
 *
 *     caller    |--run--|meet|--|meet|--|end|         run and end are meetings too: members wait
 *     members   |wait   |meet|--|meet|--|end|wait     at the first for the next job
 */
#include "base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/threads.h"

enum { SPINS = 4000 };    /* some 100 us: longer than one member's share of a product */

struct member {
    struct team *team;
    size_t number;
    pthread_t thread;
};

struct team {
    size_t size, spins;
    struct member *member;             /* (size), the first is the caller */
    team_fn fn;                        /* NULL: go home */
    void *ctx;
    atomic_size_t here, round, asleep, slept;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void sleep_until_after(struct team *t, size_t round)
{
    atomic_fetch_add(&t->slept, 1);
    pthread_mutex_lock(&t->mutex);
    atomic_fetch_add(&t->asleep, 1);
    while (atomic_load(&t->round) == round)
        pthread_cond_wait(&t->wake, &t->mutex);
    atomic_fetch_sub(&t->asleep, 1);
    pthread_mutex_unlock(&t->mutex);
}

void team_meet(struct team *t)
{
    if (team_size(t) == 1)
        return;
    size_t round = atomic_load(&t->round);
    if (atomic_fetch_add(&t->here, 1) + 1 == t->size) {
        atomic_store(&t->here, 0);
        atomic_fetch_add(&t->round, 1);
        if (atomic_load(&t->asleep)) {     /* who falls asleep now looks at the round again */
            pthread_mutex_lock(&t->mutex);
            pthread_cond_broadcast(&t->wake);
            pthread_mutex_unlock(&t->mutex);
        }
        return;
    }
    for (size_t i = 0; i < t->spins; i++) {
        if (atomic_load_explicit(&t->round, memory_order_acquire) != round)
            return;
        relax();
    }
    sleep_until_after(t, round);
}

static void *serve(void *arg)
{
    struct member *me = arg;
    struct team *t = me->team;
    pthread_mutex_lock(&t->mutex);         /* until all have been started */
    pthread_mutex_unlock(&t->mutex);
    for (;;) {
        team_meet(t);
        if (!t->fn)
            return NULL;
        t->fn(t->ctx, me->number);
        team_meet(t);
    }
}

struct team *team_new(size_t size)
{
    struct team *t = mem_alloc(sizeof *t);
    size_t processors = threads_default();
    size = size ? size : processors;
    t->member = mem_array(size, sizeof *t->member);
    t->spins = size <= processors ? SPINS : 0;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->wake, NULL);
    pthread_mutex_lock(&t->mutex);         /* nobody meets before the size is known */
    for (t->size = 1; t->size < size; t->size++) {
        struct member *m = &t->member[t->size];
        *m = (struct member){ .team = t, .number = t->size };
        if (pthread_create(&m->thread, NULL, serve, m) != 0)
            break;
    }
    pthread_mutex_unlock(&t->mutex);
    return t;
}

void team_free(struct team *t)
{
    if (!t)
        return;
    t->fn = NULL;
    team_meet(t);
    for (size_t i = 1; i < t->size; i++)
        pthread_join(t->member[i].thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->mutex);
    free(t->member);
    free(t);
}

size_t team_size(const struct team *t)
{
    return t ? t->size : 1;
}

size_t team_slept(const struct team *t)
{
    return t ? atomic_load(&t->slept) : 0;
}

void team_run(struct team *t, team_fn fn, void *ctx)
{
    if (team_size(t) == 1) {
        fn(ctx, 0);
        return;
    }
    t->fn = fn;
    t->ctx = ctx;
    team_meet(t);
    fn(ctx, 0);
    team_meet(t);
}
