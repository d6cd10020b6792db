/* llm_priv.h: the writers of the text formats, and what they share. */
#ifndef GEN_LLM_PRIV_H
#define GEN_LLM_PRIV_H

#include "gen/llm.h"
#include "llm/decode_crew.h"
#include "text/layer_text.h"

enum { LLM_BATCH = 64 };   /* sequences at once when nothing is asked for */

struct decode_crew llm_crew(const struct llm *m, const struct llm_options *o,
                            const struct draw_job *job);

/* One pass over the whole graph: compact. */
bool llm_compact_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
                     struct graphset *out, struct draw_report *rep, struct err *err);

bool llm_compact_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
                     struct err *err);

/* Layer by layer: tabular, recursive, instruction. Free, judged by the strict oracle; else by: */
bool llm_layers_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
                    struct graphset *out, struct draw_report *rep, struct err *err);

bool llm_layers_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
                    struct err *err);

/* Layer by layer under the grammar. */
bool llm_walk_run(const struct llm *m, const struct llm_options *o, enum text_task task,
                  const struct draw_job *job, struct graphset *out, struct draw_report *rep,
                  struct err *err);
bool llm_walk_can(const struct llm *m, enum text_task task, const struct prompt *p,
                  struct err *err);

#endif
