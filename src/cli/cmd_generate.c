/* cmd_generate.c: new call graphs from a checkpoint or a baseline.
 *
 * Graph i of the output depends on the seed, i and its prompt alone. The CSV is Alibaba-2022, one
 * row a call; words and counts go to stderr. What was asked of each graph, and what the mask did,
 * go to files of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/meta.h"
#include "base/rng.h"
#include "cli/commands_priv.h"
#include "cli/graphs.h"
#include "cli/models.h"
#include "cli/prompts.h"
#include "gen/draw_stats.h"
#include "gen/generator.h"
#include "gen/latencies.h"
#include "gen/llm.h"
#include "llm/adapter.h"
#include "trace/export.h"

static const struct option options[] = {
    { "checkpoint", OPT_TEXT, "DIR", NULL, "a model that train wrote", 0, 0 },
    OPTION_ADAPTER,
    { "baseline", OPT_CHOICE, "probabilistic|probabilistic-weak|bootstrap", NULL,
      "or a baseline, fitted to --data now", 0, 0 },
    { "data", OPT_TEXT, "TRAIN.csv", NULL,
      "what the baseline is fitted to; of a checkpoint, what high-latency is told from", 0, 0 },
    OPTIONS_ASKED,
    { "n", OPT_INT, "N", "1000", "graphs", 1, 1e9 },
    { "drawn", OPT_FLAG, NULL, NULL,
      "the model writes open fields itself, instead of reading \"?\"; so it does with "
      "--header none", 0, 0 },
    { "temperature", OPT_REAL, "T", "1", "of the model's distribution; 0 takes the likeliest", 0,
      100 },
    { "top-k", OPT_INT, "K", "0", "draw among the K likeliest; 0: all", 0, 1e9 },
    { "top-p", OPT_REAL, "P", "1", "draw among the likeliest of probability P", 0, 1 },
    { "free", OPT_FLAG, NULL, NULL,
      "without the grammar; what is wrong is counted and drawn again", 0, 0 },
    { "unconstrained", OPT_FLAG, NULL, NULL, "the same as --free", 0, 0 },
    { "layer-attempts", OPT_INT, "N", "1",
      "layered formats: texts of a layer before its graph fails", 1, 1e6 },
    { "batch", OPT_INT, "N", "64",
      "graphs decoded side by side, by all threads; does not change results", 1, 65536 },
    { "weights", OPT_CHOICE, "exact|int8", "exact",
      "int8: rounded to 8 bits a weight, row by row: a quarter of the memory, faster where the "
      "batch is small, other graphs", 0, 0 },
    { "cache", OPT_CHOICE, "f32|f16", "f32",
      "f16: keys and values rounded to 16 bits: half of the memory, faster where the batch is "
      "large, other graphs", 0, 0 },
    { "attempts", OPT_INT, "N", "1000", "failures after which a header is given up", 1, 1e9 },
    { "stats", OPT_TEXT, "FILE.json", NULL,
      "what the mask took, importance weights, failures by cause, speed", 0, 0 },
    { "asked", OPT_TEXT, "FILE.csv", NULL,
      "what was asked: traceid,service,num_edges,depth,latency, a row per graph", 0, 0 },
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_OUT,
    { "json", OPT_FLAG, NULL, NULL, "the report as JSON (stdout if -o names a file, else stderr)",
      0, 0 },
    OPTION_END
};

enum { GRAPHS, ASKED, STATS, OUTPUTS };
static const char *const outputs[OUTPUTS] = { "o", "asked", "stats" };

/* One run, from the command line to the files. */
struct run {
    const struct args *a;
    struct asked asked;
    struct prompt_pool pool;
    struct draw_job job;
    struct draw_ledger ledger;
    struct draw_report rep;
    struct graphset *train;      /* of --data, or NULL */
    struct graphset *out;
    struct meta *meta;
    struct outfile file[OUTPUTS];    /* open from the start, so that a path that cannot be written
                                      * is known before the work; f NULL: not wanted */
};

static bool is_free(const struct args *a)
{
    return args_flag(a, "free") || args_flag(a, "unconstrained");
}

static bool files_differ(const struct args *a, struct err *err)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        for (size_t k = 0; k < i; k++)
            if (args_text(a, outputs[i]) &&
                strcmp(args_text(a, outputs[i]), args_text(a, outputs[k]) ? args_text(a, outputs[k])
                                                                          : "") == 0)
                return err_set(err, EXIT_USAGE, "%s: two outputs would go there",
                               args_text(a, outputs[i]));
    return true;
}

static bool usage_good(const struct args *a, struct err *err)
{
    if (args_given(a, "checkpoint") == args_given(a, "baseline"))
        return err_set(err, EXIT_USAGE, "give either --checkpoint DIR or --baseline NAME");
    if (args_given(a, "baseline") && !args_given(a, "data"))
        return err_set(err, EXIT_USAGE, "--baseline needs --data TRAIN.csv");
    if (args_given(a, "baseline") && args_times(a, "adapter"))
        return err_set(err, EXIT_USAGE, "--adapter needs --checkpoint: a baseline has none");
    if (args_given(a, "checkpoint") && !args_given(a, "like") && !args_given(a, "prompts") &&
        !args_given(a, "ask"))
        return err_set(err, EXIT_USAGE, "--like PROMPTS.csv, --prompts FILE.txt or --ask WORDS "
                       "says what is asked for");
    return files_differ(a, err) && asked_usage(a, err);
}

/* Where nothing is asked for, a header that the model drew itself leads to graphs more like real
 * ones than an open one: AUC .64 against .73, presence JSD .009 against .039
 * (tracellm_frontier). */
static bool is_drawn(const struct args *a)
{
    return args_flag(a, "drawn") || strcmp(args_text(a, "header"), "none") == 0;
}

static bool is_int8(const struct args *a)
{
    return strcmp(args_text(a, "weights"), "int8") == 0;
}

static bool is_f16_cache(const struct args *a)
{
    return strcmp(args_text(a, "cache"), "f16") == 0;
}

static struct llm_options llm_asked(const struct args *a)
{
    return (struct llm_options){
        .sample = { .temperature = args_real(a, "temperature"),
                    .top_k = (size_t)args_int(a, "top-k"), .top_p = args_real(a, "top-p") },
        .unconstrained = is_free(a),
        .weigh = args_given(a, "stats") && !is_free(a),
        .drawn = is_drawn(a),
        .layer_attempts = (size_t)args_int(a, "layer-attempts"),
        .int8 = is_int8(a),
        .f16_cache = is_f16_cache(a),
        .batch = (size_t)args_int(a, "batch"),
    };
}

/* ---- provenance ---- */

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

/* The checkpoint is named by the hash of its weights (of shards, by that of their hashes),
 * provenance included. */
static bool describe_checkpoint(const struct args *a, struct meta *m, struct err *err)
{
    struct adapter_pins pins;
    bool good = adapter_pins_of(args_text(a, "checkpoint"), &pins, err) &&
                models_describe_adapters(a, m, err);
    if (good)
        meta_text(m, "sha256.checkpoint", pins.base);
    meta_real(m, "temperature", args_real(a, "temperature"));
    meta_int(m, "top_k", args_int(a, "top-k"));
    meta_real(m, "top_p", args_real(a, "top-p"));
    meta_int(m, "free", is_free(a));
    meta_int(m, "layer_attempts", args_int(a, "layer-attempts"));
    meta_int(m, "drawn", is_drawn(a));
    if (is_int8(a))
        meta_text(m, "weights", "int8");
    if (is_f16_cache(a))
        meta_text(m, "cache", "f16");
    return good;
}

static bool describe(const struct run *r, struct err *err)
{
    static const char *const inputs[] = { "data", "like", "prompts" };
    const struct args *a = r->a;
    struct meta *m = r->meta;
    if (args_given(a, "ask"))
        meta_text(m, "ask", args_text(a, "ask"));
    else
        meta_fields(m, r->asked.fields);
    if (args_given(a, "compat"))
        meta_text(m, "compat", args_text(a, "compat"));
    meta_int(m, "resample", args_flag(a, "resample"));
    meta_int(m, "n", args_int(a, "n"));
    meta_int(m, "seed", args_int(a, "seed"));
    meta_int(m, "attempts", args_int(a, "attempts"));
    bool good = true;
    if (args_given(a, "baseline"))
        meta_text(m, "baseline", args_text(a, "baseline"));
    else
        good = describe_checkpoint(a, m, err);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        good = good && (!args_given(a, inputs[i]) ||
                        meta_input(m, inputs[i], args_text(a, inputs[i]), err));
    return good;
}

/* ---- the work ---- */

/* What is high of a service: by --data where it is given, else by the checkpoint. */
static void latencies(const struct run *r, const struct llm *m, struct buf *b)
{
    if (r->train)
        latencies_write(r->train, b);
    else
        buf_str(b, m->latencies);
}

static bool draw_from(struct run *r, const struct llm *m, struct err *err)
{
    struct llm_options o = llm_asked(r->a);
    if (args_given(r->a, "ask") && !llm_can(m, &o, r->asked.list, err))
        return err_add(err, "--ask");
    r->pool = asked_pool(r->a, &r->asked, NULL);
    r->job.prompts = &r->pool;
    r->out = graphset_new();
    return describe(r, err) && llm_run(m, &o, &r->job, r->out, &r->rep, err);
}

static bool from_checkpoint(struct run *r, struct err *err)
{
    struct llm m;
    struct buf high = { 0 };
    if (!models_load(r->a, &m, err))
        return false;
    latencies(r, &m, &high);
    uint32_t tick_us = strcmp(m.to, "compact") == 0 ? m.tick_us : 1000;
    bool good = asked_read(r->a, tick_us, buf_view(&high), &r->asked, err) &&
                draw_from(r, &m, err);
    buf_free(&high);
    llm_free(&m);
    return good;
}

static bool baseline_can(const struct asked *q, struct err *err)
{
    for (size_t i = 0; i < q->n; i++)
        if (q->list[i].include_src || q->list[i].high_latency)
            return err_set(err, EXIT_USAGE, "include and high-latency need --checkpoint: a "
                           "baseline knows headers alone");
    return true;
}

/* Fit the baseline and draw. Without prompts they come from the training graphs. */
static bool from_baseline(struct run *r, struct err *err)
{
    const struct generator *g = generator_find(args_text(r->a, "baseline"));
    struct buf high = { 0 };
    latencies_write(r->train, &high);
    bool good = asked_read(r->a, r->train->tick_us, buf_view(&high), &r->asked, err) &&
                baseline_can(&r->asked, err) && describe(r, err);
    buf_free(&high);
    if (!good)
        return false;
    r->pool = asked_pool(r->a, &r->asked, r->train);
    r->job.prompts = &r->pool;
    r->out = graphset_new();
    r->out->tick_us = r->train->tick_us;
    void *fitted = g->fit(r->train);
    generator_run(g, fitted, &r->job, r->out, &r->rep);
    g->free(fitted);
    return true;
}

/* ---- what is written ---- */

static bool put_graphs(const struct run *r, FILE *f)
{
    return export_alibaba_2022(r->out, f);
}

static void put_asked_row(const struct prompt *p, size_t i, uint32_t tick_us, struct buf *b)
{
    const int64_t number[] = { p->edges, p->depth,
                               p->latency == PROMPT_OPEN ? PROMPT_OPEN
                                                         : p->latency * tick_us / 1000 };
    buf_printf(b, EXPORT_TRACE_ID ",", (unsigned long long)i + 1);
    if (p->service)
        export_csv_field(b, str_of(p->service));
    for (size_t k = 0; k < sizeof number / sizeof *number; k++) {
        buf_char(b, ',');
        if (number[k] != PROMPT_OPEN)
            buf_i64(b, number[k]);
    }
    buf_char(b, '\n');
}

static bool put_asked(const struct run *r, FILE *f)
{
    struct buf b = { 0 };
    gsl_rng *rng = rng_stream(r->job.seed, DRAW_STREAM, 0);
    fprintf(f, "traceid,service,num_edges,depth,latency\n");
    for (size_t i = 0; i < r->ledger.n; i++) {
        size_t index = r->ledger.at[i].index;
        rng_restart(rng, r->job.seed, DRAW_STREAM, index);
        struct prompt p = prompt_at(&r->pool, index, rng);
        buf_clear(&b);
        put_asked_row(&p, i, r->out->tick_us, &b);
        fwrite(b.p, 1, b.n, f);
    }
    gsl_rng_free(rng);
    buf_free(&b);
    return !ferror(f);
}

static bool put_stats(const struct run *r, FILE *f)
{
    struct draw_stats_run s = {
        .constrained = args_given(r->a, "checkpoint") && !is_free(r->a),
        .lawful = args_real(r->a, "temperature") > 0,
        .asked = r->job.n,
    };
    for (size_t i = 0; i < r->out->n; i++)
        s.calls += r->out->graphs[i].n;
    draw_stats_json(&r->ledger, &r->rep, &s, f);
    return !ferror(f);
}

static bool open_files(struct run *r, struct err *err)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = args_text(r->a, outputs[i]);
        if (path && !outfile_open(&r->file[i], path, err)) {
            r->file[i] = (struct outfile){ 0 };
            return false;
        }
    }
    return true;
}

static void abandon_files(struct run *r)
{
    for (size_t i = 0; i < OUTPUTS; i++)
        if (r->file[i].f)
            outfile_abandon(&r->file[i]);
}

/* All are written before the first takes its name. */
static bool write_files(struct run *r, struct err *err)
{
    static bool (*const put[OUTPUTS])(const struct run *, FILE *) = { put_graphs, put_asked,
                                                                      put_stats };
    for (size_t i = 0; i < OUTPUTS; i++)
        if (r->file[i].f && !put[i](r, r->file[i].f))
            return err_set(err, EXIT_IO, "%s: writing failed", args_text(r->a, outputs[i]));
    for (size_t i = 0; i < OUTPUTS; i++) {
        if (!r->file[i].f)
            continue;
        bool good = outfile_commit(&r->file[i], err);
        r->file[i].f = NULL;
        if (!good)
            return false;
    }
    return meta_write_beside(r->meta, args_text(r->a, "o"), err);
}

static int finish(struct run *r, struct err *err)
{
    const struct args *a = r->a;
    const char *path = args_text(a, "o");
    if (!write_files(r, err))
        return err->status;
    if (args_flag(a, "json"))
        draw_report_json(&r->rep, strcmp(path, "-") == 0 ? stderr : stdout);
    else
        draw_report_words(&r->rep, stderr);
    if (r->rep.given_up) {
        err_set(err, EXIT_CHECK, "%zu of %lld headers were given up after %lld attempts each",
                r->rep.given_up, (long long)args_int(a, "n"), (long long)args_int(a, "attempts"));
        return err->status;
    }
    return EXIT_GOOD;
}

static int run(const struct args *a, struct err *err)
{
    if (!usage_good(a, err))
        return err->status;
    struct run r = { .a = a, .meta = meta_new("generate") };
    r.job = (struct draw_job){
        .n = (size_t)args_int(a, "n"), .seed = (uint64_t)args_int(a, "seed"),
        .threads = (size_t)args_int(a, "threads"), .attempts = (size_t)args_int(a, "attempts"),
        .ledger = &r.ledger,
    };
    int status = EXIT_GOOD;
    bool good = open_files(&r, err) &&
                (!args_given(a, "data") ||
                 (r.train = graphs_read(args_text(a, "data"), r.job.threads, err)));
    good = good && (args_given(a, "baseline") ? from_baseline : from_checkpoint)(&r, err);
    status = good ? finish(&r, err) : err->status;
    abandon_files(&r);
    asked_free(&r.asked);
    prompt_pool_free(&r.pool);
    free(r.ledger.at);
    if (r.out)
        graphset_free(r.out);
    if (r.train)
        graphset_free(r.train);
    meta_free(r.meta);
    return status;
}

const struct command cmd_generate = {
    .name = "generate",
    .summary = "write new call graphs, from a trained model or a baseline",
    .options = options,
    .examples = "  tracewright generate --checkpoint model --like train.csv -n 10000 -o new.csv\n"
                "  tracewright generate --checkpoint model --ask \"service=S_1 edges=12 depth=4 "
                "high-latency\" -n 100 -o slow.csv --stats stats.json --asked asked.csv\n"
                "  tracewright generate --baseline probabilistic --data train.csv --like train.csv "
                "--resample -n 10000 -o base.csv",
    .run = run,
};
