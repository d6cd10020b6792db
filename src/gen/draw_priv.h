/* draw_priv.h: n graphs by several workers, in the order of their index.
 *
 * Indices are taken from a counter in blocks' order; a worker fills a private set and says where
 * each index went; after a block one thread copies it into the result. The block bounds memory, and
 * private sets keep threads from meeting in a names table.
 */
#ifndef GEN_DRAW_PRIV_H
#define GEN_DRAW_PRIV_H

#include "gen/generator.h"

struct draw_run;

struct draw_worker {
    struct draw_run *run;
    size_t number;               /* in [0, threads) */
    struct graphset *set;        /* emptied between blocks */
    struct draw_report rep;      /* graphs and given_up are draw_done's */
};

bool draw_next(struct draw_worker *w, size_t *i); /* take an index; false: none left now */

/* The same; its graph draws from rng, first its prompt. */
bool draw_next_prompt(struct draw_worker *w, const struct draw_job *job, size_t *i, gsl_rng *rng,
                      struct prompt *p);
void draw_done(struct draw_worker *w, size_t i,
               bool good); /* good: it is the last graph of w->set */
void draw_done_marked(struct draw_worker *w, size_t i, bool good, const struct draw_mark *mark);

/* One more token: the mask left `kept` of the probability. */
void draw_mark_step(struct draw_mark *m, double kept, double log_kept);

/* Call work(ctx, worker) on all threads until no index is left; append to out; fill rep. */
typedef void (*draw_work)(void *ctx, struct draw_worker *w);
void draw_run(const struct draw_job *job, size_t threads, draw_work work, void *ctx,
              struct graphset *out, struct draw_report *rep);

size_t draw_threads(const struct draw_job *job);
size_t draw_attempts(const struct draw_job *job);

#endif
