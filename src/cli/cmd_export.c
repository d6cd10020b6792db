/* cmd_export.c: what we have, for other tools.
 *
 * What is given says what is exported: --checkpoint a model, as one GGUF file or as a Hugging Face
 * directory. The model is read from its mapped files, so its size does not matter.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands_priv.h"
#include "cli/models.h"
#include "llm/checkpoint.h"
#include "llm/gguf.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "the model to export", 0, 0 },
    OPTION_ADAPTER,
    { "to", OPT_CHOICE, "gguf|hf", "gguf", "one GGUF file, or a Hugging Face directory", 0, 0 },
    { "dtype", OPT_CHOICE, "same|f32|bf16|f16", "same", "type of the matrices", 0, 0 },
    { "shard-mb", OPT_INT, "N", "0", "hf: most megabytes in a file; 0 is one file", 0, 1e9 },
    { "o", OPT_TEXT, "PATH", NULL, "the file, or the directory", 0, 0 },
    OPTION_END
};

static enum tensor_type type_of(const struct args *a, const struct model *m)
{
    const char *name = args_text(a, "dtype");
    return strcmp(name, "same") == 0   ? m->param[0].type
           : strcmp(name, "f32") == 0  ? TENSOR_F32
           : strcmp(name, "bf16") == 0 ? TENSOR_BF16
                                       : TENSOR_F16;
}

static void add_meta(const struct safetensors *s, struct meta *meta)
{
    for (size_t i = 0; i < s->n_meta; i++)
        if (strcmp(s->key[i], "format") != 0)
            meta_text(meta, s->key[i], s->value[i]);
}

/* What the checkpoint says of itself goes along, and what the adapters say after it. */
static bool meta_of(const struct args *a, struct meta *meta, struct err *err)
{
    struct model *base;
    if (!checkpoint_map(args_text(a, "checkpoint"), &base, NULL, err))
        return false;
    add_meta(&base->file.shard->file, meta);
    model_free(base);
    bool good = true;
    for (size_t i = 0; good && i < args_times(a, "adapter"); i++) {
        char *path = file_join(args_nth(a, "adapter", i), "adapter_model.safetensors");
        struct safetensors s;
        if ((good = safetensors_open(&s, path, err))) {
            add_meta(&s, meta);
            safetensors_close(&s);
        }
        free(path);
    }
    return good;
}

static bool to_hf(const struct args *a, const struct model *m, const struct tokenizer *t,
                  struct err *err)
{
    struct checkpoint_format f = { type_of(a, m), (size_t)args_int(a, "shard-mb") * 1000000 };
    struct meta *meta = meta_new("export");
    bool good = meta_of(a, meta, err) &&
                checkpoint_save_as(args_text(a, "o"), m, t, &f, meta, err);
    meta_free(meta);
    return good;
}

static bool to_gguf(const struct args *a, const struct model *m, struct err *err)
{
    const char *dir = args_text(a, "checkpoint");
    char *path = file_join(dir, "tokenizer.json");
    struct buf json = { 0 };
    bool good = file_read(path, &json, err);
    if (good) {
        struct gguf_options o = { .type = type_of(a, m), .name = file_base(dir),
                                  .license = m->mapped ? safetensors_meta(&m->file.shard->file,
                                                                          "license")
                                                       : NULL,
                                  .tokenizer = buf_view(&json), .tokenizer_name = path };
        good = gguf_write(args_text(a, "o"), m, &o, err);
    }
    buf_free(&json);
    free(path);
    return good;
}

static bool write_model(const struct args *a, const struct model *m, const struct tokenizer *t,
                        struct err *err)
{
    return strcmp(args_text(a, "to"), "hf") == 0 ? to_hf(a, m, t, err) : to_gguf(a, m, err);
}

/* Adapters are merged into weights in memory. */
static bool export_merged(const struct args *a, struct err *err)
{
    struct llm m;
    if (!models_load(a, &m, err))
        return false;
    bool good = write_model(a, m.model, m.tokenizer, err);
    llm_free(&m);
    return good;
}

static bool export_checkpoint(const struct args *a, struct err *err)
{
    struct model *m;
    struct tokenizer *t;
    if (args_times(a, "adapter"))
        return export_merged(a, err);
    if (!checkpoint_map(args_text(a, "checkpoint"), &m, &t, err))
        return false;
    bool good = write_model(a, m, t, err);
    tokenizer_free(t);
    model_free(m);
    return good;
}

static int run(const struct args *a, struct err *err)
{
    if (!args_text(a, "checkpoint") || !args_text(a, "o")) {
        err_set(err, EXIT_USAGE, "say what and where: --checkpoint DIR -o PATH");
        return err->status;
    }
    return export_checkpoint(a, err) ? EXIT_GOOD : err->status;
}

const struct command cmd_export = {
    .name = "export",
    .summary = "a checkpoint for other tools: GGUF, or a Hugging Face directory",
    .operands = NULL,
    .options = options,
    .examples = "  tracewright export --checkpoint model --to gguf -o model.gguf\n"
                "  tracewright export --checkpoint model --to gguf --dtype f16 -o model-f16.gguf\n"
                "  tracewright export --checkpoint model --to hf --dtype bf16 --shard-mb 500 "
                "-o model-bf16",
    .run = run,
};
