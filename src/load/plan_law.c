/* plan_law.c: x in [0, 1), one law after the other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "load/plan_priv.h"

void plan_state_begin(struct plan_state *s, const struct plan_job *job, size_t function)
{
    const char *key = job->functions->at[function].key;
    *s = (struct plan_state){ .key = hash64(key, strlen(key), 0) };
    gsl_rng *r = rng_stream(job->seed, "load/function", s->key);
    s->rounding = rng_unit(r);
    double phase = rng_unit(r);
    s->phase = job->random_phase && !job->compat ? phase : 0;
    if (job->law == PLAN_PROCESS) {
        s->residual = job->random_phase ? job->process->first(r, job->cv) : 0;
        if (job->carry)
            s->rng = rng_stream(job->seed, "load/gaps", s->key);
    }
    gsl_rng_free(r);
    const struct function *f = &job->functions->at[function];
    for (size_t u = 0; u < job->offset && u < f->units; u++)
        s->sum += f->calls[u] > 0 ? f->calls[u] : 0;
}

void plan_state_end(struct plan_state *s)
{
    if (s->rng)
        gsl_rng_free(s->rng);
    s->rng = NULL;
}

uint32_t plan_calls_in(struct plan_state *s, const struct plan_job *job, size_t function,
                       size_t unit)
{
    const struct function *f = &job->functions->at[function];
    int32_t n = unit < f->units && f->calls[unit] > 0 ? f->calls[unit] : 0;
    double scale = job->scale ? job->scale[function] : 1;
    if (scale == 1)
        return (uint32_t)n;
    double before = floor(s->sum * scale + s->rounding);
    s->sum += n;
    return (uint32_t)(floor(s->sum * scale + s->rounding) - before);
}

static uint32_t micros(double x, bool minute)
{
    return (uint32_t)(minute ? x * 1e6 * 60.0 : x * 1e6);
}

/* (E_0 - min)/(max - min) of 1000 exponentials. The smallest and the largest are any of them alike,
 * so x is 0 or 1 with probability .001 each. Otherwise, given the range, E_0 - min is an
 * exponential cut off at the range M, which is the largest of 999. */
static double original_exponential(gsl_rng *r)
{
    double side = rng_unit(r);
    if (side < 0.002)
        return side < 0.001 ? 0 : 1;
    double m = -log1p(-pow(1 - rng_unit(r), 1.0 / 999));
    return -log1p(rng_unit(r) * expm1(-m)) / m;
}

/* With gaps g_1 .. g_n and what is left, r, of the last unit's: calls at r, r + g_1, ...; of g_n
 * a share lies before the unit's end. */
static void draw_carried(struct plan_state *s, const struct plan_job *job, struct load_call *at,
                         size_t n)
{
    double *x = mem_array(n, sizeof *x), here = s->residual;
    for (size_t i = 0; i < n; i++) {
        x[i] = here;
        here += job->process->gap(s->rng, job->cv);
    }
    double last = here - x[n - 1];
    double share = job->cv > 0 ? rng_unit(s->rng) : fmax(1 - s->residual, 0);
    double whole = x[n - 1] + share * last;
    s->residual = (1 - share) * last;
    for (size_t i = 0; i < n; i++) {
        /* all gaps may be 0 at a high cv, and the last call may round to the unit's end */
        double y = whole > 0 ? x[i] / whole : rng_unit(s->rng);
        at[i].at_us = micros(y < 1 ? y : nextafter(1, 0), job->minute);
    }
    free(x);
}

static void draw_fresh(struct plan_state *s, const struct plan_job *job, gsl_rng *r,
                       struct load_call *at, size_t n)
{
    double *x = mem_array(n, sizeof *x), whole = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = whole;
        whole += job->process->gap(r, job->cv);
    }
    double turn = !job->random_phase ? 0 : job->cv > 0 ? rng_unit(r) : s->residual / (double)n;
    for (size_t i = 0; i < n; i++) {
        double y = (whole > 0 ? x[i] / whole : rng_unit(r)) + turn;
        y -= floor(y);
        at[i].at_us = micros(y < 1 ? y : nextafter(1, 0), job->minute);
    }
    free(x);
}

void plan_draw(struct plan_state *s, const struct plan_job *job, size_t unit, gsl_rng *rng,
               struct load_call *at, size_t n)
{
    if (!n)
        return;
    if (job->law == PLAN_EQUIDISTANT) {
        for (size_t i = 0; i < n; i++)
            at[i].at_us = micros(((double)i + s->phase) / (double)n, job->minute);
        return;
    }
    if (job->law == PLAN_PROCESS && job->carry) {
        draw_carried(s, job, at, n);
        return;
    }
    rng_restart(rng, job->seed, "load/calls", hash64_mix(s->key, unit));
    if (job->law == PLAN_PROCESS)
        draw_fresh(s, job, rng, at, n);
    else if (job->law == PLAN_EXPONENTIAL && job->compat)
        for (size_t i = 0; i < n; i++)
            at[i].at_us = micros(original_exponential(rng), job->minute);
    else
        for (size_t i = 0; i < n; i++)
            at[i].at_us = micros(rng_unit(rng), job->minute);
}
