/* checkpoint_priv.h: the small files of a checkpoint, or of an adapter. Within llm/ only. */
#ifndef LLM_CHECKPOINT_PRIV_H
#define LLM_CHECKPOINT_PRIV_H

#include <jansson.h>

#include "llm/checkpoint.h"

void checkpoint_put_count(json_t *o, const char *key, size_t x);

/* DIR/name, indented, keys sorted; o is freed. */
bool checkpoint_write_json(const char *dir, const char *name, json_t *o, struct err *err);

json_t *checkpoint_config_json(const struct llama_config *c, enum tensor_type type);

#endif
