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

static struct sampled most_likely(const float *logits, size_t V, const unsigned char *allowed)
{
    size_t best = SIZE_MAX, top = 0;
    for (size_t v = 0; v < V; v++) {
        if (logits[v] > logits[top])
            top = v;
        if ((!allowed || allowed[v]) && (best == SIZE_MAX || logits[v] > logits[best]))
            best = v;
    }
    REQUIRE(best != SIZE_MAX);
    return (struct sampled){ (uint32_t)best, 0, best == top ? 1 : 0 };
}

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

struct sampled sample_draw(const float *logits, size_t V, const unsigned char *allowed,
                           const struct sample_options *o, gsl_rng *rng)
{
    REQUIRE(V > 0 && o->temperature >= 0);
    if (o->temperature == 0)
        return most_likely(logits, V, allowed);
    float few[2048], *p = V <= 2048 ? few : mem_array(V, sizeof *p);
    size_t top = SIZE_MAX;                     /* the most likely of the allowed */
    float all = logits[0], scale = (float)fmin(1 / o->temperature, FLT_MAX);
    for (size_t v = 0; v < V; v++) {
        all = logits[v] > all ? logits[v] : all;
        if ((!allowed || allowed[v]) && (top == SIZE_MAX || logits[v] > logits[top]))
            top = v;
    }
    REQUIRE(top != SIZE_MAX);
    double whole = 0, mass = 0;
    for (size_t v = 0; v < V; v++)
        p[v] = (logits[v] - all) * scale;
    vec_exp(V, p, p);
    for (size_t v = 0; v < V; v++) {
        whole += (double)p[v];
        if (allowed && !allowed[v])
            p[v] = 0;
        mass += (double)p[v];
    }
    double kept = mass / whole;
    if ((all - logits[top]) * scale > 60)   /* the mask left only what would underflow */
        mass = among_allowed(logits, V, allowed, logits[top], scale, p);
    if (o->top_k || (o->top_p > 0 && o->top_p < 1)) {
        cut(p, V, mass, o);
        mass = 0;
        for (size_t v = 0; v < V; v++)
            mass += (double)p[v];
    }
    double u = rng_unit(rng) * mass, sum = 0;
    size_t drawn = top;
    for (size_t v = 0; v < V; v++) {
        sum += (double)p[v];
        if (p[v] > 0)
            drawn = v;
        if (sum > u && p[v] > 0)
            break;
    }
    struct sampled s = { (uint32_t)drawn, log((double)p[drawn] / mass), kept < 1 ? kept : 1 };
    if (p != few)
        free(p);
    return s;
}
