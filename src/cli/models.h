/* models.h: the model a command was given: --checkpoint DIR [--adapter DIR]... */
#ifndef CLI_MODELS_H
#define CLI_MODELS_H

#include "base/meta.h"
#include "cli/command.h"
#include "gen/llm.h"
#include "llm/adapter.h"

#define OPTION_ADAPTER \
    { "adapter", OPT_TEXT, "DIR", NULL, \
      "LoRA adapters on the checkpoint, in order; may be given again", 0, 0 }

/* Load it, adapters on it, every pin checked. */
bool models_load(const struct args *a, struct llm *m, struct err *err);

/* Its shape, and the adapters, every pin checked; adapter_stack_free them. */
bool models_adapters(const struct args *a, struct llama_config *c,
                     struct lora *stack[ADAPTERS_MAX], size_t *n, struct err *err);

/* As one model in memory, adapters merged: for what writes weights. */
bool models_merge(const struct args *a, struct model **m, struct tokenizer **t, struct err *err);

/* Note the hashes of the adapters' weights: "sha256.adapter", "sha256.adapter.2", ... */
bool models_describe_adapters(const struct args *a, struct meta *meta, struct err *err);

#endif
