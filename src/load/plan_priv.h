/* plan_priv.h: laws of times within a unit. Within load/ only. */
#ifndef LOAD_PLAN_PRIV_H
#define LOAD_PLAN_PRIV_H

#include "load/plan.h"

/* What a function carries from unit to unit. */
struct plan_state {
    uint64_t key;                /* hash of its key */
    double phase;                /* of equidistant, in [0, 1) */
    double residual;             /* what is left of the gap over the last boundary */
    double sum, rounding;        /* of calls so far, for scales */
    gsl_rng *rng;                /* its own, for processes with carry; else NULL */
};

void plan_state_begin(struct plan_state *s, const struct plan_job *job, size_t function);
void plan_state_end(struct plan_state *s);

/* Calls of the function in its trace's unit `unit`, scaled; units are asked for in order. */
uint32_t plan_calls_in(struct plan_state *s, const struct plan_job *job, size_t function,
                       size_t unit);

/* Write the n times of a unit to at[0..n), in any order. rng is scratch, re-aimed as needed. */
void plan_draw(struct plan_state *s, const struct plan_job *job, size_t unit, gsl_rng *rng,
               struct load_call *at, size_t n);

#endif
