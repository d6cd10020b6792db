/* checkpoint_priv.h: config.json, for checkpoint.c and checkpoint_save.c. */
#ifndef LLM_CHECKPOINT_PRIV_H
#define LLM_CHECKPOINT_PRIV_H

#include <jansson.h>

#include "llm/checkpoint.h"

void checkpoint_put_count(json_t *o, const char *key, size_t x);
json_t *checkpoint_config_json(const struct llama_config *c, enum tensor_type type);

#endif
