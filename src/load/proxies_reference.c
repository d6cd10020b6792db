/* proxies_reference.c: families with a memory of their own and variants whose work grows by
 * steps. */
#include <math.h>

#include "base/rng.h"
#include "load/proxies.h"

static void fill_axis(struct proxy_axis *a, double p75, double sd)
{
    static const double z[PROXY_PCTS] = { -2.5, -2.33, -1.64, -0.67, 0, 0.67, 1.64, 2.33, 2.5 };
    for (size_t i = 0; i < PROXY_PCTS; i++) {
        a->at[i] = p75 * exp(sd * (z[i] - z[5]));
        a->have[i] = true;
    }
}

struct proxies proxies_reference(size_t n, uint64_t seed)
{
    enum { VARIANTS = 6 };
    struct proxies p = { .mem = arena_new(), .n = n };
    p.at = ARENA_ARRAY(p.mem, n, struct proxy);
    gsl_rng *r = rng_stream(seed, "reference/proxies", 0);
    double memory = 0, work = 0, step = 0;
    for (size_t j = 0; j < n; j++) {
        struct proxy *q = &p.at[j];
        if (j % VARIANTS == 0) {
            memory = exp(log(24) + rng_unit(r) * log(400.0 / 24));
            work = exp(log(0.75) + rng_unit(r) * log(1000 / 0.75));
            step = exp(0.4 + rng_unit(r));
        }
        double duration = fmin(work * pow(step, (double)(j % VARIANTS)), 27000);
        q->key = q->name = arena_printf(p.mem, "proxy%zu-%zu", j / VARIANTS, j % VARIANTS);
        q->yaml = arena_printf(p.mem, "./yamls/kn-%s.yaml", q->key);
        q->pipelined = -1;
        fill_axis(&q->cpu, 3 + 100 * rng_unit(r), 0.2);
        fill_axis(&q->memory, memory * exp(0.05 * (double)(j % VARIANTS)), 0.03);
        fill_axis(&q->duration, duration, 0.1);
    }
    gsl_rng_free(r);
    return p;
}
