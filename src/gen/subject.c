/* subject.c: see the header. */
#include "gen/subject.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "llm/checkpoint.h"

static bool open_adapters(struct subject *x, const struct train_graphs_options *o, struct err *err)
{
    const struct llama_config *c = &x->model->config;
    if (o->lora.rank && o->n_adapters >= ADAPTERS_MAX)
        return err_set(err, EXIT_USAGE, "a stack holds %d adapters at most", ADAPTERS_MAX);
    if (o->lora.rank && !lora_options_check(&o->lora, c, err))
        return err_add(err, "--lora");
    if (!adapter_stack_load(o->base, c, o->adapter, o->n_adapters, x->stack, &x->pins, err))
        return false;
    x->n = o->n_adapters;
    if (o->lora.rank) {
        x->stack[x->n] = lora_new(c, &o->lora);
        lora_init(x->stack[x->n++], o->train.seed);
        return true;
    }
    for (size_t i = 0; i < x->n; i++)
        lora_merge(x->model, x->stack[i]);
    adapter_stack_free(x->stack, x->n);
    x->n = 0;
    return true;
}

bool subject_open(struct subject *x, const struct train_graphs_options *o, struct err *err)
{
    *x = (struct subject){ .bf16 = o->bf16 };
    if (!o->base)
        return (!o->lora.rank && !o->n_adapters) ||
               err_set(err, EXIT_USAGE, "an adapter needs --base DIR");
    bool good = o->lora.rank ? checkpoint_open(o->base, &x->model, &x->tokenizer, err)
                             : checkpoint_load(o->base, &x->model, &x->tokenizer, err);
    good = good && open_adapters(x, o, err);
    if (!good)
        subject_free(x);
    return good;
}

void subject_free(struct subject *x)
{
    adapter_stack_free(x->stack, x->n);
    model_free(x->model);
    tokenizer_free(x->tokenizer);
    *x = (struct subject){ 0 };
}

/* Positions: the longest sample and a quarter more, or a block, as a power of two. */
static size_t positions(size_t longest, size_t block)
{
    size_t n = 256;
    while (n < longest + longest / 4 && n < 4096)
        n *= 2;
    while (n < block)
        n *= 2;
    return n;
}

static void scale_embedding(struct model *m, float by)
{
    for (size_t i = 0; i < m->config.vocab * m->config.d_model; i++)
        m->weights[m->embed + i] *= by;
}

static bool new_model(struct subject *x, const struct train_graphs_options *o,
                      const struct tokenizer *t, size_t longest, struct err *err)
{
    struct llama_config c = { 0 };
    if (!llama_preset(o->preset, &c))
        return err_set(err, EXIT_USAGE, "no preset \"%s\"; there are %s", o->preset,
                       llama_presets);
    c.vocab = tokenizer_size(t);
    c.max_len = positions(longest, o->train.block);
    c.bos = tokenizer_bos(t);
    c.eos = tokenizer_eos(t);
    c.pad = tokenizer_pad(t);
    if (!llama_config_check(&c, err))
        return false;
    x->model = model_new(&c);
    model_init(x->model, o->train.seed);
    if (o->embed_scale > 0)
        scale_embedding(x->model, (float)o->embed_scale);
    return true;
}

bool subject_begin(struct subject *x, const struct train_graphs_options *o,
                   const struct tokenizer *t, size_t longest, struct err *err)
{
    if (!x->model && !new_model(x, o, t, longest, err))
        return false;
    return o->train.block <= x->model->config.max_len ||
           err_set(err, EXIT_USAGE, "blocks of %zu tokens do not fit %s, which has %zu positions",
                   o->train.block, o->base, x->model->config.max_len);
}

void subject_describe(const struct subject *x, const struct train_graphs_options *o,
                      struct meta *meta)
{
    if (!o->base)
        return;
    meta_text(meta, "base.sha256", x->pins.base);
    meta_text(meta, "tokenizer.sha256", x->pins.tokenizer);
    for (size_t i = 0; i < x->pins.n_under; i++) {
        char key[32];
        snprintf(key, sizeof key, "under.%zu", i + 1);
        meta_text(meta, key, x->pins.under[i]);
    }
    if (!o->lora.rank)
        return;
    meta_int(meta, "lora.rank", (int64_t)o->lora.rank);
    meta_real(meta, "lora.alpha", o->lora.alpha);
    meta_real(meta, "lora.dropout", o->lora.dropout);
    meta_int(meta, "lora.targets", o->lora.targets);
    meta_int(meta, "lora.rank_stabilised", o->lora.rank_stabilised);
}

bool subject_save(const struct subject *x, const char *dir, const struct tokenizer *t,
                  struct meta *meta, struct err *err)
{
    const struct checkpoint_format f = { .type = x->bf16 ? TENSOR_BF16 : TENSOR_F32 };
    return x->n ? adapter_save(dir, x->stack[x->n - 1], &x->pins, meta, err)
                : checkpoint_save_as(dir, x->model, t, &f, meta, err);
}

void subject_swap(struct subject *x, float *weights)
{
    float *own = x->n ? x->stack[x->n - 1]->weights : x->model->weights;
    size_t n = x->n ? x->stack[x->n - 1]->n_weights : x->model->n_weights;
    for (size_t i = 0; i < n; i++) {
        float was = own[i];
        own[i] = weights[i];
        weights[i] = was;
    }
}

bool subject_meta(const char *dir, bool adapter, const char *key, struct buf *out)
{
    char *path = file_join(dir, adapter ? "adapter_model.safetensors" : "model.safetensors");
    struct err ignored;
    bool good = file_exists(path) && (adapter ? adapter_meta(dir, key, out, &ignored)
                                              : checkpoint_meta(dir, key, out, &ignored));
    free(path);
    return good;
}
