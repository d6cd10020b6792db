/* sample.c: one pass over all logits, which tells what a mask takes, then only what it leaves.
 *
 * Of a grammar's words a few hundred of thousands are allowed, often a handful: whatever can be
 * done for these alone is. Sums keep the lanes they would have among zeros, so the bits are those
 * of a masked row. A sort is for cuts only.
 */
#include "llm/sample.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ml/vec.h"

const struct sample_options sample_standard = { .temperature = 1 };

struct ranked {
    float p;
    uint32_t id;
};

static int by_probability(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p ? 1 : -1) : (x->id > y->id) - (x->id < y->id);
}

/* Zero what top_k and top_p leave out of p (n), whose sum is `mass`. */
static void cut(float *p, size_t n, double mass, const struct sample_options *o)
{
    struct ranked *r = mem_array(n, sizeof *r);
    for (size_t i = 0; i < n; i++)
        r[i] = (struct ranked){ p[i], (uint32_t)i };
    qsort(r, n, sizeof *r, by_probability);
    double seen = 0;
    for (size_t i = 0; i < n; i++) {
        bool enough = o->top_p > 0 && o->top_p < 1 && seen >= o->top_p * mass;
        if ((o->top_k && i >= o->top_k) || enough)
            p[r[i].id] = 0;
        seen += (double)r[i].p;
    }
    free(r);
}

/* The tokens that may be drawn: all, or a list in ascending order. */
struct few {
    const uint32_t *id;      /* NULL: all of [0, n) */
    size_t n;
};

static uint32_t token_of(const struct few *f, size_t i)
{
    return f->id ? f->id[i] : (uint32_t)i;
}

/* q[i] of the i-th: relative to the best of them. Returns the sum. */
static double among_allowed(const float *logits, const struct few *f, float best, float scale,
                            float *q)
{
    double mass = 0;
    for (size_t i = 0; i < f->n; i++)
        q[i] = (logits[token_of(f, i)] - best) * scale;
    vec_exp(f->n, q, q);
    for (size_t i = 0; i < f->n; i++)
        mass += (double)q[i];
    return mass;
}

enum { LANES = 8 };

static double fold(const double *lane)
{
    double sum = 0;
    for (size_t j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

/* In lanes, folded in order. */
static double sum_of(const float *p, size_t V)
{
    double lane[LANES] = { 0 };
    size_t v = 0;
    for (; v + LANES <= V; v += LANES)
        for (size_t j = 0; j < LANES; j++)
            lane[j] += (double)p[v + j];
    for (; v < V; v++)
        lane[0] += (double)p[v];
    return fold(lane);
}

/* The same of a row (V) that is zero but for q[i] at the i-th allowed token. */
static double sum_among(const float *q, const struct few *f, size_t V)
{
    double lane[LANES] = { 0 };
    size_t whole = V - V % LANES;
    for (size_t i = 0; i < f->n; i++)
        lane[f->id[i] < whole ? f->id[i] % LANES : 0] += (double)q[i];
    return fold(lane);
}

/* The highest logit, in 16 lanes: the order of a maximum does not matter. */
static float top_of(const float *logits, size_t V)
{
    float lane[16];
    size_t v = 0;
    for (size_t j = 0; j < 16; j++)
        lane[j] = -INFINITY;
    for (; v + 16 <= V; v += 16)
        for (size_t j = 0; j < 16; j++)
            lane[j] = logits[v + j] > lane[j] ? logits[v + j] : lane[j];
    for (; v < V; v++)
        lane[0] = logits[v] > lane[0] ? logits[v] : lane[0];
    for (size_t j = 1; j < 16; j++)
        lane[0] = lane[j] > lane[0] ? lane[j] : lane[0];
    return lane[0];
}

/* The most likely of them, the lowest id among equals. */
static uint32_t best_of(const float *logits, const struct few *f)
{
    uint32_t best = token_of(f, 0);
    for (size_t i = 1; i < f->n; i++)
        if (logits[token_of(f, i)] > logits[best])
            best = token_of(f, i);
    return best;
}

static struct sampled most_likely(const float *logits, size_t V, const struct few *f)
{
    uint32_t best = best_of(logits, f);
    bool first = best == best_of(logits, &(struct few){ NULL, V });
    return (struct sampled){ best, 0, first, first ? 0 : -INFINITY };
}

/* Inverse distribution: the first of n whose running sum passes u. */
static size_t pick(const float *q, size_t n, double u)
{
    double sum = 0;
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)q[i];
        if (q[i] > 0)
            last = i;
        if (q[i] > 0 && sum > u)
            break;
    }
    return last;
}

/* p (V) is room. */
static struct sampled draw(const float *logits, size_t V, const struct few *f,
                           const struct sample_options *o, gsl_rng *rng, float *p)
{
    float scale = (float)fmin(1 / o->temperature, FLT_MAX);
    float most = top_of(logits, V), best = f->id ? logits[best_of(logits, f)] : most;
    for (size_t v = 0; v < V; v++)
        p[v] = (logits[v] - most) * scale;
    vec_exp(V, p, p);
    double whole = sum_of(p, V), mass = whole;
    if (f->id) {
        for (size_t i = 0; i < f->n; i++)     /* never to the right of where it was: ascending */
            p[i] = p[f->id[i]];
        mass = sum_among(p, f, V);
    }
    double kept = mass < whole ? mass / whole : 1, log_kept = kept < 1 ? log(kept) : 0;
    if ((most - best) * scale > 60) {   /* the mask left only what would underflow */
        mass = among_allowed(logits, f, best, scale, p);
        log_kept = log(mass / whole) + (double)((best - most) * scale);
    }
    if (o->top_k || (o->top_p > 0 && o->top_p < 1)) {
        cut(p, f->n, mass, o);
        mass = 0;
        for (size_t i = 0; i < f->n; i++)
            mass += (double)p[i];
    }
    size_t drawn = pick(p, f->n, rng_unit(rng) * mass);
    return (struct sampled){ token_of(f, drawn), log((double)p[drawn] / mass), kept, log_kept };
}

enum { USUAL = 4096 };

static struct sampled draw_few(const float *logits, size_t V, const struct few *f,
                               const struct sample_options *o, gsl_rng *rng)
{
    REQUIRE(V > 0 && f->n > 0 && o->temperature >= 0);
    if (o->temperature == 0)
        return most_likely(logits, V, f);
    float usual[USUAL], *p = V <= USUAL ? usual : mem_array(V, sizeof *p);
    struct sampled s = draw(logits, V, f, o, rng, p);
    if (p != usual)
        free(p);
    return s;
}

struct sampled sample_draw_among(const float *logits, size_t V, const uint32_t *ids, size_t n,
                                 const struct sample_options *o, gsl_rng *rng)
{
    return draw_few(logits, V, &(struct few){ ids, n }, o, rng);
}

struct sampled sample_draw(const float *logits, size_t V, const unsigned char *allowed,
                           const struct sample_options *o, gsl_rng *rng)
{
    if (!allowed)
        return draw_few(logits, V, &(struct few){ NULL, V }, o, rng);
    uint32_t usual[USUAL], *id = V <= USUAL ? usual : mem_array(V, sizeof *id);
    size_t n = 0;
    for (size_t v = 0; v < V; v++)
        if (allowed[v])
            id[n++] = (uint32_t)v;
    struct sampled s = draw_few(logits, V, &(struct few){ id, n }, o, rng);
    if (id != usual)
        free(id);
    return s;
}

void sample_skip(const struct sample_options *o, gsl_rng *rng)
{
    if (o->temperature > 0)
        rng_unit(rng);
}
