/* llm.h: a trained checkpoint, ready to write call graphs.
 *
 * A checkpoint is a Hugging Face directory whose __metadata__ says, besides its provenance, what
 * the writer must know: the text format ("to"), the tick, whether graphs are timed, and for the
 * compact stream which word may be the callee of which type and which rare marks occur. Where a
 * checkpoint lacks these (not trained here), every name may stand anywhere.
 */
#ifndef GEN_LLM_H
#define GEN_LLM_H

#include <stdbool.h>

#include "base/err.h"
#include "gen/callees.h"
#include "gen/generator.h"
#include "llm/model.h"
#include "llm/sample.h"
#include "llm/tokenizer.h"
#include "text/compact_words.h"

struct llm {
    struct model *model;
    struct tokenizer *tokenizer;
    char to[32];                     /* name of the text format */
    uint32_t tick_us;
    bool timed;
    bool mask_prompt;                /* layered: its loss counted the answers alone */
    bool fixed_order;                /* layered: it was trained on keys in the order of the spec */
    uint32_t marks;                  /* compact: rare marks seen, as in struct compact_limits */
    struct compact_word *words;      /* compact: (vocab) */
    struct callees callees;          /* layered; none: every name may stand anywhere */
    bool no_scratchpad;              /* instruction: trained without its arithmetic */
    char *latencies;                 /* latencies.h's text; empty: not known */
};

struct llm_options {
    struct sample_options sample;
    bool unconstrained;       /* sample freely and count what is wrong */
    bool weigh;               /* ask the model about forced tokens too, for importance weights; the
                               * graphs are the same; slower */
    bool drawn;               /* compact: the model writes open header fields; else "?" is fed */
    bool original;            /* layered, free: TraceLLM's checks judge, not the strict oracle */
    size_t layer_attempts;    /* layered, free: texts of a layer before its graph fails; 0: 1 */
    bool int8;                /* weights rounded to 8 bits: decode.h's DECODER_INT8 */
    bool f16_cache;           /* keys and values rounded to 16 bits: DECODER_CACHE_F16 */
    size_t batch;             /* sequences decoded at once, by all threads; 0: 64; moves no bit */
};

bool llm_load(const char *dir, struct llm *m, struct err *err);

/* The same with n LoRA adapters (llm/adapter.h) on it, in order: merged into weights in memory,
 * beside those of a mapped model. The last that says
 * something about graphs is believed before the ones below and the checkpoint. */
bool llm_load_adapted(const char *dir, const char *const *adapter, size_t n, struct llm *m,
                      struct err *err);
void llm_free(struct llm *m);

/* Can the model be asked this under these options? Else EXIT_DATA or EXIT_USAGE and why: an unknown
 * name, a call that the grammar has no room for. Where it says yes, constrained decoding fulfils
 * the prompt; compact decoding within its context. */
bool llm_can(const struct llm *m, const struct llm_options *o, const struct prompt *p,
             struct err *err);

/* Append job->n graphs to out in order of their index. False only for what no draw can help. */
bool llm_run(const struct llm *m, const struct llm_options *o, const struct draw_job *job,
             struct graphset *out, struct draw_report *rep, struct err *err);

#endif
