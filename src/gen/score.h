/* score.h: how well a model foretells call graphs it is shown.
 *
 * Every graph, without its interfaces, is written once in the model's own text format, with its
 * header told in full and keys and attributes in the order that the model was trained on, and read
 * without dropout. The loss counts what it counted in training: all tokens but the first of a text,
 * or the answers alone where the prompt was masked.
 */
#ifndef GEN_SCORE_H
#define GEN_SCORE_H

#include "gen/llm.h"

struct score {
    double loss_per_token;     /* mean, nats; NaN when no token counted */
    double tokens_per_edge;    /* tokens of the texts, begin and end included, by calls */
    size_t tokens;             /* that the loss counted */
    size_t graphs;
    size_t too_long;           /* texts that do not fit the model, left out of the loss */
};

/* False when the graphs cannot be written in the model's format. */
bool score_graphs(const struct llm *m, const struct graphset *graphs, size_t threads,
                  struct score *s, struct err *err);

#endif
