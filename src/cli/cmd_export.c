/* cmd_export.c: what we have, for other tools.
 *
 * What is given says what is exported: --checkpoint a model, as one GGUF file or as a Hugging Face
 * directory; --from-csv call graphs, in one of exporters.c's formats. The model is read from its
 * mapped files, so its size does not matter.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands_priv.h"
#include "cli/exporters.h"
#include "cli/graphs.h"
#include "cli/models.h"
#include "llm/checkpoint.h"
#include "llm/gguf.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "the model to export", 0, 0 },
    OPTION_ADAPTER,
    { "from-csv", OPT_TEXT, "FILE", NULL, "or the call graphs to export", 0, 0 },
    { "to", OPT_CHOICE,
      "gguf|hf|gguf-lora|alibaba-2022|jaeger|otlp|otlp-proto|zipkin|spans|perfetto|dot|pdf", NULL,
      "a model: one GGUF file [standard], or a Hugging Face directory; gguf-lora: its last adapter "
      "alone; call graphs: the others",
      0, 0 },
    { "n", OPT_INT, "N", "0", "call graphs: the first N; 0 is all", 0, 1e9 },
    { "threads", OPT_INT, "N", "0", "threads that read; does not change results", 0, 1024 },
    OPTION_JSON,
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

/* The last adapter alone; its pins are held against the checkpoint and those given before it. */
static bool to_gguf_lora(const struct args *a, struct err *err)
{
    struct llama_config c;
    struct lora *stack[ADAPTERS_MAX];
    size_t n;
    if (!models_adapters(a, &c, stack, &n, err))
        return false;
    const char *name = file_base(args_nth(a, "adapter", n - 1));
    bool good = gguf_write_adapter(args_text(a, "o"), stack[n - 1], name, err);
    adapter_stack_free(stack, n);
    return good;
}

static bool write_model(const struct args *a, const struct model *m, const struct tokenizer *t,
                        struct err *err)
{
    bool hf = args_given(a, "to") && strcmp(args_text(a, "to"), "hf") == 0;
    return hf ? to_hf(a, m, t, err) : to_gguf(a, m, err);
}

/* Adapters are merged into weights in memory. */
static bool export_merged(const struct args *a, struct err *err)
{
    struct model *m;
    struct tokenizer *t;
    if (!models_merge(a, &m, &t, err))
        return false;
    bool good = write_model(a, m, t, err);
    tokenizer_free(t);
    model_free(m);
    return good;
}

static bool export_checkpoint(const struct args *a, struct err *err)
{
    struct model *m;
    struct tokenizer *t;
    if (args_given(a, "to") && strcmp(args_text(a, "to"), "gguf-lora") == 0)
        return to_gguf_lora(a, err);
    if (args_times(a, "adapter"))
        return export_merged(a, err);
    if (!checkpoint_map(args_text(a, "checkpoint"), &m, &t, err))
        return false;
    bool good = write_model(a, m, t, err);
    tokenizer_free(t);
    model_free(m);
    return good;
}

/* ---- call graphs ---- */

struct graphs_out {
    size_t graphs, calls, left_out;
};

static bool write_graphs(const struct args *a, const struct exporter *e, const struct graphset *s,
                         struct graphs_out *n, struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, args_text(a, "o"), err))
        return false;
    if (!exporter_write(e, s, o.f, &n->left_out, err)) {
        err_add(err, "%s", args_text(a, "o"));
        outfile_abandon(&o);
        return false;
    }
    return outfile_commit(&o, err);
}

static void print_out(const struct args *a, const struct exporter *e, const struct graphs_out *n)
{
    FILE *f = strcmp(args_text(a, "o"), "-") == 0 ? stderr : stdout;
    if (args_flag(a, "json"))
        fprintf(f, "{\"to\":\"%s\",\"graphs\":%zu,\"calls\":%zu,\"left_out\":%zu}\n", e->name,
                n->graphs, n->calls, n->left_out);
    else if (n->left_out)
        fprintf(stderr, "%zu graphs without times, or too far from 1970, were left out\n",
                n->left_out);
}

static bool export_graphs(const struct args *a, struct err *err)
{
    const struct exporter *e = exporter_find(args_text(a, "to"));
    REQUIRE(e);
    struct graphset *s = graphs_read_us(args_text(a, "from-csv"), (size_t)args_int(a, "threads"),
                                        err);
    if (!s)
        return false;
    size_t most = (size_t)args_int(a, "n");
    if (most && s->n > most)
        s->n = most;
    struct graphs_out n = { 0 };
    bool good = write_graphs(a, e, s, &n, err);
    for (size_t i = 0; i < s->n; i++) {
        bool out = e->write || exporter_can(&s->graphs[i], s->tick_us);
        n.graphs += out;
        n.calls += out ? s->graphs[i].n : 0;
    }
    if (good)
        print_out(a, e, &n);
    graphset_free(s);
    return good;
}

/* An option that would change nothing is a mistake. */
static bool options_fit(const struct args *a, bool csv, const char *to, struct err *err)
{
    if (csv && (args_times(a, "adapter") || args_given(a, "dtype") || args_given(a, "shard-mb")))
        return err_set(err, EXIT_USAGE, "--adapter, --dtype and --shard-mb go with --checkpoint");
    if (!csv && args_given(a, "n"))
        return err_set(err, EXIT_USAGE, "-n counts call graphs: it goes with --from-csv");
    return strcmp(to, "hf") == 0 || !args_given(a, "shard-mb") ||
           err_set(err, EXIT_USAGE, "--shard-mb goes with --to hf: a GGUF is one file");
}

static bool usage_good(const struct args *a, struct err *err)
{
    bool csv = args_given(a, "from-csv");
    if (csv == args_given(a, "checkpoint") || !args_given(a, "o"))
        return err_set(err, EXIT_USAGE, "say what and where: --checkpoint DIR -o PATH, or "
                       "--from-csv FILE --to FORMAT -o PATH");
    if (csv && !args_given(a, "to"))
        return err_set(err, EXIT_USAGE, "say in which format: --to jaeger, say");
    const char *to = args_given(a, "to") ? args_text(a, "to") : "gguf";
    if (!csv && strcmp(to, "gguf-lora") == 0 &&
        (!args_times(a, "adapter") || args_given(a, "dtype")))
        return err_set(err, EXIT_USAGE, "--to gguf-lora writes the last --adapter, which it needs, "
                       "as f32");
    if (csv != (exporter_find(to) != NULL))
        return err_set(err, EXIT_USAGE,
                       csv ? "--to %s is for models: it goes with --checkpoint"
                           : "--to %s is for call graphs: it goes with --from-csv", to);
    return options_fit(a, csv, to, err);
}

static int run(const struct args *a, struct err *err)
{
    if (!usage_good(a, err))
        return err->status;
    bool good = args_given(a, "from-csv") ? export_graphs(a, err) : export_checkpoint(a, err);
    return good ? EXIT_GOOD : err->status;
}

const struct command cmd_export = {
    .name = "export",
    .summary = "for other tools: call graphs as spans, slices or drawings; a checkpoint as GGUF or "
               "Hugging Face",
    .operands = NULL,
    .options = options,
    .examples = "  tracewright export --checkpoint model --to gguf -o model.gguf\n"
                "  tracewright export --checkpoint model --to gguf --dtype f16 -o model-f16.gguf\n"
                "  tracewright export --checkpoint model --adapter tuned --to gguf-lora "
                "-o tuned.gguf\n"
                "  tracewright export --checkpoint model --to hf --dtype bf16 --shard-mb 500 "
                "-o model-bf16\n"
                "  tracewright export --from-csv graphs.csv --to jaeger -o graphs.json\n"
                "  tracewright export --from-csv graphs.csv --to perfetto -n 20 -o slices.json\n"
                "What is lost: alibaba-2022, jaeger, otlp, otlp-proto and zipkin lose weights "
                "alone;\n"
                "spans also loses protocols and which spans are two sides of one call; perfetto, "
                "dot and pdf\n"
                "are for looking: no way back.",
    .run = run,
};
