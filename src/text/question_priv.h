/* question_priv.h: questions for instruction.c. Within text/ only. */
#ifndef TEXT_QUESTION_PRIV_H
#define TEXT_QUESTION_PRIV_H

#include "text/render_priv.h"

/* "### Question: ...", conditions drawn as in training, "### Answer:". rng NULL: all conditions. */
void question_put(const struct callgraph *g, const struct names *names, const struct layer *l,
                  const struct text_options *o, gsl_rng *rng, struct buf *out);

#endif
