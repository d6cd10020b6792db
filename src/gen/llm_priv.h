/* llm_priv.h: the writers of the text formats, and what they share. */
#ifndef GEN_LLM_PRIV_H
#define GEN_LLM_PRIV_H

#include "gen/llm.h"

/* One pass over the whole graph: compact. */
bool llm_compact_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
                     struct graphset *out, struct draw_report *rep, struct err *err);

#endif
