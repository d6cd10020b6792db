/* models.c: see the header. */
#include "cli/models.h"

#include <stdlib.h>

#include "base/file.h"
#include "llm/checkpoint.h"

static bool adapters(const struct args *a, const char *dir[ADAPTERS_MAX], size_t *n,
                     struct err *err)
{
    *n = args_times(a, "adapter");
    if (*n > ADAPTERS_MAX)
        return err_set(err, EXIT_USAGE, "a stack holds %d adapters at most", ADAPTERS_MAX);
    for (size_t i = 0; i < *n; i++)
        dir[i] = args_nth(a, "adapter", i);
    return true;
}

bool models_load(const struct args *a, struct llm *m, struct err *err)
{
    const char *dir[ADAPTERS_MAX];
    size_t n;
    return adapters(a, dir, &n, err) &&
           llm_load_adapted(args_text(a, "checkpoint"), dir, n, m, err);
}

bool models_adapters(const struct args *a, struct llama_config *c,
                     struct lora *stack[ADAPTERS_MAX], size_t *n, struct err *err)
{
    const char *dir[ADAPTERS_MAX], *base = args_text(a, "checkpoint");
    struct model *m;
    if (!adapters(a, dir, n, err) || !checkpoint_map(base, &m, NULL, err))
        return false;
    *c = m->config;
    model_free(m);
    return adapter_stack_load(base, c, dir, *n, stack, NULL, err);
}

bool models_merge(const struct args *a, struct model **m, struct tokenizer **t, struct err *err)
{
    const char *dir[ADAPTERS_MAX], *base = args_text(a, "checkpoint");
    struct lora *stack[ADAPTERS_MAX];
    size_t n;
    if (!adapters(a, dir, &n, err) || !checkpoint_load(base, m, t, err))
        return false;
    if (!adapter_stack_load(base, &(*m)->config, dir, n, stack, NULL, err)) {
        model_free(*m);
        tokenizer_free(*t);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        lora_merge(*m, stack[i]);
    adapter_stack_free(stack, n);
    return true;
}

bool models_describe_adapters(const struct args *a, struct meta *meta, struct err *err)
{
    bool good = true;
    for (size_t i = 0; good && i < args_times(a, "adapter"); i++) {
        char *path = file_join(args_nth(a, "adapter", i), "adapter_model.safetensors");
        good = meta_input(meta, "adapter", path, err);
        free(path);
    }
    return good;
}
