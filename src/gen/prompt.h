/* prompt.h: what a generator is asked for.
 *
 * A prompt is the header of a call graph, any field of which may be open, and conditions: a call
 * that must occur, a latency that must be reached. Prompts come in a given order, again from the
 * start when they end. For measurement they are drawn from training graphs instead: one graph is
 * drawn (by its weight) and its service, size, depth and latency are asked for together, so that
 * the prompts have the training set's joint distribution. Held-out prompts serve the accuracy
 * experiment only, since they would hand the model the answer.
 */
#ifndef GEN_PROMPT_H
#define GEN_PROMPT_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

#include "text/layer_text.h"
#include "trace/callgraph.h"

enum { PROMPT_OPEN = -1 };

struct prompt {
    const char *service;   /* NULL: open */
    int64_t edges;         /* calls, the root's included; PROMPT_OPEN: any */
    int64_t depth;         /* levels of calls, a lone root has 1; PROMPT_OPEN: any */
    int64_t latency;       /* ticks of the root's response time; PROMPT_OPEN: any */

    /* Conditions. The instruction format says them in words, the grammars enforce them; whatever
     * was written is held against them (prompt_kept). */
    bool high_latency;     /* "Build a call graph with high latency" */
    int64_t least_latency; /* ticks the root's response time must have; 0: any */
    const char *include_src, *include_dst;   /* a call that must occur; NULL: none */
    enum call_type include_type;

    struct str text;       /* the root prompt as a file had it, or empty */
    enum text_task task;   /* what format that text is */
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

/* Does g fulfil what is not open in p, conditions included? */
bool prompt_kept(const struct prompt *p, const struct callgraph *g, const struct names *names);

/* Where the prompts of a job come from: graphs, borrowed, in these fields; or a list, borrowed. */
struct prompt_pool {
    const struct graphset *like;
    struct prompt_fields fields;
    double *cum;                   /* running sums of the graphs' weights; NULL: in their order */
    const struct prompt *list;     /* (n), in this order; then like is NULL */
    size_t n;
    uint32_t tick_us;              /* of the latencies */
};
struct prompt_pool prompt_pool_new(const struct graphset *like, struct prompt_fields fields);
struct prompt_pool prompt_pool_ordered(const struct graphset *like, struct prompt_fields fields);
struct prompt_pool prompt_pool_list(const struct prompt *list, size_t n, uint32_t tick_us);
void prompt_pool_free(struct prompt_pool *pool);

/* Append p as the root prompt of a layered format; service must not be open. A prompt out of a file
 * of that format is put as it stood there; otherwise as text_prompt_root draws it. */
void prompt_put(const struct prompt *p, enum text_task task, gsl_rng *rng, struct buf *out);

/* The prompt of graph i. Only a drawn one uses rng, which may else be NULL. */
struct prompt prompt_at(const struct prompt_pool *pool, size_t i, gsl_rng *rng);

#endif
