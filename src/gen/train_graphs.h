/* train_graphs.h: call graphs in, a checkpoint out.
 *
 *     graphs --text format--> samples --tokenizer, llm/train--> DIR (see llm.h for what it carries)
 *
 * Samples are made again every epoch. In the compact format header fields are left open at random,
 * so that one model serves every mode of asking, and the loss counts the header too, so that
 * the model can draw it. In the layered formats one layer is a sample.
 *
 * With `base` the run begins from a checkpoint and its tokenizer, and its new weights are saved as
 * a checkpoint; with a LoRA rank besides, the base is frozen and DIR is a PEFT adapter, pinned
 * to it (llm/adapter.h). DIR also gets losses.csv, a row an epoch, and with a validation slice
 * the other of best and last weights, as a complete directory of their own: DIR holds the
 * last and DIR/best the best, or, with keep_best, DIR the best and DIR/last the last.
 *
 * Source of the recipe and its defaults: the house's prototypes (small Llama, whole names,
 * header dropout, AdamW 1.5e-3 cosine); epochs and dropout were chosen here, on the frontier of
 * likeness against copying.
 */
#ifndef GEN_TRAIN_GRAPHS_H
#define GEN_TRAIN_GRAPHS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/meta.h"
#include "gen/augment.h"
#include "llm/lora.h"
#include "llm/train.h"
#include "trace/callgraph.h"

/* Shares of compact samples whose header fields are left open. */
struct header_dropout {
    double all;            /* all four fields */
    double numbers;        /* calls, depth, latency; the service is told */
    double each;           /* each of the three by itself, in samples that lost nothing above */
    double service;        /* and the service, alike */
};

struct train_graphs_options {
    const char *to;                 /* compact tabular recursive instruction */
    const char *preset;             /* of llm/model.h */
    struct header_dropout dropout;  /* compact */
    struct augment augment;         /* compact: graphs are varied anew every epoch */
    bool mask_prompt;               /* the others: the loss counts the output alone */
    bool fixed_order;               /* the others: keys and attributes in the order of the spec */
    bool no_scratchpad;             /* instruction: answers without their arithmetic */
    bool spell_services;            /* the others, without a base: the digits that end a service's
                                       name are cut in pairs, as numbers are: S_ 12 34 5 */
    double embed_scale;             /* without a base: the embedding begins so many times as long;
                                       0: as model_init has it */
    size_t spell_below;             /* the others, without a base: words seen less often in the
                                       texts are spelled in bytes, so that a rare name can be
                                       copied; 0: every word is a token */
    size_t snapshot_every;          /* epochs after which the checkpoint as it would be then goes to
                                       DIR/epoch-N; 0: never */
    bool bf16;                      /* the checkpoint is saved in 16 bits; an adapter is not */
    const char *base;               /* checkpoint directory to begin from, or NULL */
    struct lora_options lora;       /* rank 0: the weights themselves are trained */
    const char *const *adapter;     /* (n_adapters) PEFT directories on the base, in order */
    size_t n_adapters;
    struct train_options train;     /* dir, fingerprint, adapter, snapshot are set here */
};

/* What `train` does when nothing else is said, for a text format. */
struct train_graphs_options train_graphs_standard_for(const char *to);

/* What of the graphs is learnt: all but interfaces and the names of traces. The caller frees it. */
struct graphset *train_graphs_plain(const struct graphset *graphs);

/* Train on all graphs and save the checkpoint, with the pairs of meta, in dir; remove the training
 * state. With train.resume an unfinished run in dir goes on, and a finished one of the same
 * fingerprint is left as it is. meta gains what llm.h needs and the options that change the result.
 */
bool train_graphs(const struct graphset *graphs, const struct train_graphs_options *o,
                  const char *dir, struct meta *meta, struct train_report *rep, struct err *err);

#endif
