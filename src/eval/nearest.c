/* nearest.c: every graph becomes a short list of (call, how often, mean log time), sorted by call,
 * so that two are compared by one walk along both. */
#include "eval/nearest.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/threads.h"

struct part {                  /* one call of a graph */
    uint64_t key;
    double count, log_rt;      /* the sum while it is collected, the mean afterwards */
};

struct sketch {
    struct part *part;
    size_t n;
    double calls;
    bool timed;
};

struct sketches {
    struct arena *a;
    struct sketch *at;
    size_t n;
};

static int by_key(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static uint64_t spelling(const struct names *names, uint32_t id)
{
    struct str s = id == NAMES_NONE ? STR("") : names_str(names, id);
    return hash64(s.p, s.n, 0);
}

static struct sketch sketch_of(struct arena *a, const struct graphset *s, const struct callgraph *g)
{
    struct sketch x = { .part = ARENA_ARRAY(a, g->n, struct part), .calls = (double)g->n,
                        .timed = g->timed };
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        uint64_t ends = hash64_mix(spelling(s->names, c->src), spelling(s->names, c->dst));
        x.part[i] = (struct part){ hash64_mix(ends, c->type), 1,
                                   log2(1 + (double)c->rt * s->tick_us) };
    }
    qsort(x.part, g->n, sizeof *x.part, by_key);
    for (size_t i = 0; i < g->n; i++)
        if (x.n && x.part[x.n - 1].key == x.part[i].key) {
            x.part[x.n - 1].count++;
            x.part[x.n - 1].log_rt += x.part[i].log_rt;
        } else
            x.part[x.n++] = x.part[i];
    for (size_t i = 0; i < x.n; i++)
        x.part[i].log_rt /= x.part[i].count;
    return x;
}

static struct sketches sketches_of(const struct graphset *s)
{
    struct sketches x = { .a = arena_new(), .n = s->n };
    x.at = ARENA_ARRAY(x.a, s->n, struct sketch);
    for (size_t i = 0; i < s->n; i++)
        x.at[i] = sketch_of(x.a, s, &s->graphs[i]);
    return x;
}

static double distance(const struct sketch *a, const struct sketch *b)
{
    double shared = 0, doublings = 0;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        const struct part *x = &a->part[i], *y = &b->part[k];
        if (x->key == y->key) {
            double least = fmin(x->count, y->count);
            shared += least;
            doublings += least * fabs(x->log_rt - y->log_rt);
            i++, k++;
        } else if (x->key < y->key)
            i++;
        else
            k++;
    }
    double apart = 1 - shared / (a->calls + b->calls - shared);
    double t = shared > 0 && a->timed && b->timed ? doublings / shared : 0;
    return (apart + t / (1 + t)) / 2;
}

struct job {
    struct sketches a, b;
    double *out;
};

static void nearest(void *ctx, size_t i, size_t worker)
{
    (void)worker;
    struct job *j = ctx;
    j->out[i] = INFINITY;
    for (size_t k = 0; k < j->b.n; k++)
        j->out[i] = fmin(j->out[i], distance(&j->a.at[i], &j->b.at[k]));
}

void nearest_distances(const struct graphset *a, const struct graphset *b, size_t threads,
                       double *out)
{
    REQUIRE(b->n > 0);
    struct job j = { sketches_of(a), sketches_of(b), out };
    threads_for(threads, a->n, nearest, &j);
    arena_free(j.a.a);
    arena_free(j.b.a);
}
