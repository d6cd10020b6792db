/* sample.c: one pass over the logits where there is no cut; a sort only for cuts. */
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

/* Zero what top_k and top_p leave out of p, whose sum is `mass`. */
static void cut(float *p, size_t V, double mass, const struct sample_options *o)
{
    struct ranked *r = mem_array(V, sizeof *r);
    for (size_t v = 0; v < V; v++)
        r[v] = (struct ranked){ p[v], (uint32_t)v };
    qsort(r, V, sizeof *r, by_probability);
    double seen = 0;
    for (size_t i = 0; i < V; i++) {
        bool enough = o->top_p > 0 && o->top_p < 1 && seen >= o->top_p * mass;
        if ((o->top_k && i >= o->top_k) || enough)
            p[r[i].id] = 0;
        seen += (double)r[i].p;
    }
    free(r);
}

/* p relative to the best allowed logit; zero elsewhere. Returns the sum. */
static double among_allowed(const float *logits, size_t V, const unsigned char *allowed, float best,
                            float scale, float *p)
{
    double mass = 0;
    for (size_t v = 0; v < V; v++)
        p[v] = allowed[v] ? (logits[v] - best) * scale : 0;
    vec_exp(V, p, p);
    for (size_t v = 0; v < V; v++) {
        if (!allowed[v])
            p[v] = 0;
        mass += (double)p[v];
    }
    return mass;
}

/* In 8 lanes, folded in order. */
static double sum_of(const float *p, size_t V)
{
    double lane[8] = { 0 }, sum = 0;
    size_t v = 0;
    for (; v + 8 <= V; v += 8)
        for (size_t j = 0; j < 8; j++)
            lane[j] += (double)p[v + j];
    for (; v < V; v++)
        lane[0] += (double)p[v];
    for (size_t j = 0; j < 8; j++)
        sum += lane[j];
    return sum;
}

/* The highest of the allowed logits, in 16 lanes: the order of a maximum does not matter. */
static float top_of(const float *logits, size_t V, const unsigned char *allowed)
{
    float lane[16];
    size_t v = 0;
    for (size_t j = 0; j < 16; j++)
        lane[j] = -INFINITY;
    for (; v + 16 <= V; v += 16)
        for (size_t j = 0; j < 16; j++) {
            float x = !allowed || allowed[v + j] ? logits[v + j] : -INFINITY;
            lane[j] = x > lane[j] ? x : lane[j];
        }
    for (; v < V; v++)
        if ((!allowed || allowed[v]) && logits[v] > lane[0])
            lane[0] = logits[v];
    for (size_t j = 1; j < 16; j++)
        lane[0] = lane[j] > lane[0] ? lane[j] : lane[0];
    return lane[0];
}

/* The most likely of the allowed tokens. */
static size_t best_allowed(const float *logits, size_t V, const unsigned char *allowed)
{
    size_t best = SIZE_MAX;
    for (size_t v = 0; v < V; v++)
        if ((!allowed || allowed[v]) && (best == SIZE_MAX || logits[v] > logits[best]))
            best = v;
    REQUIRE(best != SIZE_MAX);
    return best;
}

static struct sampled most_likely(const float *logits, size_t V, const unsigned char *allowed)
{
    size_t best = best_allowed(logits, V, allowed);
    bool first = best == best_allowed(logits, V, NULL);
    return (struct sampled){ (uint32_t)best, 0, first, first ? 0 : -INFINITY };
}

/* p relative to the likeliest of all, zero where not allowed. Returns the sum, and the sum before
 * the mask in *whole_mass. */
static double among_all(const float *logits, size_t V, const unsigned char *allowed, float most,
                        float scale, float *p, double *whole_mass)
{
    for (size_t v = 0; v < V; v++)
        p[v] = (logits[v] - most) * scale;
    vec_exp(V, p, p);
    double whole = sum_of(p, V), mass = whole;
    if (allowed) {
        for (size_t v = 0; v < V; v++)
            p[v] = allowed[v] ? p[v] : 0;
        mass = sum_of(p, V);
    }
    *whole_mass = whole;
    return mass;
}

/* Inverse distribution: the first token whose running sum passes u. */
static size_t pick(const float *p, size_t V, double u)
{
    double sum = 0;
    size_t last = 0;
    for (size_t v = 0; v < V; v++) {
        sum += (double)p[v];
        if (p[v] > 0)
            last = v;
        if (p[v] > 0 && sum > u)
            break;
    }
    return last;
}

struct sampled sample_draw(const float *logits, size_t V, const unsigned char *allowed,
                           const struct sample_options *o, gsl_rng *rng)
{
    REQUIRE(V > 0 && o->temperature >= 0);
    if (o->temperature == 0)
        return most_likely(logits, V, allowed);
    float few[2048], *p = V <= 2048 ? few : mem_array(V, sizeof *p);
    float scale = (float)fmin(1 / o->temperature, FLT_MAX),
          most = top_of(logits, V, NULL);
    float best = allowed ? top_of(logits, V, allowed) : most;
    if (!(best > -INFINITY))
        best = logits[best_allowed(logits, V, allowed)];
    double whole, mass = among_all(logits, V, allowed, most, scale, p, &whole);
    double kept = mass < whole ? mass / whole : 1, log_kept = kept < 1 ? log(kept) : 0;
    if ((most - best) * scale > 60) {   /* the mask left only what would underflow */
        mass = among_allowed(logits, V, allowed, best, scale, p);
        log_kept = log(mass / whole) + (double)((best - most) * scale);
    }
    if (o->top_k || (o->top_p > 0 && o->top_p < 1)) {
        cut(p, V, mass, o);
        mass = 0;
        for (size_t v = 0; v < V; v++)
            mass += (double)p[v];
    }
    size_t drawn = pick(p, V, rng_unit(rng) * mass);
    struct sampled s = { (uint32_t)drawn, log((double)p[drawn] / mass), kept,
                         log_kept };
    if (p != few)
        free(p);
    return s;
}
