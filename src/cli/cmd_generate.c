/* cmd_generate.c: new call graphs from a checkpoint or a baseline.
 *
 * Prompts are drawn from the graphs of --like; graph i of the output depends on the seed and i
 * alone. The CSV is Alibaba-2022, one row a call; words and counts go to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "gen/generator.h"
#include "gen/llm.h"
#include "trace/export.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "a model that train wrote", 0, 0 },
    { "baseline", OPT_CHOICE, "probabilistic|probabilistic-weak|bootstrap", NULL,
      "or a baseline, fitted to --data now", 0, 0 },
    { "data", OPT_TEXT, "TRAIN.csv", NULL, "what the baseline is fitted to", 0, 0 },
    { "like", OPT_TEXT, "PROMPTS.csv", NULL, "graphs whose headers are asked for, drawn at random",
      0, 0 },
    { "n", OPT_INT, "N", "1000", "graphs", 1, 1e9 },
    { "header", OPT_CHOICE, "full|service|none", "full", "header fields asked for", 0, 0 },
    { "no-latency", OPT_FLAG, NULL, NULL, "leave the latency open", 0, 0 },
    { "no-edges", OPT_FLAG, NULL, NULL, "leave the number of calls open", 0, 0 },
    { "no-depth", OPT_FLAG, NULL, NULL, "leave the depth open", 0, 0 },
    { "drawn", OPT_FLAG, NULL, NULL,
      "the model writes open fields itself, instead of reading \"?\"", 0, 0 },
    { "temperature", OPT_REAL, "T", "1", "of the model's distribution; 0 takes the likeliest", 0,
      100 },
    { "top-k", OPT_INT, "K", "0", "draw among the K likeliest; 0: all", 0, 1e9 },
    { "unconstrained", OPT_FLAG, NULL, NULL,
      "without the grammar; what is wrong is counted and drawn again", 0, 0 },
    { "layer-attempts", OPT_INT, "N", "1",
      "layered formats: texts of a layer before its graph fails", 1, 1e6 },
    { "batch", OPT_INT, "N", "64",
      "graphs decoded side by side, by all threads; does not change results", 1, 65536 },
    { "attempts", OPT_INT, "N", "1000", "failures after which a header is given up", 1, 1e9 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    { "json", OPT_FLAG, NULL, NULL, "the report as JSON (stdout if -o names a file, else stderr)",
      0, 0 },
    OPTION_END
};

static struct prompt_fields fields_asked(const struct args *a)
{
    const char *header = args_text(a, "header");
    struct prompt_fields f = strcmp(header, "full") == 0      ? prompt_full
                             : strcmp(header, "service") == 0 ? prompt_service
                                                              : prompt_none;
    f.latency = f.latency && !args_flag(a, "no-latency");
    f.edges = f.edges && !args_flag(a, "no-edges");
    f.depth = f.depth && !args_flag(a, "no-depth");
    return f;
}

static void meta_fields(struct meta *m, struct prompt_fields f)
{
    char text[64];
    snprintf(text, sizeof text, "%s%s%s%s", f.service ? "service " : "", f.edges ? "edges " : "",
             f.depth ? "depth " : "", f.latency ? "latency " : "");
    size_t n = strlen(text);
    if (n)
        text[n - 1] = '\0';
    meta_text(m, "header", n ? text : "none");
}

static bool usage_good(const struct args *a, struct err *err)
{
    if (args_given(a, "checkpoint") == args_given(a, "baseline"))
        return err_set(err, EXIT_USAGE, "give either --checkpoint DIR or --baseline NAME");
    if (args_given(a, "baseline") && !args_given(a, "data"))
        return err_set(err, EXIT_USAGE, "--baseline needs --data TRAIN.csv");
    if (!args_given(a, "like") && !args_given(a, "baseline"))
        return err_set(err, EXIT_USAGE, "--like PROMPTS.csv says what is asked for");
    return true;
}

static struct llm_options llm_asked(const struct args *a)
{
    return (struct llm_options){
        .sample = { .temperature = args_real(a, "temperature"),
                    .top_k = (size_t)args_int(a, "top-k") },
        .unconstrained = args_flag(a, "unconstrained"),
        .drawn = args_flag(a, "drawn"),
        .layer_attempts = (size_t)args_int(a, "layer-attempts"),
        .batch = (size_t)args_int(a, "batch"),
    };
}

/* The checkpoint is named by the hash of its weights, provenance included. */
static bool describe_checkpoint(const struct args *a, struct meta *m, struct err *err)
{
    char *weights = file_join(args_text(a, "checkpoint"), "model.safetensors");
    bool good = meta_input(m, "checkpoint", weights, err);
    free(weights);
    meta_real(m, "temperature", args_real(a, "temperature"));
    meta_int(m, "top_k", args_int(a, "top-k"));
    meta_int(m, "unconstrained", args_flag(a, "unconstrained"));
    meta_int(m, "layer_attempts", args_int(a, "layer-attempts"));
    meta_int(m, "drawn", args_flag(a, "drawn"));
    return good;
}

static bool describe(const struct args *a, struct prompt_fields f, struct meta *m, struct err *err)
{
    meta_fields(m, f);
    meta_int(m, "n", args_int(a, "n"));
    meta_int(m, "seed", args_int(a, "seed"));
    meta_int(m, "attempts", args_int(a, "attempts"));
    if (args_given(a, "baseline"))
        meta_text(m, "baseline", args_text(a, "baseline"));
    else if (!describe_checkpoint(a, m, err))
        return false;
    return (!args_given(a, "data") || meta_input(m, "data", args_text(a, "data"), err)) &&
           (!args_given(a, "like") || meta_input(m, "like", args_text(a, "like"), err));
}

static struct graphset *from_checkpoint(const struct args *a, struct draw_job *job,
                                        const struct graphset *like, struct prompt_fields f,
                                        struct draw_report *rep, struct err *err)
{
    struct llm m;
    struct llm_options o = llm_asked(a);
    if (!llm_load(args_text(a, "checkpoint"), &m, err))
        return NULL;
    struct prompt_pool pool = prompt_pool_new(like, f);
    struct graphset *out = graphset_new();
    job->prompts = &pool;
    if (!llm_run(&m, &o, job, out, rep, err)) {
        graphset_free(out);
        out = NULL;
    }
    prompt_pool_free(&pool);
    llm_free(&m);
    return out;
}

/* Fit the baseline and draw. `like` NULL: prompts come from the training graphs. */
static struct graphset *from_baseline(const struct args *a, struct draw_job *job,
                                      const struct graphset *like, struct prompt_fields f,
                                      struct draw_report *rep, struct err *err)
{
    struct graphset *train = graphs_read(args_text(a, "data"), job->threads, err);
    if (!train)
        return NULL;
    const struct generator *g = generator_find(args_text(a, "baseline"));
    struct prompt_pool pool = prompt_pool_new(like ? like : train, f);
    struct graphset *out = graphset_new();
    void *fitted = g->fit(train);
    out->tick_us = train->tick_us;
    job->prompts = &pool;
    generator_run(g, fitted, job, out, rep);
    g->free(fitted);
    prompt_pool_free(&pool);
    graphset_free(train);
    return out;
}

static bool write_csv(const struct graphset *s, const char *path, const struct meta *m,
                      struct err *err)
{
    struct outfile o;
    if (!outfile_open(&o, path, err))
        return false;
    if (!export_alibaba_2022(s, o.f)) {
        outfile_abandon(&o);
        return err_set(err, EXIT_IO, "%s: writing failed", path);
    }
    return outfile_commit(&o, err) && meta_write_beside(m, path, err);
}

static int finish(const struct args *a, const struct graphset *out, const struct meta *m,
                  const struct draw_report *rep, struct err *err)
{
    const char *path = args_text(a, "o");
    if (!write_csv(out, path, m, err))
        return err->status;
    if (args_flag(a, "json"))
        draw_report_json(rep, strcmp(path, "-") == 0 ? stderr : stdout);
    else
        draw_report_words(rep, stderr);
    if (rep->given_up) {
        err_set(err, EXIT_CHECK, "%zu of %lld headers were given up after %lld attempts each",
                rep->given_up, (long long)args_int(a, "n"), (long long)args_int(a, "attempts"));
        return err->status;
    }
    return EXIT_GOOD;
}

static int run(const struct args *a, struct err *err)
{
    if (!usage_good(a, err))
        return err->status;
    struct prompt_fields f = fields_asked(a);
    struct draw_job job = {
        .n = (size_t)args_int(a, "n"), .seed = (uint64_t)args_int(a, "seed"),
        .threads = (size_t)args_int(a, "threads"), .attempts = (size_t)args_int(a, "attempts"),
    };
    struct draw_report rep = { 0 };
    struct meta *m = meta_new("generate");
    struct graphset *like = NULL, *out = NULL;
    int status = EXIT_GOOD;
    if (args_given(a, "like") && !(like = graphs_read(args_text(a, "like"), job.threads, err)))
        goto fail;
    if (!describe(a, f, m, err))
        goto fail;
    out = args_given(a, "baseline") ? from_baseline(a, &job, like, f, &rep, err)
                                    : from_checkpoint(a, &job, like, f, &rep, err);
    if (!out)
        goto fail;
    status = finish(a, out, m, &rep, err);
    goto done;
fail:
    status = err->status;
done:
    if (like)
        graphset_free(like);
    if (out)
        graphset_free(out);
    meta_free(m);
    return status;
}

const struct command cmd_generate = {
    .name = "generate",
    .summary = "write new call graphs, from a trained model or a baseline",
    .options = options,
    .examples = "  tracewright generate --checkpoint model --like train.csv -n 10000 -o new.csv\n"
                "  tracewright generate --baseline probabilistic --data train.csv --like train.csv "
                "-n 10000 -o base.csv",
    .run = run,
};
