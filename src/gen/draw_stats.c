/* draw_stats.c: see the header. Sums run in the order of the output, so their bits do not depend on
 * who wrote which graph. Weights are products of many small numbers: they are kept as logs and
 * compared with their largest. */
#include "gen/draw_stats.h"

#include <math.h>
#include <stdlib.h>

/* NaN if one of them is. */
static double largest(const struct draw_ledger *l)
{
    double most = -INFINITY;
    for (size_t i = 0; i < l->n; i++) {
        double x = l->at[i].mark.log_weight;
        most = x > most || isnan(x) ? x : most;
        if (isnan(x))
            break;
    }
    return most;
}

void draw_stats_weights(const struct draw_ledger *l, double *w)
{
    double most = largest(l);
    for (size_t i = 0; i < l->n; i++)
        w[i] = isfinite(most) ? exp(l->at[i].mark.log_weight - most) : NAN;
}

struct draw_stats draw_stats_of(const struct draw_ledger *l)
{
    struct draw_stats s = { .steps = 0 };
    double removed = 0, cost = 0, sum = 0, squares = 0, most = largest(l);
    for (size_t i = 0; i < l->n; i++) {
        const struct draw_mark *m = &l->at[i].mark;
        double w = exp(m->log_weight - most);
        s.steps += m->choices;
        s.masked += m->masked;
        removed += m->removed;
        cost -= m->log_weight;
        sum += w;
        squares += w * w;
    }
    s.removed_mean = s.steps ? removed / (double)s.steps : NAN;
    s.cost_per_token = s.steps ? cost / (double)s.steps : NAN;
    s.weight_mean = l->n ? exp(most) * (sum / (double)l->n) : NAN;
    s.ess = sum > 0 ? sum * sum / squares : NAN;
    return s;
}

/* ,"key":value, where what is not finite is null. */
static void put(FILE *f, const char *key, double x)
{
    if (isfinite(x))
        fprintf(f, ",\"%s\":%.9g", key, x);
    else
        fprintf(f, ",\"%s\":null", key);
}

static void put_mask(const struct draw_ledger *l, const struct draw_stats_run *run, FILE *f)
{
    struct draw_stats s = draw_stats_of(l);
    fprintf(f, ",\n\"mask\":{\"steps\":%llu,\"masked_steps\":%llu", (unsigned long long)s.steps,
            (unsigned long long)s.masked);
    put(f, "masked_share", s.steps ? (double)s.masked / (double)s.steps : NAN);
    put(f, "removed_mean", s.removed_mean);
    put(f, "minus_log_kept_per_token", run->lawful ? s.cost_per_token : NAN);
    put(f, "free_valid_share", run->lawful ? s.weight_mean : NAN);
    put(f, "effective_sample_size", run->lawful ? s.ess : NAN);
    put(f, "effective_share", run->lawful ? s.ess / (double)l->n : NAN);
    fprintf(f, ",\n\"log_weights\":[");
    for (size_t i = 0; run->lawful && i < l->n; i++)
        fprintf(f, isfinite(l->at[i].mark.log_weight) ? "%s%.9g" : "%snull", i ? "," : "",
                l->at[i].mark.log_weight);
    fprintf(f, "]}");
}

static void put_measured(const struct draw_report *r, const struct draw_stats_run *run, FILE *f)
{
    double s = r->seconds > 0 ? r->seconds : NAN;
    fprintf(f, ",\n\"measured\":{\"seconds\":%.6f", r->seconds);
    put(f, "graphs_per_s", (double)r->graphs / s);
    put(f, "calls_per_s", (double)run->calls / s);
    put(f, "tokens_per_s", (double)r->tokens / s);
    fprintf(f, "}");
}

void draw_stats_json(const struct draw_ledger *l, const struct draw_report *r,
                     const struct draw_stats_run *run, FILE *f)
{
    size_t attempts = r->outcome[DRAW_GOOD] + draw_report_redraws(r);
    fprintf(f, "{\"graphs\":%zu,\"asked\":%zu,\"given_up\":%zu,\"attempts\":%zu,\"redraws\":%zu",
            r->graphs, run->asked, r->given_up, attempts, draw_report_redraws(r));
    for (int o = DRAW_GOOD + 1; o < DRAW_OUTCOMES; o++)
        fprintf(f, "%s\"%s\":%zu", o == DRAW_GOOD + 1 ? ",\n\"failures\":{" : ",",
                draw_outcome_names[o], r->outcome[o]);
    fprintf(f, "}");
    put(f, "valid_share", attempts ? (double)r->outcome[DRAW_GOOD] / (double)attempts : NAN);
    fprintf(f, ",\n\"tokens\":%llu,\"choices\":%llu", (unsigned long long)r->tokens,
            (unsigned long long)r->choices);
    if (run->constrained)
        put_mask(l, run, f);
    else
        fprintf(f, ",\n\"mask\":null");
    put_measured(r, run, f);
    fprintf(f, "}\n");
}
