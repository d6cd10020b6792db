/* probabilistic_weak.c: the probabilistic model as the TraceLLM paper seems to have used it.
 *
 * The paper says only that it samples the type and the number of children per level in the manner
 * of the SoCC 2021 study, and that for its time experiment response times were sampled from the
 * data. Read literally: type and children tables by level, leaf shares by level among the types
 * that may call at all, a destination drawn by type alone, and one pool of response times for all
 * calls. Where a child starts is not said: uniformly within what its parent has left.
 */
#include "gen/tables_priv.h"

static void *fit(const struct graphset *train)
{
    return tables_fit(train, (struct tables_key){ .leaf_by_type = false });
}

static enum draw_outcome draw(const void *fitted, const struct prompt *p, gsl_rng *rng,
                              struct graphset *out)
{
    return tables_draw(fitted, p, rng, out);
}

static void release(void *fitted)
{
    tables_free(fitted);
}

const struct generator generator_probabilistic_weak = {
    .name = "probabilistic-weak",
    .prose = "the paper's weaker form: type and children by level, names by type, response times "
             "from one pool",
    .source = "TraceLLM's probabilistic baseline, after the SoCC 2021 study of the Alibaba traces",
    .fit = fit, .draw = draw, .free = release,
};
