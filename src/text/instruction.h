/* instruction.h: the question of an instruction prompt, drawn as in training or put for a child. */
#ifndef TEXT_INSTRUCTION_H
#define TEXT_INSTRUCTION_H

#include "text/format.h"
#include "text/header.h"
#include "text/prompt.h"

/* "### Question: ", the question and "\n ### Answer: \n" for the layer of a sub-header, as the
 * original puts it while it generates (spec 4.1): all six conditions shuffled, and every "Include
 * an edge" line of the parent's prompt; or the split text where num_current_edges is above 15.
 * `line` is the sub-header's text. */
void instruction_child_prompt(struct str parent_prompt, struct str line, const struct header *h,
                              gsl_rng *rng, struct buf *out);

/* The same for a root header: conditions drawn as in training, those on high latency and on an
 * edge to include as asked. */
void instruction_root_prompt(const struct header *h, const struct text_ask *a, gsl_rng *rng,
                             struct buf *out);

/* The header line of an instruction prompt: the one after "Requirements:". False: there is none. */
bool instruction_header_line(struct str prompt, struct str *line);

#define INSTRUCTION_SYSTEM \
    "You are a trace generator that creates traces based on given requirements."
#define INSTRUCTION_SPLIT \
    "num_current_edges is over the threshold, so split the subgraph instructions into smaller " \
    "subgraph instructions"

#endif
