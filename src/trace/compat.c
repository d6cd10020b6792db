/* compat.c: the two steps. Rows of a file are sorted by (trace id, timestamp, rpc_id as text), cut
 * into traces, the traces that pass are sorted by their arrival's text, which is the time of day:
 * a recording of more than a day folds over itself. Step 2 sorts calls by number, drops repeats. */
#include "trace/compat.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/progress.h"
#include "trace/compat_priv.h"
#include "trace/input.h"

enum { DAY_MS = 86400000, DEPTH_MAX = 15, READ = 1 << 20, SLACK = 16 };

struct pair { uint64_t a, b; };

struct steps {
    bool step2;
    compat_sink sink;
    void *ctx;
    struct import_report *rep;
    const char *file;
    struct compat_table table;
    struct compat_graph *graphs;   /* of the file at hand */
    uint64_t *line;                /* (graphs): of their first row */
    size_t n, cap, line_cap;
    struct pair *seen;             /* (slots): {0, 0} is free */
    size_t slots, n_seen;
};

static int by_trace(const void *a, const void *b)
{
    const struct compat_row *x = a, *y = b;
    int c = str_cmp(x->traceid, y->traceid);
    if (c == 0)
        c = (x->timestamp > y->timestamp) - (x->timestamp < y->timestamp);
    if (c == 0)
        c = str_cmp(x->rpc_id, y->rpc_id);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

static bool digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* "MS_7" -> "MS_00007"; what is not prefix and digits stays. */
static struct str pad(struct arena *a, struct str s, const char *prefix, size_t width)
{
    size_t k = strlen(prefix);
    if (!str_starts(s, prefix) || !digits((struct str){ s.p + k, s.n - k }) || s.n - k >= width)
        return s;
    char *p = arena_alloc(a, k + width + 1);
    memcpy(p, prefix, k);
    memset(p + k, '0', width);
    memcpy(p + k + width - (s.n - k), s.p + k, s.n - k);
    return (struct str){ p, k + width };
}

static int64_t day_time(int64_t ms)
{
    int64_t t = ms % DAY_MS;
    return t < 0 ? t + DAY_MS : t;
}

static void drop(struct steps *s, enum import_cause c, uint64_t rows, uint64_t graphs,
                 uint64_t line, struct str value)
{
    import_report_drop(s->rep, c, rows, graphs, s->file, line, value);
}

/* Copy the rows of a trace to calls, without later rows of an rpc_id. */
static void take_calls(struct steps *s, const struct compat_row *r, size_t n,
                       struct compat_graph *g)
{
    struct arena *a = s->table.arena;
    struct names *seen = names_new();
    g->calls = ARENA_ARRAY(a, n, struct compat_call);
    for (size_t i = 0; i < n; i++) {
        if (names_id(seen, r[i].rpc_id) != g->n) {
            drop(s, CAUSE_SECOND, 1, 0, r[i].line, r[i].rpc_id);
            continue;
        }
        g->calls[g->n++] = (struct compat_call){
            r[i].rpc_id, r[i].type, pad(a, r[i].um, "MS_", 5), pad(a, r[i].dm, "MS_", 5),
            r[i].timestamp - r[0].timestamp, r[i].rt };
    }
    names_free(seen);
}

static void take_trace(struct steps *s, const struct compat_row *r, size_t n)
{
    struct compat_graph g = { .arrival = day_time(r[0].timestamp), .timestamp = r[0].timestamp,
                              .trace_id = r[0].traceid, .service = r[0].service };
    s->rep->graphs_read++;
    for (size_t i = 1; i < n; i++)
        if (str_cmp(r[i].service, g.service) < 0)
            g.service = r[i].service;
    take_calls(s, r, n, &g);
    if (!str_starts(g.service, "S_") || !digits((struct str){ g.service.p + 2, g.service.n - 2 })) {
        drop(s, CAUSE_CRASH, g.n, 1, r[0].line, g.service);
        return;
    }
    g.service = pad(s->table.arena, g.service, "S_", 9);
    if (!compat_valid(&g)) {
        drop(s, CAUSE_INVALID, g.n, 1, r[0].line, r[0].traceid);
        return;
    }
    MEM_GROW(s->graphs, s->n, s->cap);
    MEM_GROW(s->line, s->n, s->line_cap);
    s->line[s->n] = r[0].line;
    s->graphs[s->n++] = g;
}

static uint64_t hash_call(const struct compat_call *c, uint64_t seed)
{
    uint64_t h = hash64(c->rpc_id.p, c->rpc_id.n, seed);
    h = hash64_mix(h, hash64(c->type.p, c->type.n, seed));
    h = hash64_mix(h, hash64(c->src.p, c->src.n, seed));
    h = hash64_mix(h, hash64(c->dst.p, c->dst.n, seed));
    return hash64_mix(hash64_mix(h, (uint64_t)c->start), (uint64_t)c->rt);
}

static struct pair key_of(const struct compat_graph *g)
{
    struct pair k = { hash64(g->service.p, g->service.n, 1),
                      hash64(g->service.p, g->service.n, 2) };
    for (size_t i = 0; i < g->n; i++) {
        k.a += hash_call(&g->calls[i], 3);
        k.b += hash_call(&g->calls[i], 4);
    }
    k.b |= 1;
    return k;
}

static bool insert(struct pair *seen, size_t slots, struct pair k)
{
    size_t i = (size_t)k.a & (slots - 1);
    for (; seen[i].b; i = (i + 1) & (slots - 1))
        if (seen[i].a == k.a && seen[i].b == k.b)
            return false;
    seen[i] = k;
    return true;
}

static bool is_repeat(struct steps *s, const struct compat_graph *g)
{
    if (s->n_seen * 2 >= s->slots) {
        size_t more = s->slots ? s->slots * 2 : 1024;
        struct pair *bigger = mem_array(more, sizeof *bigger);
        for (size_t i = 0; i < s->slots; i++)
            if (s->seen[i].b)
                insert(bigger, more, s->seen[i]);
        free(s->seen);
        s->seen = bigger;
        s->slots = more;
    }
    bool is_new = insert(s->seen, s->slots, key_of(g));
    s->n_seen += is_new;
    return !is_new;
}

/* Stable: calls with equal ids (0.1 and 0.1.0) keep their order, as with Python's sort. */
static void merge_sort(struct compat_call *c, struct compat_call *tmp, size_t n)
{
    if (n < 2)
        return;
    size_t h = n / 2, i = 0, j = h, k = 0;
    merge_sort(c, tmp, h);
    merge_sort(c + h, tmp, n - h);
    while (i < h && j < n)
        tmp[k++] = compat_compare_ids(c[j].rpc_id, c[i].rpc_id) < 0 ? c[j++] : c[i++];
    while (i < h)
        tmp[k++] = c[i++];
    memcpy(c, tmp, k * sizeof *c);
}

/* What step 2 drops; IMPORT_CAUSES: nothing, and the calls are sorted. */
static enum import_cause step2(struct steps *s, struct compat_graph *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (!compat_is_dotted(g->calls[i].rpc_id))
            return CAUSE_CRASH;
    struct compat_call *tmp = mem_array(g->n, sizeof *tmp);
    merge_sort(g->calls, tmp, g->n);
    free(tmp);
    if (!compat_valid(g))
        return CAUSE_INVALID;
    if (g->depth > DEPTH_MAX)
        return CAUSE_DEPTH;
    return is_repeat(s, g) ? CAUSE_SEEN : IMPORT_CAUSES;
}

/* Indices of the file's graphs by arrival, ties as the original leaves them. */
static size_t *order_of(const struct steps *s)
{
    size_t *order = mem_array(s->n, sizeof *order);
    int64_t *key = mem_array(s->n, sizeof *key);
    for (size_t i = 0; i < s->n; i++)
        key[i] = s->graphs[i].arrival;
    compat_order(key, order, s->n);
    free(key);
    return order;
}

static bool give(struct steps *s, struct err *err)
{
    size_t *order = order_of(s);
    bool good = true;
    for (size_t i = 0; good && i < s->n; i++) {
        struct compat_graph *g = &s->graphs[order[i]];
        enum import_cause c = s->step2 ? step2(s, g) : IMPORT_CAUSES;
        if (c != IMPORT_CAUSES) {
            drop(s, c, g->n, 1, s->line[order[i]], g->service);
            continue;
        }
        s->rep->graphs_used++;
        s->rep->rows_used += g->n;
        s->rep->calls_used += g->n;
        good = s->sink(s->ctx, g, err);
    }
    free(order);
    return good;
}

static bool take_file(struct steps *s, const char *text, size_t n, struct err *err)
{
    struct compat_table *t = &s->table;
    compat_read(text, n, s->file, t, s->rep);
    if (t->n)
        qsort(t->rows, t->n, sizeof *t->rows, by_trace);
    s->n = 0;
    for (size_t i = 0, j; i < t->n; i = j) {
        for (j = i + 1; j < t->n && str_eq(t->rows[j].traceid, t->rows[i].traceid);)
            j++;
        take_trace(s, t->rows + i, j - i);
    }
    bool good = give(s, err);
    arena_reset(t->arena);
    return good;
}

static bool take_all(struct steps *s, struct input *in, struct buf *b, struct err *err)
{
    bool good = true;
    struct progress bar = progress_begin("import", "B", (double)input_total(in));
    while (good && (input_next(in, err) || err->status)) {
        struct err why = *err;
        progress_set(&bar, (double)input_position(in));
        s->file = input_name(in);
        s->rep->files++;
        buf_clear(b);
        for (size_t got = 1; !why.status && got; b->n += got) {
            MEM_RESERVE(b->p, b->n + READ + SLACK, b->cap);
            input_read(in, b->p + b->n, READ, &got, &why);
        }
        s->rep->bytes += b->n;
        if (b->n || !why.status)
            good = take_file(s, b->p, b->n, err);
        if (why.status)
            drop(s, CAUSE_BROKEN, 0, 0, 1, str_of(why.msg));
    }
    progress_end(&bar);
    return good;
}

bool compat_tracellm(char *const *paths, size_t n, bool step2_too, compat_sink sink, void *ctx,
                     struct import_report *rep, struct err *err)
{
    *rep = (struct import_report){ 0 };
    struct input *in = input_open(paths, n, err);
    if (!in)
        return false;
    struct steps s = { .step2 = step2_too, .sink = sink, .ctx = ctx, .rep = rep };
    s.table.arena = arena_new();
    struct buf b = { 0 };
    bool good = take_all(&s, in, &b, err) && (rep->graphs_used || import_report_fail(rep, err));
    buf_free(&b);
    arena_free(s.table.arena);
    free(s.table.rows);
    free(s.graphs);
    free(s.line);
    free(s.seen);
    input_close(in);
    return good;
}
