/* clone_learn.h: the model of a clone, as large and trained as long as data and clock allow.
 *
 * The size is the largest that the data fill, by words of a pass, and the time can train, for six
 * passes at least: a short trial of each tells how fast this machine is just now. Then passes are
 * made until the time is over, sixteen at most: beyond them a model copies. The clock is looked at
 * in every step, and the rate of learning falls with the time that is left.
 */
#ifndef CLI_CLONE_LEARN_H
#define CLI_CLONE_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "trace/callgraph.h"

struct clone_wish {
    double end_s;              /* of training and writing, by clone_now */
    size_t n;                  /* traces to write afterwards: time is left for them, */
    double after_s;            /* and for what else is done with them */
    double epochs;             /* passes, and no clock; 0: what the time allows */
    const char *model;         /* preset, or NULL: what data and time allow */
    uint64_t seed;
    size_t threads;
};

struct clone_learnt {
    char model[16];
    double epochs;             /* passes made */
    size_t weights, tokens;    /* trained; words of a pass */
    size_t too_long;           /* traces that no room was for */
    double trial_s, train_s, tokens_per_s;
    double loss;               /* nats a word, of the last pass */
    bool clock;                /* the clock ended it, not the passes */
};

double clone_now(void);        /* seconds of a steady clock */

/* Train on the traces and leave a checkpoint in dir. */
bool clone_learn(const struct graphset *s, const struct clone_wish *w, const char *dir,
                 struct clone_learnt *out, struct err *err);

#endif
