/* reference_check.c: the targets, as facts with their source, and their measurement.
 *
 * What is known of the source is a handful of points per curve. A point of a distribution function
 * is known exactly when a whole pmf was published; a published quantile x of order q of whole
 * numbers says F(x - 1) < q <= F(x), and only what lies outside that interval is an error.
 */
#include "trace/reference_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { SAMPLE = 1361 };

static const char TAB[] = "TraceLLM tabular examples, 1,091 graphs (measured)";
static const char ALL[] = "TraceLLM tabular examples, 1,361 graphs (measured)";
static const char DGG[] = "DGG service_info, 2,014 services (measured)";

struct known {
    double x, f;
};

/* ---- samples ---- */
struct sample {
    double *v;
    size_t n, cap;
};

static void take(struct sample *s, double v)
{
    MEM_GROW(s->v, s->n, s->cap);
    s->v[s->n++] = v;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Share of values <= x; v ascending. */
static double below(const struct sample *s, double x)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->v[mid] <= x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (double)lo / (double)s->n;
}

/* ---- the report ---- */
static void add(struct reference_report *r, struct reference_check c)
{
    MEM_GROW(r->check, r->n_checks, r->cap_checks);
    r->check[r->n_checks++] = c;
}

static void point(struct reference_report *r, const char *curve, double x, double target,
                  double obtained)
{
    MEM_GROW(r->point, r->n_points, r->cap_points);
    r->point[r->n_points++] = (struct reference_point){ curve, x, target, obtained };
}

static void share(struct reference_report *r, const char *metric, const char *view, double target,
                  double obtained, double tolerance, const char *source)
{
    add(r, (struct reference_check){ metric, view, target, obtained, fabs(obtained / target - 1),
                                     tolerance, source });
}

static double known_at(const struct known *k, size_t n, double x)
{
    for (size_t i = 0; i < n; i++)
        if (k[i].x == x)
            return k[i].f;
    return NAN;
}

/* Sort s, compare it with the known points, and record both curves. */
static void distribution(struct reference_report *r, const char *metric, const char *view,
                         struct sample *s, const struct known *k, size_t n, bool exact,
                         double tolerance, const char *source)
{
    qsort(s->v, s->n, sizeof *s->v, ascending);
    struct reference_check c = { metric, view, NAN, NAN, 0, tolerance, source };
    for (size_t i = 0; i < n; i++) {
        double at = below(s, k[i].x), before = exact ? at : below(s, k[i].x - 1);
        double off = fmax(k[i].f - at, before - k[i].f);
        if (off >= c.error || isnan(c.target)) {
            c.error = fmax(off, 0);
            c.target = k[i].f;
            c.obtained = k[i].f - at > before - k[i].f ? at : before;
        }
    }
    add(r, c);
    for (size_t i = 0; i < s->n; i++)   /* the obtained curve, at every value that occurs */
        if (i + 1 == s->n || s->v[i + 1] != s->v[i])
            point(r, metric, s->v[i], known_at(k, n, s->v[i]), (double)(i + 1) / (double)s->n);
    for (size_t i = 0; i < n; i++)
        if (!isnan(k[i].f) && below(s, k[i].x) == below(s, nextafter(k[i].x, -1)))
            point(r, metric, k[i].x, k[i].f, below(s, k[i].x));
}

#define KNOWN(...)                                                                                 \
    (const struct known[]){ __VA_ARGS__ },                                                         \
        sizeof((const struct known[]){ __VA_ARGS__ }) / sizeof(struct known)

/* ---- popularity, over all traces ---- */
static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

static struct sample service_counts(const struct graphset *s, const size_t *index, size_t n)
{
    size_t names = names_count(s->names);
    double *count = mem_array(names, sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[s->graphs[index ? index[i] : i].service]++;
    struct sample out = { 0 };
    for (size_t i = 0; i < names; i++)
        if (count[i] > 0)
            take(&out, count[i]);
    free(count);
    qsort(out.v, out.n, sizeof *out.v, descending);
    return out;
}

static double top_share(const struct sample *counts, size_t k, double total)
{
    double sum = 0;
    for (size_t i = 0; i < k && i < counts->n; i++)
        sum += counts->v[i];
    return sum / total;
}

static void popularity(struct reference_report *r, const struct graphset *all)
{
    static const struct known k[] = { { 1, .184 },  { 2, .306 },  { 5, .521 },   { 10, .622 },
                                      { 20, .693 }, { 100, .811 }, { 2014, 1 } };
    struct sample counts = service_counts(all, NULL, all->n);
    struct reference_check c = { "service popularity", "all", NAN, NAN, -1, .10, DGG };
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        double got = top_share(&counts, (size_t)k[i].x, (double)all->n);
        if (fabs(got - k[i].f) > c.error)
            c = (struct reference_check){ c.metric,           c.view,      k[i].f, got,
                                          fabs(got - k[i].f), c.tolerance, DGG };
    }
    add(r, c);
    double sum = 0;
    for (size_t i = 0; i < counts.n; i++) {
        sum += counts.v[i];
        point(r, "service popularity", (double)i + 1, known_at(k, 7, (double)i + 1),
              sum / (double)all->n);
    }
    free(counts.v);
}

/* ---- the graphs TraceLLM would keep ---- */
static int by_hash(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0] ? 1 : -1) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Indices of the first graph of every full hash, ascending. */
static size_t keep(const struct graphset *s, size_t *index)
{
    uint64_t *key = mem_array(2 * s->n + 2, sizeof *key);
    for (size_t i = 0; i < s->n; i++) {
        key[2 * i] = callgraph_hash_full(&s->graphs[i], s->names);
        key[2 * i + 1] = i;
    }
    qsort(key, s->n, 2 * sizeof *key, by_hash);
    bool *first = mem_array(s->n + 1, sizeof *first);
    for (size_t i = 0; i < s->n; i++)
        first[key[2 * i + 1]] = !i || key[2 * i] != key[2 * i - 2];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (first[i])
            index[n++] = i;
    free(first);
    free(key);
    return n;
}

struct tally {
    struct sample size, depth, rt[CALL_TYPES], root_rt, children, microservices, exclusive;
    double type[4][CALL_TYPES], level[4], leaves[4];   /* levels 0, 1, 2, 3 */
    double calls, below_root, repeats, self, siblings, overlaps;
};

/* rt minus the union of the children's intervals, over rt (children ascend in start, nearly). */
static double exclusive_share(const struct callgraph *g, size_t i)
{
    int64_t covered = 0, until = g->calls[i].start;
    for (size_t k = i + 1; k < g->n && g->calls[k].level > g->calls[i].level; k++) {
        const struct call *c = &g->calls[k];
        if (c->parent != i)
            continue;
        int64_t from = c->start > until ? c->start : until;
        if (call_finish(c) > from) {
            covered += call_finish(c) - from;
            until = call_finish(c);
        }
    }
    return 1 - (double)covered / (double)g->calls[i].rt;
}

static void tally_siblings(struct tally *t, const struct callgraph *g, size_t i)
{
    const struct call *c = g->calls;
    bool repeat = false;
    const struct call *before = NULL;
    for (size_t k = c[i].parent + 1; k < i; k++)
        if (c[k].parent == c[i].parent) {
            repeat |= c[k].type == c[i].type && c[k].dst == c[i].dst;
            before = &c[k];
        }
    t->repeats += repeat;
    if (before) {
        t->siblings++;
        t->overlaps += c[i].start < call_finish(before);
    }
}

static void tally_graph(struct tally *t, const struct callgraph *g)
{
    take(&t->size, (double)g->n);
    take(&t->depth, (double)callgraph_depth(g));
    take(&t->root_rt, (double)g->calls[0].rt);
    double distinct = 1;   /* USER */
    for (size_t i = 0; i < g->n; i++) {
        const struct call *c = &g->calls[i];
        size_t level = c->level < 3 ? c->level : 3, children = callgraph_children(g, i);
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = g->calls[k].dst == c->dst;
        distinct += !seen;
        take(&t->rt[c->type], (double)c->rt);
        t->type[level][c->type]++;
        t->level[level]++;
        t->leaves[level] += children == 0;
        t->calls++;
        if (children)
            take(&t->children, (double)children);
        if (children && c->rt > 0)
            take(&t->exclusive, exclusive_share(g, i));
        if (i) {
            t->below_root++;
            t->self += c->src == c->dst;
            tally_siblings(t, g, i);
        }
    }
    take(&t->microservices, distinct);
}

static void tally_free(struct tally *t)
{
    struct sample *all[] = { &t->size,     &t->depth,         &t->root_rt,
                             &t->children, &t->microservices, &t->exclusive };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->v);
    for (int i = 0; i < CALL_TYPES; i++)
        free(t->rt[i].v);
}

static double mean(const struct sample *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->v[i];
    return sum / (double)s->n;
}

static void shapes(struct reference_report *r, struct tally *t)
{
    distribution(r, "size", "kept", &t->size,
                 KNOWN({ 1, .343 }, { 2, .454 }, { 3, .532 }, { 4, .549 }, { 5, .671 }, { 6, .788 },
                       { 7, .872 }, { 8, .927 }, { 9, .952 }, { 10, .964 }, { 11, .973 },
                       { 19, .99 }, { 92, 1 }),
                 true, .10, TAB);
    distribution(r, "depth", "kept", &t->depth,
                 KNOWN({ 1, .343 }, { 2, .566 }, { 3, .867 }, { 4, .999 }), true, .10, TAB);
    distribution(r, "children of a caller", "kept", &t->children,
                 KNOWN({ 1, .321 }, { 2, .698 }, { 3, .79 }, { 4, .891 }, { 5, .967 }), true, .10,
                 TAB);
    distribution(r, "microservices of a graph", "kept", &t->microservices,
                 KNOWN({ 4, .5 }, { 5, .75 }, { 6, .9 }, { 7, .99 }), false, NAN, TAB);
    share(r, "mean size", "kept", 4.37, mean(&t->size), .20, TAB);
    share(r, "repeats among siblings", "kept", .367, t->repeats / t->below_root, .20, TAB);
    share(r, "calls to oneself", "kept", .058, t->self / t->calls, .20, TAB);
    static const char *const leaves[] = { "leaves at level 0", "leaves at level 1",
                                          "leaves at level 2", "leaves at level 3" };
    static const double leaf_share[] = { .343, .796, .854, .997 };
    for (int i = 0; i < 4; i++)
        share(r, leaves[i], "kept", leaf_share[i], t->leaves[i] / t->level[i], .20, TAB);
}

static void types(struct reference_report *r, struct tally *t)
{
    static const struct {
        const char *metric;
        int level;
        enum call_type type;
        double share;
    } known[] = {
        { "http of all calls", -1, CALL_HTTP, .226 }, { "rpc of all calls", -1, CALL_RPC, .235 },
        { "db of all calls", -1, CALL_DB, .109 },     { "mc of all calls", -1, CALL_MC, .429 },
        { "http of roots", 0, CALL_HTTP, .984 },      { "rpc of level 1", 1, CALL_RPC, .404 },
        { "db of level 1", 1, CALL_DB, .094 },        { "mc of level 1", 1, CALL_MC, .497 },
        { "rpc of level 2", 2, CALL_RPC, .153 },      { "db of level 2", 2, CALL_DB, .199 },
        { "mc of level 2", 2, CALL_MC, .648 },        { "db of level 3", 3, CALL_DB, .299 },
        { "mc of level 3", 3, CALL_MC, .692 },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double of = 0, n = 0;
        for (int l = 0; l < 4; l++)
            if (known[i].level < 0 || known[i].level == l) {
                of += t->type[l][known[i].type];
                n += t->level[l];
            }
        /* level 3 holds a few hundred calls of one or two services in TAB: no judgement */
        share(r, known[i].metric, "kept", known[i].share, of / n, known[i].level == 3 ? NAN : .20,
              TAB);
    }
}

static void times(struct reference_report *r, struct tally *t)
{
    distribution(r, "rt of http", "kept", &t->rt[CALL_HTTP],
                 KNOWN({ 0, .126 }, { 6, .5 }, { 12, .75 }, { 21, .9 }, { 30, .95 }, { 3467, .99 }),
                 false, .10, TAB);
    distribution(r, "rt of rpc", "kept", &t->rt[CALL_RPC],
                 KNOWN({ 0, .100 }, { 2, .5 }, { 5, .75 }, { 16, .9 }, { 19, .95 }, { 26, .99 }),
                 false, .10, TAB);
    distribution(r, "rt of db", "kept", &t->rt[CALL_DB],
                 KNOWN({ 0, .431 }, { 1, .75 }, { 2, .9 }, { 3, .95 }, { 7, .99 }), false, .10,
                 TAB);
    distribution(r, "rt of mc", "kept", &t->rt[CALL_MC],
                 KNOWN({ 0, .429 }, { 1, .95 }, { 2, .99 }), false, .10, TAB);
    distribution(r, "rt of the root", "kept", &t->root_rt,
                 KNOWN({ 0, .125 }, { 6, .5 }, { 21, .9 }, { 2763, .99 }), false, .10, ALL);
    distribution(r, "exclusive share of a caller", "kept", &t->exclusive,
                 KNOWN({ .27, .5 }, { .57, .75 }, { .95, .9 }), true, NAN, TAB);
    share(r, "mean exclusive share", "kept", .36, mean(&t->exclusive), NAN, TAB);
    share(r, "overlapping siblings", "kept", .026, t->overlaps / t->siblings, NAN, TAB);
}

/* ---- hardness: what a model must learn from a sample of TraceLLM's size ---- */
static size_t distinct_structures(const struct graphset *s, const size_t *index, size_t n)
{
    uint64_t *key = mem_array(2 * n + 2, sizeof *key);
    for (size_t i = 0; i < n; i++)
        key[2 * i] = callgraph_hash_structure(&s->graphs[index[i]], s->names);
    qsort(key, n, 2 * sizeof *key, by_hash);
    size_t distinct = n > 0;
    for (size_t i = 1; i < n; i++)
        distinct += key[2 * i] != key[2 * i - 2];
    free(key);
    return distinct;
}

/* Share of the second half whose structure occurs in the first. */
static double copy_rate(const struct graphset *s, const size_t *index, size_t n)
{
    size_t half = n / 2, copies = 0;
    uint64_t *key = mem_array(n + 1, sizeof *key);
    for (size_t i = 0; i < n; i++)
        key[i] = callgraph_hash_structure(&s->graphs[index[i]], s->names);
    for (size_t i = half; i < n; i++)
        for (size_t k = 0; k < half; k++)
            if (key[i] == key[k]) {
                copies++;
                break;
            }
    free(key);
    return (double)copies / (double)(n - half);
}

/* Share of the calls that the busiest 5 % of the destinations take. */
static double hot_share(const struct graphset *s, const size_t *index, size_t n)
{
    size_t names = names_count(s->names);
    double *count = mem_array(names, sizeof *count), calls = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s->graphs[index[i]].n; k++, calls++)
            count[s->graphs[index[i]].calls[k].dst]++;
    qsort(count, names, sizeof *count, descending);
    size_t used = 0;
    while (used < names && count[used] > 0)
        used++;
    struct sample c = { .v = count, .n = used };
    double hot = top_share(&c, (used + 10) / 20, calls);
    free(count);
    return hot;
}

static void hardness(struct reference_report *r, const struct graphset *s, size_t *index,
                     size_t kept, uint64_t seed)
{
    gsl_rng *g = rng_stream(seed, "reference/check", 0);
    rng_shuffle(g, index, kept);
    gsl_rng_free(g);
    size_t n = kept < SAMPLE ? kept : SAMPLE;
    struct sample counts = service_counts(s, index, n);
    double singles = 0;
    for (size_t i = 0; i < counts.n; i++)
        singles += counts.v[i] == 1;
    share(r, "services", "sample", 582, (double)counts.n, .20, ALL);
    share(r, "services seen once", "sample", 414, singles, .20, ALL);
    share(r, "graphs of the top service", "sample", .153, top_share(&counts, 1, (double)n), NAN,
          ALL);
    share(r, "graphs of the top 10 services", "sample", .434, top_share(&counts, 10, (double)n),
          NAN, TAB);
    share(r, "graphs of the top 100 services", "sample", .653, top_share(&counts, 100, (double)n),
          NAN, TAB);
    share(r, "distinct structures", "sample", 848, (double)distinct_structures(s, index, n), .20,
          ALL);
    share(r, "structures copied between halves", "sample", .43, copy_rate(s, index, n), .20, ALL);
    share(r, "calls of the top 5 % of microservices", "sample", .733, hot_share(s, index, n), .20,
          TAB);
    free(counts.v);
}

struct reference_report *reference_check(const struct graphset *all, uint64_t seed)
{
    REQUIRE(all->n > 0);
    struct reference_report *r = mem_alloc(sizeof *r);
    size_t *index = mem_array(all->n, sizeof *index), kept = keep(all, index);
    struct tally t = { 0 };
    for (size_t i = 0; i < kept; i++)
        tally_graph(&t, &all->graphs[index[i]]);
    popularity(r, all);
    shapes(r, &t);
    types(r, &t);
    times(r, &t);
    hardness(r, all, index, kept, seed);
    share(r, "graphs kept of all", "kept", NAN, (double)kept / (double)all->n, NAN,
          "not published: falls with the number of traces");
    tally_free(&t);
    free(index);
    return r;
}

void reference_report_free(struct reference_report *r)
{
    free(r->check);
    free(r->point);
    free(r);
}

size_t reference_report_misses(const struct reference_report *r)
{
    size_t misses = 0;
    for (size_t i = 0; i < r->n_checks; i++)
        misses += r->check[i].error > r->check[i].tolerance;   /* a NaN tolerance never misses */
    return misses;
}
