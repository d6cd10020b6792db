/* probabilistic.c: the strongest model without identity between levels.
 *
 * Type, leaf and children tables by level (leaf shares by type as well: databases and caches call
 * nothing); the destination is drawn from the training calls of the same (level, type); the caller
 * is the parent's destination; response time and gap are drawn by (level, type). Of the prompt
 * only the service is used: the graph does not depend on it.
 */
#include "gen/tables_priv.h"

static void *fit(const struct graphset *train)
{
    return tables_fit(train, (struct tables_key){ .leaf_by_type = true, .dst_by_level = true,
                                                  .time_by_cell = true, .gaps = true });
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

const struct generator generator_probabilistic = {
    .name = "probabilistic",
    .prose = "independent draws: type, leaf and children by level, destination and times by "
             "level and type",
    .source = "tables as published for the Alibaba traces (SoCC 2021; ERMS), with names and times "
              "by (level, type) added",
    .fit = fit, .draw = draw, .free = release,
};
