/* prompt.h: what is asked of a model that writes TraceLLM's texts, and where it should stop
 * (spec 4.1).
 *
 *     tabular       header, "<edges>"
 *     recursive     header, "<layer>", "<edges>"; below the root the sub-header alone
 *     instruction   the question with its conditions, "### Answer:", "<layer>", "<edges>";
 *                   below the root without the last two
 *
 * The model's output continues the prompt. No "[GENERATE GRAPH]", though training had it.
 */
#ifndef TEXT_PROMPT_H
#define TEXT_PROMPT_H

#include <gsl/gsl_rng.h>

#include "text/layer_text.h"
#include "trace/callgraph.h"

struct text_ask {
    struct str service;            /* as it is spelled: escaped here */
    int64_t edges, depth;          /* levels of calls; -1: not given */
    int64_t latency;               /* ms; -1: not given */
    bool high_latency;             /* in words, instead of a number; instruction alone */
    struct str include_src, include_dst;    /* "Include an edge"; empty: none; instruction alone */
    enum call_type include_type;
};

/* The prompt of the root layer, or of the table. What a root call of USER has by definition (first
 * id 0, start 0, one edge) is kept in the header with probability 0.9 each, as in training; all of
 * it when rng is NULL. */
void text_prompt_root(enum text_task task, const struct text_ask *a, gsl_rng *rng, struct buf *out);

/* The same from the text of a prompt file (prompt_file.h): a header, or a question without its head
 * and tail. */
void text_prompt_given(enum text_task task, struct str text, struct buf *out);

/* The prompt of the layer that a sub-header announced; parent_prompt is the prompt above it. */
void text_prompt_below(enum text_task task, struct str parent_prompt, const struct text_sub *sub,
                       gsl_rng *rng, struct buf *out);

/* Output ends before any of these; the list ends with NULL. */
extern const char *const *const text_stop_words[TEXT_TASKS];

#endif
