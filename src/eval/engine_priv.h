/* engine_priv.h: all counting metrics of many re-draws, quickly.
 *
 * Sets are digested once; then each role (real, train, gen) is filled from a set and a weight for
 * each of its graphs, and the metrics computed. What a role holds stays until it is filled again,
 * so one re-draw of the real graphs serves all generators, which pairs their differences.
 */
#ifndef EVAL_ENGINE_PRIV_H
#define EVAL_ENGINE_PRIV_H

#include "eval/metric.h"

enum role { ROLE_REAL, ROLE_TRAIN, ROLE_GEN, ROLES };

struct engine;
struct engine *engine_new(const struct profile *const *p, size_t sets, size_t threads);
void engine_free(struct engine *e);

struct engine_scratch;            /* one per worker */
struct engine_scratch *engine_scratch_new(const struct engine *e);
void engine_scratch_free(struct engine_scratch *s);

void engine_fill(const struct engine *e, struct engine_scratch *s, enum role role, size_t set,
                 const double *weight);

/* value[m] for every counting metric m that has this view; NaN for all others. */
void engine_values(const struct engine *e, struct engine_scratch *s, enum view view, double *value);

#endif
