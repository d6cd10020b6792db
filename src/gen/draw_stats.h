/* draw_stats.h: how often and how much the mask bit, and what a run cost.
 *
 * The mask keeps of each step's distribution the share that the grammar allows. With p the model's
 * free law and q the masked one, a graph written under the mask has
 *
 *     w = p / q = product over its steps of the share kept        importance weight
 *
 * so weighted by w the graphs follow the free law given that it ends in the grammar, which
 * rejection samples exactly; the mean of w estimates how often a free sample would; and
 *
 *     ESS = (sum w)^2 / sum w^2                                   graphs it is worth
 *
 * Steps are those of the graphs written; failed attempts have none. At temperature 0 there is no
 * law, in baselines and free runs no mask, and some graphs have no weight (llm_compact.c): what
 * would need them is then NaN, null in JSON.
 *
 * Source: metrics.md 6.6.
 */
#ifndef GEN_DRAW_STATS_H
#define GEN_DRAW_STATS_H

#include "gen/generator.h"

struct draw_stats {
    uint64_t steps, masked;        /* tokens drawn; those of which the mask took over 1 % */
    double removed_mean;           /* probability taken from a step, mean */
    double cost_per_token;         /* -log of what was left, mean over steps, nats */
    double weight_mean;            /* of w: share of free samples that would end in the grammar */
    double ess;                    /* graphs */
};

struct draw_stats draw_stats_of(const struct draw_ledger *l);

/* Weights relative to their largest, (l->n), for weighted estimates. */
void draw_stats_weights(const struct draw_ledger *l, double *w);

struct draw_stats_run {
    bool constrained;              /* a model's run under the mask */
    bool lawful;                   /* sampled at a temperature above 0 */
    size_t asked;
    uint64_t calls;                /* of the graphs written */
};

/* One object:
 *   "graphs" "asked" "given_up"  counts
 *   "attempts" "redraws" "failures"  attempts; those that failed, and by cause
 *   "valid_share"                of attempts that were good (of free samples, in a free run)
 *   "tokens" "choices"           fed to the model; drawn from it, failed attempts included
 *   "mask"                       null in a free run, else
 *      "steps" "masked_steps" "masked_share"   masked: over 1 % of the probability was taken
 *      "removed_mean" "minus_log_kept_per_token"
 *      "free_valid_share"        estimated, see above
 *      "effective_sample_size" "effective_share"
 *      "log_weights"             log w of every graph, in the order of the output
 *   "measured"                   what is not reproducible:
 *      "seconds" "graphs_per_s" "calls_per_s" "tokens_per_s"   of good graphs, and all tokens */
void draw_stats_json(const struct draw_ledger *l, const struct draw_report *r,
                     const struct draw_stats_run *run, FILE *f);

#endif
