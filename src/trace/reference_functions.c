/* reference_functions.c: one function after the other, each from a stream of its own. */
#define _GNU_SOURCE   /* M_PI */
#include "trace/reference_functions.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/rng.h"

#define MOST_A_MINUTE 1000.0
#define WAVE 0.4

static double quantile_z(int percentile)
{
    double p = percentile / 100.0;
    return gsl_cdf_ugaussian_Pinv(p < 0.0005 ? 0.0005 : p > 0.9995 ? 0.9995 : p);
}

static void draw_calls(gsl_rng *r, int32_t *calls, size_t minutes)
{
    double rate = exp(-3.58 + 4.08 * gsl_ran_ugaussian(r));
    bool timer = rng_unit(r) < 1.0 / 3;
    double phase = rng_unit(r);
    rate = rate > MOST_A_MINUTE ? MOST_A_MINUTE : rate;
    size_t period = rate < 1 ? (size_t)ceil(1 / fmax(rate, 1.0 / (double)minutes)) : 1;
    for (size_t u = 0; u < minutes; u++) {
        double day = 1 + WAVE * sin(2 * M_PI * ((double)u / 1440 + phase));
        if (timer)
            calls[u] = (u + (size_t)(phase * (double)period)) % period == 0
                           ? (int32_t)fmax(1, floor(rate)) : 0;
        else
            calls[u] = (int32_t)gsl_ran_poisson(r, rate * day);
    }
}

static bool is_called(const int32_t *calls, size_t minutes)
{
    for (size_t u = 0; u < minutes; u++)
        if (calls[u] > 0)
            return true;
    return false;
}

static void draw_needs(gsl_rng *r, struct function *f)
{
    double median = 1000 * exp(-0.38 + 2.36 * gsl_ran_ugaussian(r)), sd = 0.1 + 0.7 * rng_unit(r);
    double u = rng_unit(r), width = 0.05 + 0.1 * rng_unit(r);
    double mb = 107.083 * pow(pow(1 - u, -1 / 0.221) - 1, 1 / 11.652);
    for (size_t p = 0; p < FUNCTION_DURATIONS; p++)
        f->duration[p] = round(median * exp(sd * quantile_z(function_duration_pct[p])));
    f->average = round(median * exp(sd * sd / 2));
    f->minimum = f->duration[0];
    f->maximum = f->duration[FUNCTION_DURATIONS - 1];
    for (size_t p = 0; p < FUNCTION_MEMORIES; p++)
        f->memory[p] = round(mb * exp(width * quantile_z(function_memory_pct[p])));
    f->allocated = round(mb);
}

static void draw_function(struct functions *o, size_t i, size_t minutes, uint64_t seed)
{
    struct function *f = &o->at[i];
    gsl_rng *r = rng_stream(seed, "reference/function", i);
    int32_t *calls = ARENA_ARRAY(o->mem, minutes, int32_t);
    f->owner = arena_printf(o->mem, "owner%zu", i / 4);
    f->app = arena_printf(o->mem, "app%zu", i / 2);
    f->name = arena_printf(o->mem, "func%zu", i);
    f->key = arena_printf(o->mem, "%s%s%s", f->owner, f->app, f->name);
    draw_needs(r, f);
    do
        draw_calls(r, calls, minutes);
    while (!is_called(calls, minutes));
    for (size_t u = 0; u < minutes; u++)
        f->count += calls[u];
    static const char *const triggers[] = { "http", "queue", "timer", "event", "storage" };
    f->trigger = triggers[rng_below(r, 5)];
    f->samples = f->count;
    f->calls = calls;
    f->units = minutes;
    gsl_rng_free(r);
}

struct functions reference_functions(size_t n, size_t minutes, uint64_t seed)
{
    REQUIRE(minutes >= 1);
    struct functions o = { .mem = arena_new(), .n = n, .units = minutes };
    o.at = ARENA_ARRAY(o.mem, n, struct function);
    for (size_t i = 0; i < n; i++)
        draw_function(&o, i, minutes, seed);
    return o;
}
