/* model_file.c: a model from the tensors of a checkpoint, copied or mapped.
 *
 * Either way the files are checked whole before the first weight is read.
 */
#include <string.h>

#include "llm/model.h"

static bool refuse(struct err *err, const char *path, const char *tensor, const char *why)
{
    return err_set(err, EXIT_DATA, "%s: tensor \"%.80s\": %s", path, tensor, why);
}

/* The tensor of a place in the table, or NULL with the reason. */
static const struct tensor *tensor_of(const struct shards *s, const struct param *p,
                                      struct err *err)
{
    const char *path = s->shard->path;
    const struct tensor *t = shards_find(s, p->name, &path);
    bool good = false;
    if (!t)
        err_set(err, EXIT_DATA, "%s: tensor \"%s\" is missing", path, p->name);
    else if (t->n_dims != p->n_dims || memcmp(t->dims, p->dims, p->n_dims * sizeof *p->dims) != 0)
        refuse(err, path, p->name, "shape is not config.json's");
    else if (t->type == TENSOR_OTHER)
        refuse(err, path, p->name, "neither F32, F16 nor BF16");
    else
        good = true;
    return good ? t : NULL;
}

/* What may be there without a place in the table. */
static bool is_spare(const struct model *m, const char *name)
{
    return (m->config.tied && strcmp(name, "lm_head.weight") == 0) ||
           str_ends(str_of(name), ".self_attn.rotary_emb.inv_freq");
}

static bool has_no_other(const struct model *m, const struct shards *s, struct err *err)
{
    for (size_t k = 0; k < s->n; k++)
        for (size_t i = 0; i < s->shard[k].file.n; i++) {
            const char *name = s->shard[k].file.tensor[i].name;
            if (!is_spare(m, name) && !model_param(m, name))
                return refuse(err, s->shard[k].path, name, "has no place in a model like this");
        }
    return true;
}

/* Before a config's word is taken for how much memory to ask for. */
static bool is_large_enough(const struct llama_config *c, const struct shards *s, struct err *err)
{
    double weights = llama_matrix_weights(c);
    return 2 * weights <= (double)s->bytes ||
           err_set(err, EXIT_DATA, "%s: %zu bytes cannot hold the %.0f weights of config.json",
                   s->shard->path, s->bytes, weights);
}

static bool check_all(const struct model *m, const struct shards *s, struct err *err)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (!tensor_of(s, &m->param[i], err))
            return false;
    return has_no_other(m, s, err);
}

struct model *model_read(const struct llama_config *c, const struct shards *s, struct err *err)
{
    if (!is_large_enough(c, s, err))
        return NULL;
    if (llama_matrix_weights(c) > LLAMA_WEIGHTS_MAX) {
        err_set(err, EXIT_DATA, "%s: %.0f weights are too many to hold as f32", s->shard->path,
                llama_matrix_weights(c));
        return NULL;
    }
    struct model *m = model_new(c);
    if (!check_all(m, s, err)) {
        model_free(m);
        return NULL;
    }
    for (size_t i = 0; i < m->n_params; i++)
        tensor_floats(tensor_of(s, &m->param[i], NULL), m->weights + m->param[i].offset);
    return m;
}

struct model *model_map(const struct llama_config *c, struct shards *s, struct err *err)
{
    if (!is_large_enough(c, s, err))
        return NULL;
    struct model *m = model_frame(c);
    if (!check_all(m, s, err)) {
        model_free(m);
        return NULL;
    }
    for (size_t i = 0; i < m->n_params; i++) {
        struct param *p = &m->param[i];
        const struct tensor *t = tensor_of(s, p, NULL);
        if (p->offset != SIZE_MAX) {
            tensor_floats(t, m->weights + p->offset);
            continue;
        }
        p->data = t->data;
        p->type = t->type;
    }
    m->file = *s;
    *s = (struct shards){ 0 };
    return m;
}
