/* columns.c: what a reader of traces would look at first. One scan per graph gathers sums; repeats
 * and distinct callees come from sorted keys, since graphs may have thousands of calls. */
#include "eval/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/keys.h"
#include "base/mem.h"
#include "eval/feature.h"

static const char *const names[COLUMNS_IDENTITY] = {
    "calls", "levels", "width of level 1", "width of level 2", "width of level 3",
    "width beyond level 3", "greatest width", "calls that call", "greatest fan-out", "mean fan-out",
    "distinct callees", "repeated calls", "most repeats of one call",
    "same callee as the sibling before", "self calls", "http", "rpc", "db", "mc", "mq",
    "time of the root", "mean time", "sd of time", "longest below the root", "share of zero times",
    "overlapping siblings", "starts before its parent", "mean gap between siblings",
    "longest gap between siblings", "wait before a first child", "exclusive time of the root",
    "mean exclusive time",
    "frequency of the service", "mean frequency of calls", "least frequency of calls",
    "mean frequency of calls in their service", "least frequency of calls in their service",
    "mean frequency of calls under their parent", "least frequency of calls under their parent",
};

static size_t *last_sibling_index(const struct callgraph *g, size_t *fan_out)
{
    size_t *last = mem_array(g->n, sizeof *last);   /* per parent: its latest child so far, or 0 */
    for (size_t k = 1; k < g->n; k++)
        fan_out[g->calls[k].parent]++;
    return last;
}

static void fill_widths(const struct callgraph *g, float *row)
{
    size_t levels = callgraph_depth(g), widest = 0;
    size_t *width = mem_array(levels, sizeof *width);
    for (size_t k = 0; k < g->n; k++)
        width[g->calls[k].level]++;
    for (size_t l = 1; l < levels; l++)
        row[l < 4 ? 1 + l : 5] += (float)width[l];
    for (size_t l = 0; l < levels; l++)
        widest = width[l] > widest ? width[l] : widest;
    row[0] = (float)g->n;
    row[1] = (float)levels;
    row[6] = (float)widest;
    free(width);
}

static void fill_branches(const struct callgraph *g, float *row)
{
    size_t *fan_out = mem_array(g->n, sizeof *fan_out), *last = last_sibling_index(g, fan_out);
    size_t callers = 0, greatest = 0;
    for (size_t k = 0; k < g->n; k++) {
        const struct call *c = &g->calls[k];
        callers += fan_out[k] > 0;
        greatest = fan_out[k] > greatest ? fan_out[k] : greatest;
        row[14] += c->src == c->dst;
        if (c->type <= CALL_MQ)
            row[15 + c->type]++;
        if (k == 0)
            continue;
        row[13] += last[c->parent] && g->calls[last[c->parent]].dst == c->dst;
        last[c->parent] = k;
    }
    row[7] = (float)callers;
    row[8] = (float)greatest;
    row[9] = callers ? (float)((double)(g->n - 1) / (double)callers) : 0;
    free(fan_out);
    free(last);
}

static void fill_repeats(const struct profile *p, const struct callgraph *g, float *row)
{
    uint64_t *key = mem_array(g->n, sizeof *key);
    size_t most;
    for (size_t k = 0; k < g->n; k++)
        key[k] = g->calls[k].dst;
    row[10] = (float)keys_distinct(key, g->n, &most);
    for (size_t k = 0; k < g->n; k++)
        key[k] = feature_call_key(p, &g->calls[k]);
    row[11] = (float)(g->n - keys_distinct(key, g->n, &most));
    row[12] = (float)most;
    free(key);
}

static double log_ms(double ticks, uint32_t tick_us)
{
    return log2(1 + (ticks > 0 ? ticks : 0) * tick_us / 1000.0);
}

static void fill_times(const struct callgraph *g, uint32_t tick_us, float *row)
{
    double sum = 0, squares = 0, longest = 0, zeros = 0;
    for (size_t k = 0; k < g->n; k++) {
        double t = log_ms((double)g->calls[k].rt, tick_us);
        sum += t;
        squares += t * t;
        zeros += t <= 0;
        if (k && t > longest)
            longest = t;
    }
    double n = (double)g->n, mean = sum / n, var = squares / n - mean * mean;
    row[20] = (float)log_ms((double)g->calls[0].rt, tick_us);
    row[21] = (float)mean;
    row[22] = (float)sqrt(var > 0 ? var : 0);
    row[23] = (float)longest;
    row[24] = (float)(zeros / n);
}

/* Gaps lie between a sibling's finish and the next one's start; an exclusive part is a caller's
 * time less what its children cover, taken as the sum of their times. */
static void fill_gaps(const struct callgraph *g, uint32_t tick_us, float *row)
{
    size_t *last = mem_array(g->n, sizeof *last);
    double *own = mem_array(g->n, sizeof *own);
    double gaps = 0, n_gaps = 0, longest = 0, first = 0, n_first = 0, exclusive = 0;
    for (size_t k = 0; k < g->n; k++)
        own[k] = (double)g->calls[k].rt;
    for (size_t k = 1; k < g->n; k++) {
        const struct call *c = &g->calls[k], *parent = &g->calls[c->parent];
        const struct call *before = last[c->parent] ? &g->calls[last[c->parent]] : NULL;
        own[c->parent] -= (double)c->rt;
        row[26] += c->start < parent->start;
        if (before) {
            double gap = log_ms((double)(c->start - call_finish(before)), tick_us);
            row[25] += c->start < call_finish(before);
            gaps += gap;
            n_gaps++;
            longest = gap > longest ? gap : longest;
        } else {
            first += log_ms((double)(c->start - parent->start), tick_us);
            n_first++;
        }
        last[c->parent] = k;
    }
    for (size_t k = 0; k < g->n; k++)
        exclusive += log_ms(own[k], tick_us);
    row[27] = (float)(n_gaps > 0 ? gaps / n_gaps : 0);
    row[28] = (float)longest;
    row[29] = (float)(n_first > 0 ? first / n_first : 0);
    row[30] = (float)log_ms(own[0], tick_us);
    row[31] = (float)(exclusive / (double)g->n);
    free(last);
    free(own);
}

static void fill_shape(const struct profile *p, size_t i, const struct frequencies *slice,
                       float *row)
{
    (void)slice;
    const struct callgraph *g = &p->set->graphs[i];
    memset(row, 0, COLUMNS_SHAPE * sizeof *row);
    fill_widths(g, row);
    fill_branches(g, row);
    fill_repeats(p, g, row);
    if (g->timed) {
        fill_times(g, p->set->tick_us, row);
        fill_gaps(g, p->set->tick_us, row);
    }
}

/* How often each name, call and pair occurs in the slice: one sorted list of keys, each kind with a
 * salt of its own. */
struct frequencies {
    struct tally *at;
    size_t n;
};

enum salt { SALT_SERVICE = 1, SALT_CALL, SALT_SERVICE_CALL, SALT_PARENT_CALL };

static uint64_t key_service(const struct profile *p, const struct callgraph *g)
{
    return hash64_mix(SALT_SERVICE, p->name[g->service]);
}

static uint64_t key_call(const struct profile *p, const struct callgraph *g, size_t k)
{
    return hash64_mix(SALT_CALL, feature_call_key(p, &g->calls[k]));
}

static uint64_t key_service_call(const struct profile *p, const struct callgraph *g, size_t k)
{
    return hash64_mix(hash64_mix(SALT_SERVICE_CALL, p->name[g->service]),
                      feature_call_key(p, &g->calls[k]));
}

static uint64_t key_parent_call(const struct profile *p, const struct callgraph *g, size_t k)
{
    uint64_t parent = k ? feature_call_key(p, &g->calls[g->calls[k].parent]) : 0;
    return hash64_mix(hash64_mix(SALT_PARENT_CALL, parent), feature_call_key(p, &g->calls[k]));
}

struct frequencies *frequencies_new(const struct profile *slice)
{
    struct tallies t = { 0 };
    for (size_t i = 0; i < slice->n; i++) {
        const struct callgraph *g = &slice->set->graphs[i];
        double w = slice->weight[VIEW_TRAFFIC][i];
        tallies_add(&t, key_service(slice, g), w);
        for (size_t k = 0; k < g->n; k++) {
            tallies_add(&t, key_call(slice, g, k), w);
            tallies_add(&t, key_service_call(slice, g, k), w);
            tallies_add(&t, key_parent_call(slice, g, k), w);
        }
    }
    if (t.n)
        qsort(t.at, t.n, sizeof *t.at, keys_ascending);
    size_t to = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (to && t.at[to - 1].key == t.at[i].key)
            t.at[to - 1].count += t.at[i].count;
        else
            t.at[to++] = t.at[i];
    }
    struct frequencies *f = mem_alloc(sizeof *f);
    *f = (struct frequencies){ t.at, to };
    return f;
}

void frequencies_free(struct frequencies *f)
{
    if (!f)
        return;
    free(f->at);
    free(f);
}

static double log_frequency(const struct frequencies *f, uint64_t key)
{
    size_t lo = keys_lower(f->at, f->n, sizeof *f->at, key);
    return lo < f->n && f->at[lo].key == key ? log2(1 + f->at[lo].count) : 0;
}

typedef uint64_t (*key_fn)(const struct profile *p, const struct callgraph *g, size_t k);

static void mean_and_least(const struct profile *p, const struct callgraph *g,
                           const struct frequencies *slice, key_fn key, float *out)
{
    double sum = 0, least = INFINITY;
    for (size_t k = 0; k < g->n; k++) {
        double v = log_frequency(slice, key(p, g, k));
        sum += v;
        least = v < least ? v : least;
    }
    out[0] = (float)(sum / (double)g->n);
    out[1] = (float)least;
}

static void fill_identity(const struct profile *p, size_t i, const struct frequencies *slice,
                          float *row)
{
    const struct callgraph *g = &p->set->graphs[i];
    fill_shape(p, i, NULL, row);
    row[32] = (float)log_frequency(slice, key_service(p, g));
    mean_and_least(p, g, slice, key_call, row + 33);
    mean_and_least(p, g, slice, key_service_call, row + 35);
    mean_and_least(p, g, slice, key_parent_call, row + 37);
}

const struct columns columns_shape = { names, COLUMNS_SHAPE, false, fill_shape };
const struct columns columns_identity = { names, COLUMNS_IDENTITY, true, fill_identity };
