/* invocations_build.c: rows in, a trace out. Functions are found by the ids of their names in a
 * table of open addressing; a day's code is where its slab has it, and only a row that comes twice
 * is decoded again. */
#include "trace/invocations_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/threads.h"

enum { NO_DAY = UINT32_MAX };

struct function {
    uint32_t owner, app, function;   /* names */
    uint32_t last_day;               /* of its rows, NO_DAY before the first */
    size_t last;                     /* index of that day's code, SIZE_MAX if it had no calls */
};

struct filed {
    struct day_code code;
    uint32_t f;
};

struct builder {
    enum invocations_kind kind;
    struct invocations_store *store;
    struct function *function;
    size_t n, cap;
    uint32_t *slot;            /* (slots): function + 1, 0 is empty */
    size_t slots;
    struct filed *filed;       /* in the order of the rows */
    size_t n_filed, filed_cap;
    size_t series_cap;
    uint32_t last_day;
};

struct builder *builder_new(enum invocations_kind kind)
{
    struct builder *b = mem_alloc(sizeof *b);
    b->kind = kind;
    b->store = mem_alloc(sizeof *b->store);
    b->store->names = names_new();
    b->slots = 64;
    b->slot = mem_array(b->slots, sizeof *b->slot);
    return b;
}

static void drop_scaffold(struct builder *b)
{
    free(b->function);
    free(b->slot);
    free(b->filed);
    free(b);
}

void builder_free(struct builder *b)
{
    if (!b)
        return;
    struct invocations *v = mem_alloc(sizeof *v);
    v->n = b->n;
    v->store = b->store;
    invocations_free(v);
    drop_scaffold(b);
}

size_t builder_functions(const struct builder *b)
{
    return b->n;
}

static uint64_t key_hash(const struct function *f)
{
    return hash64_mix(hash64_mix(f->owner, f->app), f->function);
}

static size_t probe(const struct builder *b, const struct function *f)
{
    size_t i = (size_t)key_hash(f) & (b->slots - 1);
    for (; b->slot[i]; i = (i + 1) & (b->slots - 1)) {
        const struct function *g = &b->function[b->slot[i] - 1];
        if (g->function == f->function && g->app == f->app && g->owner == f->owner)
            break;
    }
    return i;
}

static void rehash(struct builder *b)
{
    b->slots *= 2;
    free(b->slot);
    b->slot = mem_array(b->slots, sizeof *b->slot);
    for (size_t f = 0; f < b->n; f++)
        b->slot[probe(b, &b->function[f])] = (uint32_t)f + 1;
}

size_t builder_function(struct builder *b, struct str owner, struct str app, struct str function)
{
    struct names *names = b->store->names;
    struct function f = { names_id(names, owner), names_id(names, app), names_id(names, function),
                          NO_DAY, SIZE_MAX };
    size_t i = probe(b, &f);
    if (b->slot[i])
        return b->slot[i] - 1;
    REQUIRE(b->n < UINT32_MAX - 1);
    MEM_GROW(b->function, b->n, b->cap);
    b->function[b->n] = f;
    if (b->kind == INVOCATIONS_TIMES) {
        MEM_GROW(b->store->series, b->n, b->series_cap);
        b->store->series[b->n] = (struct series){ 0 };
    }
    b->slot[i] = (uint32_t)++b->n;
    if (b->n * 2 > b->slots)
        rehash(b);
    return b->n - 1;
}

void builder_take_slab(struct builder *b, uint8_t *slab, size_t bytes)
{
    struct invocations_store *s = b->store;
    MEM_GROW(s->slab, s->n_slabs, s->slab_cap);
    s->slab[s->n_slabs++] = slab;
    s->slab_bytes += bytes;
}

/* Make *at the code of its counts plus code's. */
static enum builder_said add_up(struct builder *b, struct day_code *at, const uint8_t *code)
{
    struct minutes m;
    uint32_t dense[DAY_MINUTES] = { 0 };
    minutes_decode(at->code, &m);
    for (size_t i = 0; i < m.n; i++)
        dense[m.at[i]] = m.count[i];
    minutes_decode(code, &m);
    for (size_t i = 0; i < m.n; i++) {
        if (m.count[i] > UINT32_MAX - dense[m.at[i]])
            return BUILDER_OVERFLOW;
        dense[m.at[i]] += m.count[i];
    }
    uint8_t sum[MINUTES_CODE_MAX];
    minutes_of(dense, &m);
    at->bytes = (uint32_t)minutes_encode(&m, sum);
    uint8_t *slab = mem_alloc(at->bytes);
    memcpy(slab, sum, at->bytes);
    at->code = slab;
    builder_take_slab(b, slab, at->bytes);
    return BUILDER_REPEATED;
}

enum builder_said builder_day(struct builder *b, size_t f, uint32_t day, const uint8_t *code,
                              size_t bytes)
{
    REQUIRE(b->kind == INVOCATIONS_COUNTS && f < b->n && day < NO_DAY);
    struct function *g = &b->function[f];
    bool repeated = g->last_day == day;
    b->last_day = day > b->last_day ? day : b->last_day;
    if (repeated && g->last != SIZE_MAX && bytes)
        return add_up(b, &b->filed[g->last].code, code);
    if (!repeated)
        g->last = SIZE_MAX;
    g->last_day = day;
    if (bytes) {
        MEM_GROW(b->filed, b->n_filed, b->filed_cap);
        g->last = b->n_filed;
        b->filed[b->n_filed++] = (struct filed){ { code, (uint32_t)bytes, day }, (uint32_t)f };
    }
    return repeated ? BUILDER_REPEATED : BUILDER_NEW;
}

void builder_time(struct builder *b, size_t f, double t, const struct invocation_tokens *tokens)
{
    struct series *s = &b->store->series[f];
    MEM_GROW(s->t, s->n, s->cap);
    s->t[s->n] = t;
    if (tokens) {
        MEM_GROW(s->tokens, s->n, s->tokens_cap);
        s->tokens[s->n] = *tokens;
    }
    s->n++;
}

void builder_take_times(struct builder *b, size_t f, double *t, struct invocation_tokens *tokens,
                        size_t n)
{
    struct series *s = &b->store->series[f];
    REQUIRE(s->n == 0 && !s->t);
    *s = (struct series){ t, tokens, n, n, tokens ? n : 0 };
}

void builder_shift(struct builder *b, double seconds)
{
    for (size_t f = 0; f < b->n; f++)
        for (size_t i = 0; i < b->store->series[f].n; i++)
            b->store->series[f].t[i] += seconds;
}

/* File the codes by function; a function's stay in the order of their days. */
static void place_days(struct builder *b, struct invocations *v)
{
    struct invocations_store *s = b->store;
    s->first = mem_array(b->n + 2, sizeof *s->first);
    s->day = mem_array(b->n_filed ? b->n_filed : 1, sizeof *s->day);
    size_t *at = s->first + 1;   /* while filing, at[f] is where f's next code goes */
    for (size_t i = 0; i < b->n_filed; i++)
        at[b->filed[i].f + 1]++;
    for (size_t f = 0; f < b->n; f++)
        at[f + 1] += at[f];
    struct minutes m;
    for (size_t i = 0; i < b->n_filed; i++) {
        uint32_t f = b->filed[i].f;
        s->day[at[f]++] = b->filed[i].code;
        minutes_decode(b->filed[i].code.code, &m);
        for (size_t k = 0; k < m.n; k++)
            v->total[f] += m.count[k];
    }
}

struct sorting {
    struct series *series;
    double end;                /* times from here on are left out */
    double *last;              /* (n) latest time of each; -INFINITY when it has none */
    uint64_t *late;            /* (n) times left out */
};

static void sort_one(void *ctx, size_t f, size_t worker)
{
    (void)worker;
    struct sorting *job = ctx;
    struct series *s = &job->series[f];
    series_sort(s->t, s->tokens, s->n);
    for (; s->n && s->t[s->n - 1] >= job->end; s->n--)
        job->late[f]++;
    if (s->n) {                /* give back what growing left over */
        s->t = mem_resize(s->t, s->n, sizeof *s->t);
        if (s->tokens)
            s->tokens = mem_resize(s->tokens, s->n, sizeof *s->tokens);
    }
    job->last[f] = -INFINITY;
    for (size_t i = s->n; i > 0 && job->last[f] == -INFINITY; i--)
        if (isfinite(s->t[i - 1]))
            job->last[f] = s->t[i - 1];
}

/* Sort all series; the number of days up to the last arrival. */
static uint32_t place_times(struct builder *b, struct invocations *v, uint32_t days_asked,
                            size_t threads, uint64_t *late)
{
    struct sorting job = { b->store->series,
                           days_asked ? (double)days_asked * DAY_SECONDS : INFINITY,
                           mem_array(b->n ? b->n : 1, sizeof *job.last),
                           mem_array(b->n ? b->n : 1, sizeof *job.late) };
    threads_for(threads, b->n, sort_one, &job);
    double last = 0;
    for (size_t f = 0; f < b->n; f++) {
        v->total[f] = job.series[f].n;
        last = job.last[f] > last ? job.last[f] : last;
        if (late)
            *late += job.late[f];
    }
    free(job.last);
    free(job.late);
    double days = floor(last / DAY_SECONDS) + 1;
    return days > INVOCATIONS_DAYS_MAX ? INVOCATIONS_DAYS_MAX : (uint32_t)days;
}

struct invocations *builder_finish(struct builder *b, uint32_t days, double origin_unix_s,
                                   size_t threads, uint64_t *late)
{
    struct invocations *v = mem_alloc(sizeof *v);
    *v = (struct invocations){ .kind = b->kind, .n = b->n, .origin_unix_s = origin_unix_s,
                               .key = mem_array(b->n ? b->n : 1, sizeof *v->key),
                               .total = mem_array(b->n ? b->n : 1, sizeof *v->total),
                               .store = b->store };
    for (size_t f = 0; f < b->n; f++) {
        const struct function *g = &b->function[f];
        v->key[f] = (struct invocation_key){ names_get(b->store->names, g->owner),
                                             names_get(b->store->names, g->app),
                                             names_get(b->store->names, g->function) };
    }
    uint32_t found = b->last_day + 1;
    if (b->kind == INVOCATIONS_COUNTS)
        place_days(b, v);
    else
        found = place_times(b, v, days, threads, late);
    v->n_days = days ? days : found;
    drop_scaffold(b);
    return v;
}
