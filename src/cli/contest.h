/* contest.h: the model and every baseline learn from the same graphs and write new ones.
 *
 * What experiments that measure generators on data of their own have in common: each contestant
 * learns from `fit` and is asked for the headers of fit's graphs, in full (held-out headers would
 * hand it the answer).
 */
#ifndef CLI_CONTEST_H
#define CLI_CONTEST_H

#include "cli/driver.h"
#include "eval/compare.h"
#include "gen/train_graphs.h"

enum { CONTEST_MOST = 16 };

struct contest {
    const struct graphset *fit;              /* borrowed */
    size_t n;
    struct compare_source source[CONTEST_MOST];
    struct graphset *set[CONTEST_MOST];      /* what the sources wrote; owned */
};

/* The model, trained into OUT/dir by these options with thread count and resuming set here, writes
 * n graphs as "model". Dies with the message when it cannot. */
void contest_model(const struct driver *d, struct contest *c, struct train_graphs_options o,
                   const char *dir, size_t n);

/* Every generator of gen/generator.h writes n graphs under its name. */
void contest_baselines(const struct driver *d, struct contest *c, size_t n);

/* Rows of CONTEST_COLUMNS after the key's, of all sources and floors; who is "key: name". */
#define CONTEST_COLUMNS "metric,view,name,value,lo,hi,n,floor,who"
void contest_rows(const struct comparison *c, const char *key, FILE *rows);

void contest_free(struct contest *c);        /* its sets */

#endif
