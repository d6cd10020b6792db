/* prompt.h: what a generator is asked for.
 *
 * A prompt is the header of a call graph, any field of which may be open. For
 * measurement, prompts are drawn from training graphs: one graph is drawn (by its
 * weight) and its service, size, depth and latency are asked for together, so that
 * the prompts have the training set's joint distribution. Held-out prompts serve the
 * accuracy experiment only, since they would hand the model the answer.
 */
#ifndef GEN_PROMPT_H
#define GEN_PROMPT_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/callgraph.h"

enum { PROMPT_OPEN = -1 };

struct prompt {
    const char *service;   /* NULL: open */
    int64_t edges;         /* calls, the root's included; PROMPT_OPEN: any */
    int64_t depth;         /* levels of calls, a lone root has 1; PROMPT_OPEN: any */
    int64_t latency;       /* ticks of the root's response time; PROMPT_OPEN: any */
};

/* Which fields are asked for. */
struct prompt_fields {
    bool service, edges, depth, latency;
};
extern const struct prompt_fields prompt_full, prompt_service, prompt_none;

/* The header of g in these fields. The service's text belongs to names. An untimed graph's
 * latency is open. */
struct prompt prompt_of(const struct callgraph *g, const struct names *names,
                        struct prompt_fields fields);

/* Does g fulfil what is not open in p? */
bool prompt_kept(const struct prompt *p, const struct callgraph *g, const struct names *names);

/* The pool prompts are drawn from: borrows `like`, which must outlive it and hold a graph. */
struct prompt_pool {
    const struct graphset *like;
    struct prompt_fields fields;
    double *cum;           /* running sums of the graphs' weights */
};
struct prompt_pool prompt_pool_new(const struct graphset *like, struct prompt_fields fields);
struct prompt prompt_draw(const struct prompt_pool *pool, gsl_rng *rng);
void prompt_pool_free(struct prompt_pool *pool);

#endif
