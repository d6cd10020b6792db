/* callstats.c: counting, and the two ways of merging files.
 *
 *     careful    file 1 --+
 *                file 2 --+--> one population --> p90, max, mean, rare
 *
 *     TraceLLM   file 1 --> p90, max, rare --+
 *                file 2 --> p90, max, rare --+--> min of p90, max of max, 0, rare ++ rare
 *
 * The original's minimum makes "high latency" looser with every file, and its mean is lost; we keep
 * its figures because its instruction format was made with them.
 */
#include "trace/callstats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "trace/callstats_priv.h"

enum { DEPTH_MAX = 15 };       /* TraceLLM, step 2 */

struct callstats *callstats_new(enum callstats_mode mode)
{
    struct callstats *s = mem_alloc(sizeof *s);
    s->mode = mode;
    s->names = names_new();
    s->arena = arena_new();
    return s;
}

static void tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->cap_services; i++)
        free(t->service[i].at);
    free(t->service);
    free(t->call);
    free(t->slot);
    *t = (struct tally){ 0 };
}

void callstats_free(struct callstats *s)
{
    if (!s)
        return;
    tally_free(&s->file);
    tally_free(&s->all);
    free(s->seen);
    free(s->latency);
    free(s->rare);
    names_free(s->names);
    arena_free(s->arena);
    free(s);
}

/* ---- names ---- */

/* TraceLLM pads the number of MS_7 to 5 digits and of S_7 to 9. Anything else stays. */
static uint32_t name_id(struct callstats *s, const struct names *from, uint32_t id)
{
    struct str name = names_str(from, id), number = name;
    uint64_t value;
    if (s->mode == CALLSTATS_CAREFUL)
        return names_id(s->names, name);
    int width = str_starts(name, "MS_") ? 5 : str_starts(name, "S_") ? 9 : 0;
    if (!width)
        return names_id(s->names, name);
    size_t prefix = width == 5 ? 3 : 2;
    number.p += prefix;
    number.n -= prefix;
    if (number.n >= (size_t)width || !str_u64(number, &value))
        return names_id(s->names, name);
    struct buf b = { 0 };
    buf_add(&b, name.p, prefix);
    for (size_t i = number.n; i < (size_t)width; i++)
        buf_char(&b, '0');
    buf_add(&b, number.p, number.n);
    uint32_t out = names_id(s->names, buf_view(&b));
    buf_free(&b);
    return out;
}

/* ---- counting ---- */
static uint64_t call_hash(const struct seen_call *c)
{
    return hash64_mix(hash64_mix(c->service, c->src), hash64_mix(c->dst, (uint64_t)c->type));
}

static bool call_same(const struct seen_call *a, const struct seen_call *b)
{
    return a->service == b->service && a->src == b->src && a->dst == b->dst && a->type == b->type;
}

static void rehash(struct tally *t)
{
    t->n_slots = t->n_slots ? 2 * t->n_slots : 1024;
    free(t->slot);
    t->slot = mem_array(t->n_slots, sizeof *t->slot);
    for (size_t i = 0; i < t->n; i++) {
        size_t k = call_hash(&t->call[i]) & (t->n_slots - 1);
        while (t->slot[k])
            k = (k + 1) & (t->n_slots - 1);
        t->slot[k] = (uint32_t)i + 1;
    }
}

static struct seen_call *tally_call(struct tally *t, const struct seen_call *c)
{
    if (2 * (t->n + 1) > t->n_slots)
        rehash(t);
    size_t k = call_hash(c) & (t->n_slots - 1);
    for (; t->slot[k]; k = (k + 1) & (t->n_slots - 1))
        if (call_same(&t->call[t->slot[k] - 1], c))
            return &t->call[t->slot[k] - 1];
    MEM_GROW(t->call, t->n, t->cap);
    t->call[t->n++] = *c;
    t->slot[k] = (uint32_t)t->n;
    return &t->call[t->n - 1];
}

static struct finishes *tally_service(struct tally *t, uint32_t service)
{
    size_t before = t->cap_services;
    MEM_RESERVE(t->service, (size_t)service + 1, t->cap_services);
    if (t->cap_services > before)
        memset(t->service + before, 0, (t->cap_services - before) * sizeof *t->service);
    return &t->service[service];
}

static void tally_finish(struct tally *t, uint32_t service, double finish_ms)
{
    struct finishes *f = tally_service(t, service);
    MEM_GROW(f->at, f->n, f->cap);
    f->at[f->n++] = finish_ms;
}

/* Remember h; true if it was known. */
static bool seen_before(struct callstats *s, uint64_t h)
{
    h += h == 0;   /* 0 marks an empty slot */
    if (2 * (s->n_seen + 1) > s->n_seen_slots) {
        size_t n = s->n_seen_slots ? 2 * s->n_seen_slots : 1024;
        uint64_t *slot = mem_array(n, sizeof *slot);
        for (size_t i = 0; i < s->n_seen_slots; i++) {
            size_t k = s->seen[i] & (n - 1);
            while (s->seen[i] && slot[k])
                k = (k + 1) & (n - 1);
            if (s->seen[i])
                slot[k] = s->seen[i];
        }
        free(s->seen);
        s->seen = slot;
        s->n_seen_slots = n;
    }
    size_t k = h & (s->n_seen_slots - 1);
    for (; s->seen[k]; k = (k + 1) & (s->n_seen_slots - 1))
        if (s->seen[k] == h)
            return true;
    s->seen[k] = h;
    s->n_seen++;
    return false;
}

static struct tally *current(struct callstats *s)
{
    return s->mode == CALLSTATS_TRACELLM ? &s->file : &s->all;
}

/* A graph begins: count it and the finish of its root. */
static void begin_graph(struct callstats *s, uint32_t service, double finish_ms)
{
    s->graph++;
    tally_finish(current(s), service, finish_ms);
    if (current(s) != &s->all)
        tally_finish(&s->all, service, 0);   /* for the number of graphs over all files */
}

static void count_call(struct callstats *s, struct tally *t, const struct seen_call *call)
{
    struct seen_call *at = tally_call(t, call);
    at->graphs += at->last != s->graph;
    at->last = s->graph;
}

static void add_call(struct callstats *s, const struct seen_call *call)
{
    count_call(s, current(s), call);
    if (current(s) != &s->all)
        count_call(s, &s->all, call);
}

void callstats_add(struct callstats *s, const struct callgraph *g, const struct names *names,
                   uint32_t tick_us)
{
    REQUIRE(!s->finished && g->n > 0);
    if (s->mode == CALLSTATS_TRACELLM &&
        (callgraph_depth(g) > DEPTH_MAX || seen_before(s, callgraph_hash_full(g, names))))
        return;
    uint32_t service = name_id(s, names, g->service);
    begin_graph(s, service, (double)call_finish(&g->calls[0]) * tick_us / 1000);
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        struct seen_call call = { .service = service, .type = (enum call_type)c->type };
        call.src = name_id(s, names, c->src);
        call.dst = name_id(s, names, c->dst);
        add_call(s, &call);
    }
}

static uint64_t hash_str(struct str a)
{
    return hash64(a.p, a.n, 0);
}

/* Equal for equal service and calls, times included; the arrival is not part of it. */
static uint64_t compat_hash(const struct compat_graph *g)
{
    uint64_t h = hash_str(g->service);
    for (size_t i = 0; i < g->n; i++) {
        const struct compat_call *c = &g->calls[i];
        const struct str words[] = { c->rpc_id, c->type, c->src, c->dst };
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            h = hash64_mix(h, hash_str(words[k]));
        h = hash64_mix(hash64_mix(h, (uint64_t)c->start), (uint64_t)c->rt);
    }
    return h;
}

void callstats_add_compat(struct callstats *s, const struct compat_graph *g)
{
    REQUIRE(!s->finished && g->n > 0 && s->mode == CALLSTATS_TRACELLM);
    if (g->depth > DEPTH_MAX || seen_before(s, compat_hash(g)))
        return;
    uint32_t service = names_id(s->names, g->service);
    begin_graph(s, service, (double)(g->calls[0].start + g->calls[0].rt));
    for (size_t i = 0; i < g->n; i++) {
        const struct compat_call *c = &g->calls[i];
        struct seen_call call = { .service = service };
        REQUIRE(call_type_parse(c->type, &call.type));
        call.src = names_id(s->names, c->src);
        call.dst = names_id(s->names, c->dst);
        add_call(s, &call);
    }
}

/* ---- figures ---- */
static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct latency figures(struct finishes *f)
{
    if (f->n < CALLSTATS_MIN)
        return (struct latency){ NAN, NAN, NAN, false };
    qsort(f->at, f->n, sizeof *f->at, ascending);
    double sum = 0;
    for (size_t i = 0; i < f->n; i++)
        sum += f->at[i];
    size_t p90 = f->n / 10 * 9 + f->n % 10 * 9 / 10;   /* floor(0.9 n) */
    return (struct latency){ f->at[p90], f->at[f->n - 1], sum / (double)f->n, true };
}

static void collect_rare(struct callstats *s, const struct tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->call[i].graphs * 10 < t->service[t->call[i].service].n) {
            MEM_GROW(s->rare, s->n_rare, s->cap_rare);
            s->rare[s->n_rare++] = t->call[i];
        }
}

void callstats_end_file(struct callstats *s)
{
    if (s->mode == CALLSTATS_CAREFUL)
        return;
    size_t before = s->cap_latency;
    MEM_RESERVE(s->latency, (size_t)names_count(s->names) + 1, s->cap_latency);
    if (s->cap_latency > before)
        memset(s->latency + before, 0, (s->cap_latency - before) * sizeof *s->latency);
    for (size_t i = 0; i < s->file.cap_services; i++) {
        struct latency now = figures(&s->file.service[i]);
        if (!now.known)
            continue;
        struct latency *all = &s->latency[i];
        *all = (struct latency){ all->known ? fmin(all->p90, now.p90) : now.p90,
                                 fmax(all->max, now.max), 0, true };
    }
    collect_rare(s, &s->file);
    tally_free(&s->file);
}

/* ---- the finished form ---- */
int callstats_by_call(const void *a, const void *b)
{
    const struct callstats_call *x = a, *y = b;
    int c = strcmp(x->src, y->src);
    if (!c)
        c = (int)x->type - (int)y->type;
    return c ? c : strcmp(x->dst, y->dst);
}

static int by_name(const void *a, const void *b)
{
    const struct callstats_service *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Deal calls[0..n) out to their services, keeping their order; first[s], count[s]: the range. */
static struct callstats_call *deal(struct callstats *s, const struct seen_call *calls, size_t n,
                                   size_t *first, size_t *count, bool with_graphs)
{
    uint32_t names = names_count(s->names);
    struct callstats_call *out = ARENA_ARRAY(s->arena, n, struct callstats_call);
    memset(count, 0, names * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[calls[i].service]++;
    size_t sum = 0;
    for (uint32_t i = 0; i < names; i++) {
        first[i] = sum;
        sum += count[i];
        count[i] = 0;
    }
    for (size_t i = 0; i < n; i++)
        out[first[calls[i].service] + count[calls[i].service]++] = (struct callstats_call){
            names_get(s->names, calls[i].src), names_get(s->names, calls[i].dst), calls[i].type,
            with_graphs ? calls[i].graphs : 0
        };
    return out;
}

static struct latency latency_of(struct callstats *s, uint32_t service)
{
    if (s->mode == CALLSTATS_CAREFUL)
        return figures(&s->all.service[service]);
    if (service < s->cap_latency && s->latency[service].known)
        return s->latency[service];
    return (struct latency){ NAN, NAN, NAN, false };
}

static void add_services(struct callstats *s)
{
    uint32_t names = names_count(s->names);
    size_t *first = mem_array((size_t)names + 1, sizeof *first),
           *count = mem_array((size_t)names + 1, sizeof *count);
    size_t *rare_first = mem_array((size_t)names + 1, sizeof *first),
           *rare_count = mem_array((size_t)names + 1, sizeof *count);
    struct callstats_call *calls = deal(s, s->all.call, s->all.n, first, count, true);
    struct callstats_call *rare = deal(s, s->rare, s->n_rare, rare_first, rare_count, false);
    s->service = ARENA_ARRAY(s->arena, names, struct callstats_service);
    for (uint32_t i = 0; i < names && i < s->all.cap_services; i++) {
        if (!s->all.service[i].n)
            continue;
        struct latency l = latency_of(s, i);
        qsort(calls + first[i], count[i], sizeof *calls, callstats_by_call);
        if (s->mode == CALLSTATS_CAREFUL)
            qsort(rare + rare_first[i], rare_count[i], sizeof *rare, callstats_by_call);
        s->service[s->n_services++] = (struct callstats_service){
            .name = names_get(s->names, i), .graphs = s->all.service[i].n,
            .p90_ms = l.p90, .max_ms = l.max, .mean_ms = l.mean,
            .rare = rare + rare_first[i], .n_rare = rare_count[i],
            .calls = calls + first[i], .n_calls = count[i],
        };
    }
    qsort(s->service, s->n_services, sizeof *s->service, by_name);
    free(first);
    free(count);
    free(rare_first);
    free(rare_count);
}

void callstats_finish(struct callstats *s)
{
    REQUIRE(!s->finished);
    if (s->mode == CALLSTATS_TRACELLM)
        callstats_end_file(s);
    else
        collect_rare(s, &s->all);
    add_services(s);
    tally_free(&s->all);
    s->finished = true;
}

size_t callstats_services(const struct callstats *s)
{
    REQUIRE(s->finished);
    return s->n_services;
}

const struct callstats_service *callstats_at(const struct callstats *s, size_t i)
{
    REQUIRE(s->finished && i < s->n_services);
    return &s->service[i];
}

const struct callstats_service *callstats_find(const struct callstats *s, const char *service)
{
    REQUIRE(s->finished);
    struct callstats_service key = { .name = service };
    return s->n_services ? bsearch(&key, s->service, s->n_services, sizeof key, by_name) : NULL;
}

bool callstats_is_rare(const struct callstats_service *v, const char *src, enum call_type type,
                       const char *dst)
{
    struct callstats_call key = { .src = src, .dst = dst, .type = type };
    for (size_t i = 0; i < v->n_rare; i++)
        if (callstats_by_call(&v->rare[i], &key) == 0)
            return true;
    return false;
}
